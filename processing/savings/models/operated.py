"""The operating calendar beside a model: what it rests on, whether it helps, and what it lacks."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from config.working_days import DayTypes
from domain.figures import FactorUse, Figure
from domain.findings import Finding
from domain.operating import Runs, State, runs_of
from processing.savings.inputs.closures import closures_in
from processing.savings.models.frozen import FrozenModel
from processing.savings.models.terms import Conditions, Floats

FACTOR = "savings.operating_calendar"
"""The name of the calendar among a figure's dated factors."""


LED_BY_PEOPLE = frozenset({"electricity", "water"})
"""Carriers whose use tells whether people are there."""


def operating_runs(on: Conditions) -> Runs:
    """The days that were closed or out of term."""
    closed, vacation = (runs_of(on.days[m].date) for m in (on.closed, on.vacation))
    return Runs(closed, vacation)


def calendar_findings(
    use: Floats, on: Conditions, by_calendar: bool, carrier: str
) -> Iterator[Finding]:
    """Of a baseline's days: that its calendar carries nothing, or that closures are missing in it."""
    told = on.closed | on.vacation
    if told.any() and not by_calendar:
        days = {"days": int(told.sum())}
        yield Finding("savings_calendar_carries_nothing", "info", numbers=days)
    if carrier not in LED_BY_PEOPLE:
        return
    found = closures_in(on.days, use, on.temperature_c, on.off, on.holiday | told)
    if found:
        numbers: dict[str, int | str] = {
            "days": sum((c.end - c.start).days for c in found),
            "when": spans([(c.start, c.end) for c in found]),
        }
        yield Finding("savings_closures_unregistered", numbers=numbers)


_MOST_SPANS = 4


def spans(runs: Sequence[tuple[date, date]]) -> str:
    """Runs in words, last days included, the first few of them."""
    said = [f"{start}…{end - timedelta(days=1)}" for start, end in runs[:_MOST_SPANS]]
    return ", ".join(said) + (" …" if len(runs) > _MOST_SPANS else "")


def as_frozen(kinds: DayTypes, model: FrozenModel) -> DayTypes:
    """Day types with the calendar of now, and within the baseline the one it was frozen with."""
    outside = {
        day: state
        for day, state in kinds.states.items()
        if not model.baseline_start <= day < model.baseline_end
    }
    return replace(kinds, states=outside | model.operating.states())


_WITHOUT = frozenset({"observed_kwh", "adjustment_kwh", "normalised_saving_kwh"})


def on_calendar(
    figures: Sequence[Figure],
    model: FrozenModel,
    states: Mapping[date, State],
    window: tuple[date, date],
) -> list[Figure]:
    """The figures; those that rest on the operating calendar have it as a dated factor: how many of
    the days of `window` were closed or out of term, and which calendar that is."""
    if not model.by_calendar:
        return list(figures)
    start, end = window
    runs = Runs.of({d: s for d, s in states.items() if start <= d < end})
    source = f"days {runs.digest[:12]}, baseline on {model.operating.digest[:12]}"
    days = float(runs.days("closed") + runs.days("vacation"))
    factor = FactorUse(FACTOR, days, "d", source, start)
    return [f if f.name in _WITHOUT else replace(f, factors=(*f.factors, factor)) for f in figures]
