"""Rows of single figures and of the days behind them: pure functions, no queries."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from pydantic import Field

from api.rows.base import (
    UNITS,
    EvidenceRow,
    PlaceRow,
    Wanted,
    finite,
    number_field,
    place_fields,
    unit_of,
)
from api.rows.standing import StandingResult, evidence_fields
from config.uses import use_rules_on
from domain.calendar import Month, local_midnight
from domain.carriers import USE_OF_FIGURE, WATER
from domain.figures import DayValue, Figure, Verdict
from domain.figures.uses import permitted_uses
from domain.places import Carrier
from domain.quality import QUALITIES
from store.ledger.port import MonthState

USE_CARRIERS = {name: use.carrier for name, use in USE_OF_FIGURE.items()}


class FigureRow(EvidenceRow):
    name: str = Field(description=f"Name of the figure; {UNITS}.", examples=[WATER.figure])
    subject: str = Field(description="Device, contract/carrier or stream; empty: institution.")
    value: float | None = Field(description="The value, in `unit`; null: could not be said.")
    unit: str = Field(description="Unit of value, low and high.", examples=["kWh"])
    low: float | None = Field(None, description="Lower bound of the interval, in `unit`.")
    high: float | None = Field(None, description="Upper bound of the interval, in `unit`.")
    confidence: float | None = number_field("Confidence of the interval, 0 to 1", "1")
    verdict: Verdict | None = Field(None, description="What the interval allows to say.")
    factors: str = Field(
        "",
        description="Dated factors it was computed with, by '; ': name = value unit (from day); "
        "sources: /v1/factors.",
    )
    permitted_uses: str = Field(
        "",
        description="What it may be used for, by ', ': settlement, reporting, information; by the "
        "dated rules of config/tables/uses.toml. Empty: nothing.",
    )


class ConsumptionRow(FigureRow):
    carrier: Carrier = Field(description="What is used.")


class DayRow(PlaceRow):
    """One local day of one series behind the figures."""

    day: date = Field(description="Local calendar day.", examples=["2019-03-14"])
    start_at: datetime = Field(description="Start of the day, UTC.")
    name: str = Field(description=f"Name of the figure; {UNITS}.")
    subject: str = Field(description="Device, contract/carrier or stream; empty: institution.")
    value: float | None = Field(description="The value, in `unit`; null: could not be said.")
    unit: str = Field(description="Unit of value, low and high.")
    low: float | None = Field(None, description="Lower bound, in `unit`.")
    high: float | None = Field(None, description="Upper bound, in `unit`.")
    quality: str = Field(description="Quality code: " + ", ".join(QUALITIES) + ".")
    state: MonthState = Field(description="State of the month the day is in.")
    revision: int = Field(description="Signed revision of that month; 0 means never closed.")


def figure_rows(standing: Iterable[StandingResult]) -> list[FigureRow]:
    """One row a figure."""
    return [
        FigureRow(**s.head, **figure_fields(f, s.result.month))
        for s in standing
        for f in s.result.figures
    ]


def figures_wanted(names: Sequence[str], subject: str | None) -> Wanted:
    """Only `names` and `subject` where given."""
    given = frozenset(names)

    def wanted(name: str, about: str) -> bytes | None:
        return b"" if (not given or name in given) and subject in (None, about) else None

    return wanted


def figure_fields(f: Figure, month: Month) -> dict[str, Any]:
    """The fields of a FigureRow beyond the month's, in its order (views of results rest on it)."""
    return {
        **evidence_fields(f.shares, [f]),
        "name": f.name,
        "subject": f.subject,
        "value": finite(f.value),
        "unit": unit_of(f.name),
        "low": finite(f.low),
        "high": finite(f.high),
        "confidence": f.confidence,
        "verdict": f.verdict,
        "factors": "; ".join(map(str, f.factors)),
        "permitted_uses": uses_text(f, month),
    }


def uses_text(figure: Figure | None, month: Month) -> str:
    """What a figure of a month may be used for, in a cell; empty: nothing."""
    rules = use_rules_on(month.first_day)
    return "" if figure is None else ", ".join(permitted_uses(figure, rules))


def consumption_wanted(carriers: Sequence[Carrier], names: Sequence[str], per: str) -> Wanted:
    """Rows of use (`ConsumptionRow`); `per` is ``institution``, ``meter`` or ``all``."""
    ends = {
        name: f',"carrier":"{carrier}"}}'.encode()
        for name, carrier in USE_CARRIERS.items()
        if (not carriers or carrier in carriers) and (not names or name in names)
    }

    def wanted(name: str, about: str) -> bytes | None:
        return ends.get(name) if _is_per(about, per) else None

    return wanted


def _is_per(subject: str, per: str) -> bool:
    return per == "all" or (subject == "") == (per == "institution")


def day_rows(
    standing: Iterable[StandingResult], names: Iterable[str], subject: str | None, per: str = "all"
) -> list[DayRow]:
    """Day values of the given names (all when empty)."""
    wanted = frozenset(names)
    return [
        _day_row(s, d)
        for s in standing
        for d in s.result.days
        if (not wanted or d.name in wanted)
        and (subject is None or d.subject == subject)
        and _is_per(d.subject, per)
    ]


def _day_row(s: StandingResult, d: DayValue) -> DayRow:
    return DayRow(
        **place_fields(s.institution),
        day=d.day,
        start_at=local_midnight(d.day, s.institution.timezone),
        name=d.name,
        subject=d.subject,
        value=finite(d.value),
        unit=unit_of(d.name),
        low=finite(d.low),
        high=finite(d.high),
        quality=d.quality,
        state=s.status.state if s.status else "open",
        revision=s.status.revision if s.status else 0,
    )
