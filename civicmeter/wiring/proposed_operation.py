"""Closures proposed from what is stored: read institution by institution, then told or written."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from civicmeter.wiring.pipeline import Pipeline
from config.texts import LANGUAGES, text
from config.working_days import day_types
from domain.calendar import Month, days_between
from domain.errors import StoreUnavailableError
from domain.operating import OperatingCalendar, OperatingSpell, State
from domain.places import Carrier, Contract, Institution
from domain.registry import Registry
from processing.months.bookkeeping import read_site
from processing.months.energy_days import daily_energy
from processing.months.job import Progress
from processing.months.site import Site
from processing.savings.inputs.closures import Closure, closures_in
from registry.writing import write_xlsx

MOST_MONTHS = 36
"""How far back is looked."""


@dataclass(frozen=True, slots=True)
class ProposedSpell:
    """A closure for a person to look at; `within` names the contracts in whose reporting period it
    lies, where a closure that is none would hide a saving or make one."""

    institution: str
    spell: OperatingSpell
    ratio: float
    working_days: int
    within: tuple[str, ...] = ()


def propose(
    pipeline: Pipeline,
    places: Iterable[Institution],
    now: datetime,
    progress: Progress,
    unread: Callable[[str], None] = lambda _: None,
) -> Iterator[ProposedSpell]:
    """The closures that the electricity (else the water) of the last years shows, and that no
    operating calendar has. `unread` is told of each institution whose history shows nothing,
    because there is none of electricity and water or because it cannot be computed."""
    wanted = list(places)
    for done, place in enumerate(wanted, 1):
        found = _of_institution(pipeline, place, now)
        if found is None:
            unread(place.id)
        yield from found or ()
        progress("history", done, len(wanted))


def _of_institution(
    pipeline: Pipeline, place: Institution, now: datetime
) -> list[ProposedSpell] | None:
    """None: there is nothing to look at."""
    this = Month.of(now.date())
    months = [this.plus(-k) for k in range(MOST_MONTHS, 0, -1)]
    try:
        site = read_site(pipeline.store, pipeline.ledger, pipeline.registry, place, months, now)
    except StoreUnavailableError:
        raise
    except Exception:  # told where it is computed
        return None
    daily = _daily(site)
    return None if daily is None else list(_of_days(pipeline, place, daily))


def _of_days(
    pipeline: Pipeline, place: Institution, daily: pd.DataFrame
) -> Iterator[ProposedSpell]:
    contracts = pipeline.registry.contracts_of(place.id)
    known = OperatingCalendar(place.operation)
    for closure in _closures_of(daily, place):
        days = days_between(closure.start, closure.end)
        if any(known.kind(day) for day in days):
            continue
        kind: State = "closed" if closure.like_rest else "vacation"
        percent = round(100 * closure.ratio)
        note = " / ".join(text("operating", "note", lang, percent=percent) for lang in LANGUAGES)
        yield ProposedSpell(
            place.id,
            OperatingSpell(closure.start, closure.end, kind, note),
            closure.ratio,
            closure.working_days,
            tuple(c.id for c in contracts if _reported(c, closure)),
        )


def _daily(site: Site) -> pd.DataFrame | None:
    """Days of electricity, else of water; None where neither says anything."""
    span = site.span()
    if span is None:
        return None
    for carrier in (Carrier.ELECTRICITY, Carrier.WATER):
        daily = daily_energy(site, carrier, *span)
        if daily is not None and daily["use"].notna().any():
            return daily
    return None


def _closures_of(daily: pd.DataFrame, place: Institution) -> list[Closure]:
    days = pd.DatetimeIndex(daily.index)
    kinds = day_types(list(days.date), place.calendar, place.operation)
    off = np.array([kinds[d] != "working" for d in days.date])
    told = np.array([kinds[d] == "holiday" or d in kinds.states for d in days.date])
    use, warmth = (daily[c].to_numpy(dtype=np.float64) for c in ("use", "temperature_c"))
    return closures_in(days, use, warmth, off, told)


def _reported(contract: Contract, closure: Closure) -> bool:
    end = contract.reporting_end or date.max
    return contract.reporting_start < closure.end and closure.start < end


def proposal_text(proposal: ProposedSpell, lang: str) -> str:
    """What a proposal rests on, and what to look at."""
    said = text(
        "operating",
        "proposed",
        lang,
        percent=round(100 * proposal.ratio),
        days=proposal.working_days,
    )
    if proposal.within:
        said += text("operating", "within", lang, contracts=", ".join(proposal.within))
    return said


def write_proposals(registry: Registry, proposals: Sequence[ProposedSpell], path: Path) -> None:
    """A workbook to look at, change and import: the institutions as they are registered, with the
    proposed spells beside their own, and a sheet that says what each rests on. Raises ConfigError
    when the file cannot be written."""
    filled: dict[str, Institution] = {}
    for one in proposals:
        place = filled.get(one.institution) or registry.institution_by_id[one.institution]
        spells = sorted((*place.operation, one.spell), key=lambda s: s.start)
        filled[one.institution] = replace(place, operation=tuple(spells))
    header = ["institution", "start", "end", "kind", *(f"note_{lang}" for lang in LANGUAGES)]
    rows = [
        [
            p.institution,
            p.spell.start,
            p.spell.end,
            p.spell.kind,
            *(proposal_text(p, lang) for lang in LANGUAGES),
        ]
        for p in proposals
    ]
    write_xlsx(Registry(institutions=tuple(filled.values())), path, [header, *rows])
