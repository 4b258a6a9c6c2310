"""Faults found and missed, and findings where there was no fault."""

from collections import Counter
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from domain.calendar import Month
from simulators.faults.kinds import ANSWERS
from simulators.truth.results import Found, Results, Truth

NOTES = frozenset(
    {
        "calendar_year_unknown",
        "coal_carrier_left_out",
        "factor_missing",
        "factor_old",
        "grid_factor_national",
        "grid_factor_without_district",
        "heating_not_separated",
        "month_running",
        "nothing_inspected",
        "pv_irradiance_transposed",
        "pv_no_irradiance",
        "pv_no_module_temperature",
        "quota_count_nought",
        "quota_field_missing",
        "quota_not_of_heat_source",
        "quota_not_of_kind",
        "quota_not_of_level",
        "quota_not_of_region",
        "quota_not_of_zone",
        "quota_year_incomplete",
        "quota_zone_unknown",
        "recycling_assumes_recovery",
        "residual_not_weighed",
        "savings_one_of_many_looks",
    }
)
"""What is said of a figure whatever its devices do: how it is made, and what registry or tables
lack for it. These claim no fault, and are counted apart; every other code claims one."""

_ASIDE = {
    "ancient_time": "ancient_time",
    "future_time": "future_time",
    "not_a_number": "not_finite",
}
"""Kind of a deliberately bad message in a device's name → why it is kept aside."""

_BETWEEN_DEVICES = frozenset(
    {"heating_exceeds_total", "pv_export_above_generation", "submeters_exceed_main"}
)
"""Found on one device, and caused by any of its institution."""


@dataclass(frozen=True)
class FaultScore:
    injected: int
    """Faults that need a finding."""
    found_pct: float | None
    false_per_100_meter_months: float | None
    """Findings of any code but `NOTES`, on devices and institutions without a fault then."""
    absorbed: int = 0
    missed: tuple[str, ...] = ()
    """``kind device month`` of each that nobody found."""
    false_by_code: dict[str, int] = field(default_factory=dict)
    notes: int = 0
    """Findings that claim no fault."""


def fault_score(truth: Truth, results: Results) -> FaultScore:
    needing = [f for f in truth.faults if f["kind"] in ANSWERS]
    missed = [f for f in needing if not _found(f, results.findings)]
    false = _false(truth, results)
    by_code = Counter(f.code for f in false)
    months = results.meter_months
    return FaultScore(
        injected=len(needing),
        found_pct=100 * (1 - len(missed) / len(needing)) if needing else None,
        false_per_100_meter_months=100 * len(false) / months if months else None,
        absorbed=len(truth.faults) - len(needing),
        missed=tuple(f"{f['kind']} {f['device']} {f['start'][:7]}" for f in missed),
        false_by_code=dict(by_code.most_common()),
        notes=len({f for f in results.findings if f.code in NOTES}),
    )


def _false(truth: Truth, results: Results) -> set[Found]:
    """The findings, each once, that nothing that was wrong can have caused."""
    devices = _words(truth.sent["device"])
    home = {f.subject: f.institution for f in results.figures if f.subject in devices}
    touched = {(f["device"], m) for f in truth.faults for m in _months_of(f)}
    touched_places = {(home.get(device, ""), month) for device, month in touched}
    sent_bad = {_ASIDE[kind] for kind in truth.bad_messages if kind in _ASIDE}
    false = set()
    for found in results.findings:
        if found.code in NOTES or (not found.month and found.code in sent_bad):
            continue
        own = found.device in devices and found.code not in _BETWEEN_DEVICES
        if own:
            innocent = not _touched(found, touched)
        else:
            # Without a month it is a message kept aside that names no device of ours.
            place = found.institution or home.get(found.device, "")
            innocent = bool(place and found.month) and (place, found.month) not in touched_places
        if innocent:
            false.add(found)
    return false


def _words(column: pa.ChunkedArray) -> set[str]:
    """What stands in a column; chunk by chunk, since the text of all of it would be long."""
    return {
        word for chunk in column.chunks for word in pc.unique(chunk.cast(pa.string())).to_pylist()
    }


def _found(fault: Mapping[str, Any], findings: Iterable[Found]) -> bool:
    """A finding of the right code in a month the fault touched, on its device or unplaced."""
    months = {"", *_months_of(fault)}
    return any(
        f.code in ANSWERS[fault["kind"]] and f.month in months and f.device in ("", fault["device"])
        for f in findings
    )


def _touched(finding: Found, touched: Set[tuple[str, str]]) -> bool:
    """Whether a fault may have caused it: one of its device, in its month if that is known."""
    if finding.month:
        return (finding.device, finding.month) in touched
    return any(device == finding.device for device, _ in touched)


def _months_of(fault: Mapping[str, Any]) -> set[str]:
    """The months of its time in UTC, and the one after, where what it left may show."""
    first, last = Month.parse(fault["start"][:7]), Month.parse(fault["end"][:7])
    months = {str(first), str(first.plus(1))}
    while first < last:
        first = first.plus(1)
        months |= {str(first), str(first.plus(1))}
    return months
