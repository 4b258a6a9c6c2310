"""Faults found and missed, and findings where there was no fault."""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from domain.calendar import Month
from simulators.faults.kinds import ANSWERS
from simulators.truth.results import Found, Results, Truth


@dataclass(frozen=True)
class FaultScore:
    injected: int
    """Faults that need a finding."""
    found_pct: float | None
    false_per_100_meter_months: float | None
    absorbed: int = 0
    missed: tuple[str, ...] = ()
    """``kind device month`` of each that nobody found."""


def fault_score(truth: Truth, results: Results) -> FaultScore:
    needing = [f for f in truth.faults if f["kind"] in ANSWERS]
    missed = [f for f in needing if not _found(f, results.findings)]
    touched = {(f["device"], m) for f in truth.faults for m in _months_of(f)}
    codes = frozenset().union(*ANSWERS.values())
    devices = _words(truth.sent["device"])
    false = {
        (f.device, f.month, f.code)
        for f in results.findings
        if f.device in devices and f.code in codes and not _touched(f, touched)
    }
    months = results.meter_months
    return FaultScore(
        injected=len(needing),
        found_pct=100 * (1 - len(missed) / len(needing)) if needing else None,
        false_per_100_meter_months=100 * len(false) / months if months else None,
        absorbed=len(truth.faults) - len(needing),
        missed=tuple(f"{f['kind']} {f['device']} {f['start'][:7]}" for f in missed),
    )


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
