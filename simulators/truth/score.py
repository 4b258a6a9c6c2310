"""The scorecard: what a pipeline computed, against what the simulator knows to be true.

A pure function of the truth folder and of plain results, so it knows nothing of how they were
computed: whoever wires a pipeline fills `Results` from its store, ledger and API.
"""

import json
from collections.abc import Iterable, Mapping, Set
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from domain.calendar import Month
from domain.carriers import USE_OF_FIGURE
from domain.errors import ConfigError
from simulators.devices.grid import Ints
from simulators.faults.kinds import ANSWERS

USE_NAMES = frozenset(USE_OF_FIGURE)
MEASURED_FROM = 0.98


@dataclass(frozen=True)
class Computed:
    """One figure a pipeline computed; names and subjects as in `domain.figures`."""

    institution: str
    subject: str
    name: str
    month: str
    """``YYYY-MM``."""
    value: float | None
    measured: float = 1.0
    """Share of the month that was measured."""
    low: float | None = None
    high: float | None = None
    """The interval it is said to lie in, where one is given."""


@dataclass(frozen=True)
class Found:
    """A finding about a device in a month; either is "" when it cannot be told."""

    device: str
    month: str
    code: str


@dataclass(frozen=True)
class Results:
    """All that a pipeline says. `stored` has the columns of ``sent.parquet``."""

    stored: pa.Table
    figures: tuple[Computed, ...] = ()
    findings: tuple[Found, ...] = ()
    meter_months: int = 0
    """Meters times months looked at: what false findings are counted against."""


@dataclass(frozen=True)
class Truth:
    """A truth folder in memory."""

    sent: pa.Table
    """device, quantity and at_ms of every distinct good reading."""
    months: Mapping[tuple[str, str, str, str], float]
    """(institution, subject, name, month) → what was true."""
    faults: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class ReadingsScore:
    sent: int
    stored: int
    lost: int
    """Sent and acknowledged, but not stored (by series and time)."""
    doubled: int
    """Stored more than once."""
    strange: int = 0
    """Stored, but never sent as a good reading."""


@dataclass(frozen=True)
class FaultScore:
    injected: int
    """Faults that need a finding."""
    found_pct: float | None
    false_per_100_meter_months: float | None
    absorbed: int = 0
    missed: tuple[str, ...] = ()
    """``kind device month`` of each that nobody found."""


@dataclass(frozen=True)
class Scorecard:
    """Errors are percent of the true total; None where there was nothing to compare."""

    readings: ReadingsScore
    use_error_pct: float | None
    savings_error_pct: float | None
    pv_error_pct: float | None
    waste_error_pct: float | None
    faults: FaultScore
    savings_interval_holds_pct: float | None = None
    """How often the interval given with a saving holds the true one."""
    compared: dict[str, int] = field(default_factory=dict)
    """How many figures each error and share comes from."""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def read_truth(folder: Path) -> Truth:
    """Read a truth folder. Raises ConfigError when it is none."""
    try:
        about = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
        sent = pq.read_table(folder / "sent.parquet", columns=["device", "quantity", "at_ms"])
        rows = pq.read_table(folder / "truth.parquet", filters=pc.field("day").is_null())
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{folder} is no truth folder ({error}): make one with `civicmeter simulate run`"
        ) from error
    columns = (rows[c].to_pylist() for c in ("institution", "subject", "name", "month", "value"))
    months = {(i, s, n, m): v for i, s, n, m, v in zip(*columns, strict=True)}
    return Truth(sent, months, tuple(about["faults"]))


def read_results(folder: Path) -> Results:
    """Read results from ``stored.parquet`` and ``results.json``, whose keys ``figures`` and
    ``findings`` hold tables of the fields of Computed and Found, beside ``meter_months``.
    Raises ConfigError when they are not there or not so.
    """
    try:
        stored = pq.read_table(folder / "stored.parquet")
        content = json.loads((folder / "results.json").read_text(encoding="utf-8"))
        return Results(
            stored,
            tuple(Computed(**f) for f in content.get("figures", [])),
            tuple(Found(**f) for f in content.get("findings", [])),
            int(content.get("meter_months", 0)),
        )
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise ConfigError(
            f"{folder} holds no results ({error}): it needs stored.parquet and results.json"
        ) from error


def score(truth: Truth, results: Results) -> Scorecard:
    """Compare. Use counts only where at least 98 % of the month was measured."""
    groups = {
        "use": [f for f in results.figures if f.name in USE_NAMES and f.measured >= MEASURED_FROM],
        "savings": [f for f in results.figures if f.name == "avoided_energy_kwh"],
        "pv": [f for f in results.figures if f.name == "pv_generation_kwh"],
        "waste": [f for f in results.figures if f.name == "waste_mass_kg"],
    }
    errors, compared = {}, {}
    for name, figures in groups.items():
        errors[name], compared[name] = _error_pct(truth, figures)
    holds, compared["savings_interval"] = _holds_pct(truth, groups["savings"])
    return Scorecard(
        readings_score(truth.sent, results.stored),
        errors["use"],
        errors["savings"],
        errors["pv"],
        errors["waste"],
        _faults(truth, results),
        holds,
        compared,
    )


def readings_score(sent: pa.Table, stored: pa.Table) -> ReadingsScore:
    """By series and time: what was sent and is not there, and what is there too often."""
    names: dict[str, int] = {}
    wanted, there = _keys(sent, names), _keys(stored, names)
    again = int(np.count_nonzero(there[1:] == there[:-1]))
    missing = _not_in(wanted, there)
    return ReadingsScore(
        sent=len(wanted),
        stored=len(there),
        lost=missing,
        doubled=again,
        # What is there once and was sent: the sent ones that are not missing.
        strange=(len(there) - again) - (len(wanted) - missing),
    )


def _not_in(wanted: Ints, there: Ints) -> int:
    """How many of `wanted` are not in `there`; both sorted, the first without repetitions."""
    missing = 0
    for low in range(0, len(wanted), _ROWS_AT_ONCE):
        part = wanted[low : low + _ROWS_AT_ONCE]
        at = np.searchsorted(there, part)
        found = at < len(there)
        found[found] = there[at[found]] == part[found]
        missing += len(part) - int(np.count_nonzero(found))
    return missing


_TIME_BITS = 43
"""Milliseconds until the year 2248 fit; so do a million series beside them in 64 bits."""
_ROWS_AT_ONCE = 1 << 20


def _keys(table: pa.Table, names: dict[str, int]) -> Ints:
    """One number a reading, its series and its time, sorted; `names` numbers what it meets.

    Numbers, and made part by part: the text of ten million keys would take gigabytes, and
    every further column of numbers for all of them a hundred megabytes.
    """
    keys = np.empty(len(table), np.int64)
    filled = 0
    for batch in table.select(["device", "quantity", "at_ms"]).to_batches(_ROWS_AT_ONCE):
        device, quantity = (_numbered(batch[c], names) for c in ("device", "quantity"))
        pairs, series = np.unique((device << 32) | quantity, return_inverse=True)
        known = [names.setdefault(f"series {p}", len(names)) for p in pairs.tolist()]
        numbers = np.array(known, np.int64)[series] if known else np.empty(0, np.int64)
        at_ms = batch["at_ms"].cast(pa.int64()).to_numpy()
        keys[filled : filled + len(batch)] = (numbers << _TIME_BITS) | at_ms
        filled += len(batch)
    keys.sort()
    return keys


def _numbered(column: pa.Array, names: dict[str, int]) -> Ints:
    encoded = pc.dictionary_encode(column.cast(pa.string()))
    words = encoded.dictionary.to_pylist()
    numbers = np.array([names.setdefault(f"name {w}", len(names)) for w in words], np.int64)
    return numbers[encoded.indices.to_numpy()] if len(column) else np.empty(0, np.int64)


def _error_pct(truth: Truth, figures: Iterable[Computed]) -> tuple[float | None, int]:
    """Sum of absolute errors over the true sum; a figure that was not given counts wholly."""
    wrong = whole = 0.0
    count = 0
    for figure in figures:
        true = _true(truth, figure)
        if true is None:
            continue
        count += 1
        whole += abs(true)
        wrong += abs(true if figure.value is None else figure.value - true)
    return (100 * wrong / whole if whole else None), count


def _holds_pct(truth: Truth, figures: Iterable[Computed]) -> tuple[float | None, int]:
    """How often an interval holds the truth, of those that were given."""
    held = [
        f.low <= true <= f.high
        for f in figures
        if (true := _true(truth, f)) is not None and f.low is not None and f.high is not None
    ]
    return (100 * sum(held) / len(held) if held else None), len(held)


def _true(truth: Truth, figure: Computed) -> float | None:
    return truth.months.get((figure.institution, figure.subject, figure.name, figure.month))


def _faults(truth: Truth, results: Results) -> FaultScore:
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
