"""From month results to rows: pure functions, no queries."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from api.rows.base import (
    ConsumptionRow,
    CostRow,
    DayRow,
    FigureRow,
    IndicatorRow,
    PvRow,
    WasteRow,
)
from api.rows.registry import place
from domain.calendar import local_midnight
from domain.carriers import EXPORT, USE_OF_FIGURE
from domain.figure_names import COLUMNS, FIGURE_NAMES, group_of, subject_of
from domain.figures import DayValue, FactorUse, Figure, MonthResult, Shares
from domain.places import Carrier, Institution, PvSystem
from domain.registry import Registry
from domain.subjects import OfStream, Subject, Whole
from store.ledger.port import MonthStatus

USE_CARRIERS = {name: use.carrier for name, use in USE_OF_FIGURE.items()}
PV_NAMES = COLUMNS["pv"]
WASTE_NAMES = COLUMNS["waste"]
INDICATOR_NAMES = COLUMNS["indicators"]
COST_NAMES = COLUMNS["costs"]


@dataclass(frozen=True)
class Standing:
    """The result that stands for a month, with whose it is and where the month stands."""

    institution: Institution
    result: MonthResult
    status: MonthStatus | None

    @cached_property
    def head(self) -> dict[str, Any]:
        """The fields of a MonthRow."""
        start_at, end_at = self.result.month.interval(self.institution.timezone)
        return {
            **place(self.institution),
            "month": str(self.result.month),
            "start_at": start_at,
            "end_at": end_at,
            "state": self.status.state if self.status else "open",
            "revision": self.status.revision if self.status else 0,
        }


def finite(value: float | None) -> float | None:
    """The value, or None where it is no number: JSON has none, and it is not known."""
    return value if value is not None and math.isfinite(value) else None


def shares_fields(shares: Shares | None) -> dict[str, Any]:
    return {
        "measured_share": finite(shares.measured) if shares else None,
        "estimated_share": finite(shares.estimated) if shares else None,
        "missing_share": finite(shares.missing) if shares else None,
    }


def evidence(main: Shares | None, figures: Iterable[Figure]) -> dict[str, Any]:
    """The fields of an EvidenceRow beyond the month's: shares of the main figure, methods and
    findings of all."""
    figures = list(figures)
    return {
        **shares_fields(main),
        "method": "; ".join(dict.fromkeys(f.method for f in figures)),
        "findings": ", ".join(dict.fromkeys(x.code for f in figures for x in f.findings)),
    }


def unit_of(name: str) -> str:
    """The unit of a figure name; "1" for one that is not in the table (an older result)."""
    return FIGURE_NAMES[name].unit if name in FIGURE_NAMES else "1"


def _figure_fields(f: Figure) -> dict[str, Any]:
    return {
        **evidence(f.shares, [f]),
        "name": f.name,
        "subject": f.subject,
        "value": finite(f.value),
        "unit": unit_of(f.name),
        "low": finite(f.low),
        "high": finite(f.high),
        "confidence": f.confidence,
        "verdict": f.verdict,
        "factors": "; ".join(map(factor_text, f.factors)),
    }


def factor_text(used: FactorUse) -> str:
    """A dated factor in a cell: name = value unit (from day)."""
    return f"{used.name} = {used.value:g} {used.unit} (from {used.valid_from})"


def figure_rows(
    standing: Iterable[Standing], names: Sequence[str] = (), subject: str | None = None
) -> list[FigureRow]:
    """One row a figure; only `names` and `subject` where given."""
    return [
        FigureRow(**s.head, **_figure_fields(f))
        for s in standing
        for f in s.result.figures
        if (not names or f.name in names) and (subject is None or f.subject == subject)
    ]


def consumption_rows(
    standing: Iterable[Standing],
    carriers: Sequence[Carrier] = (),
    names: Sequence[str] = (),
    per: str = "all",
) -> list[ConsumptionRow]:
    """Use figures; `per` is ``institution``, ``meter`` or ``all``."""
    return [
        ConsumptionRow(**s.head, **_figure_fields(f), carrier=USE_CARRIERS[f.name])
        for s in standing
        for f in s.result.figures
        if f.name in USE_CARRIERS
        and (not carriers or USE_CARRIERS[f.name] in carriers)
        and (not names or f.name in names)
        and _is_per(f.subject, per)
    ]


def _is_per(subject: str, per: str) -> bool:
    return per == "all" or (subject == "") == (per == "institution")


def day_rows(
    standing: Iterable[Standing], names: Iterable[str], subject: str | None, per: str = "all"
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


def _day_row(s: Standing, d: DayValue) -> DayRow:
    return DayRow(
        **place(s.institution),
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


Group = Mapping[str, Figure]


def groups_of(s: Standing, names: Iterable[str]) -> Iterator[tuple[Subject, Group]]:
    """Subject → its figures by name, in order of appearance."""
    wanted = frozenset(names)
    found: dict[Subject, dict[str, Figure]] = {}
    for f in s.result.figures:
        if f.name in wanted:
            found.setdefault(f.about, {})[f.name] = f
    yield from found.items()


def value_of(group: Group, name: str) -> float | None:
    return finite(group[name].value) if name in group else None


def wide_fields(group: Group, names: Iterable[str]) -> dict[str, Any]:
    return {n: value_of(group, n) for n in names}


def pv_rows(
    standing: Iterable[Standing], registry: Registry, systems: Sequence[str] = ()
) -> list[PvRow]:
    """One row a PV system and month; its export is that of the grid meter it feeds."""
    rows = []
    for s in standing:
        by_subject = dict(groups_of(s, PV_NAMES))
        for subject, group in by_subject.items():
            system = str(subject)
            if not any(group_of(n) == "pv" for n in group) or (systems and system not in systems):
                continue
            device = registry.device_by_id.get(system)
            meter = device.grid_meter if isinstance(device, PvSystem) else system
            export = by_subject.get(subject_of(EXPORT.figure, meter), {}).get(EXPORT.figure)
            whole = {**group, EXPORT.figure: export} if export else group
            rows.append(
                PvRow(
                    **s.head,
                    **evidence(_main_shares(group, "pv_generation_kwh"), whole.values()),
                    system=system,
                    **wide_fields(whole, PV_NAMES),
                )
            )
    return rows


def waste_rows(standing: Iterable[Standing]) -> list[WasteRow]:
    """One row a stream and month, and one for the total."""
    return [
        WasteRow(
            **s.head,
            **evidence(_main_shares(group, "waste_mass_kg"), group.values()),
            stream=subject.stream if isinstance(subject, OfStream) else "total",
            **wide_fields(group, WASTE_NAMES),
            **_accuracy_bounds(group.get("waste_sorting_accuracy_ratio")),
        )
        for s in standing
        for subject, group in groups_of(s, WASTE_NAMES)
        if isinstance(subject, Whole | OfStream)
    ]


def _accuracy_bounds(accuracy: Figure | None) -> dict[str, Any]:
    return {
        "waste_sorting_accuracy_low_ratio": finite(accuracy.low) if accuracy else None,
        "waste_sorting_accuracy_high_ratio": finite(accuracy.high) if accuracy else None,
    }


def indicator_rows(standing: Iterable[Standing]) -> list[IndicatorRow]:
    """One row an institution and month: coal, carbon, per area, per head."""
    return [
        IndicatorRow(
            **s.head,
            **evidence(_worst(group), group.values()),
            **wide_fields(group, INDICATOR_NAMES),
        )
        for s in standing
        for subject, group in groups_of(s, INDICATOR_NAMES)
        if isinstance(subject, Whole)
    ]


def cost_rows(standing: Iterable[Standing]) -> list[CostRow]:
    """One row a tariff period and month, and one for the total."""
    return [
        CostRow(
            **s.head,
            **evidence(_worst(group), group.values()),
            period=str(subject) or "total",
            **wide_fields(group, COST_NAMES),
        )
        for s in standing
        for subject, group in groups_of(s, COST_NAMES)
    ]


def _main_shares(group: Group, name: str) -> Shares | None:
    return group[name].shares if name in group else None


def _worst(group: Group) -> Shares:
    return max((f.shares for f in group.values()), key=lambda s: (s.missing, s.estimated))
