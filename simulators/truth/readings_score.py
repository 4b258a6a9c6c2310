"""Readings lost, doubled and made up, by series and time."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from simulators.devices.grid import Ints

_TIME_BITS = 43
"""Milliseconds until the year 2248 fit; so do a million series beside them in 64 bits."""
_ROWS_AT_ONCE = 1 << 20


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
