"""What each record of the registry may hold: everything that could not be computed with.

Pure. How records fit together is checked in `domain.registry.fit`.
"""

import json
import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date
from difflib import get_close_matches
from typing import Any
from zoneinfo import available_timezones

from domain.calendar import zone_or_none
from domain.contracts.written import read_terms
from domain.operating import OperatingSpell, overlaps
from domain.places import (
    AnyDevice,
    Bin,
    Building,
    Contract,
    Dated,
    Institution,
    Meter,
    PvSystem,
    WasteStream,
    WeatherStation,
)
from domain.registry.plausible import (
    BOUNDS,
    FACTOR,
    INTERVAL_S,
    LARGEST_TERM,
    LONGEST_TERMS,
    REGISTER,
)

Record = Institution | Building | AnyDevice | Contract

_KINDS: dict[type, str] = {
    Institution: "institution",
    Building: "building",
    Meter: "meter",
    PvSystem: "PV system",
    Bin: "bin",
    WeatherStation: "weather station",
    Contract: "contract",
}
_LONGEST_ID = 100
_LONGEST_TEXT = 2_000
_FIRST_YEAR, _LAST_YEAR = 1970, 2200
_STREAMS = frozenset(s.value for s in WasteStream)
_CHINA = ("beijing", "peking", "china", "chongqing", "cst", "utc+8", "utc+08:00", "gmt+8", "+08:00")
_PROVINCE = re.compile(r"1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[12]")
"""GB/T 2260: the first two digits of a district code."""
_DISTRICT = re.compile(r"[1-9][0-9]{5}(?:[0-9]{3}){0,2}")


@dataclass(frozen=True, slots=True)
class Misfit:
    """Something of a record that does not fit: its field, and what to do, as a sentence that goes
    on from the record's kind and id. `item` is which one of a field that holds several; -1: the
    field as a whole."""

    record: Record
    field: str
    reason: str
    item: int = -1

    def __str__(self) -> str:
        return f"{kind_of(self.record)} {self.record.id!r} {self.reason}"


def kind_of(record: Record) -> str:
    """What a record is called in sentences."""
    return _KINDS[type(record)]


def misfits_of(record: Record) -> Iterator[Misfit]:
    """Everything of one record that could not be computed with."""
    for found in (*_texts(record), *_numbers(record), *_days(record), *_own(record)):
        yield Misfit(record, *found)


Fault = tuple[str, str] | tuple[str, str, int]
"""A field, what is wrong with it, and with which of its items."""


def _own(record: Record) -> Iterator[Fault]:
    match record:
        case Institution():
            yield from _institution(record)
        case Contract():
            yield from _contract(record)
        case Meter():
            yield from _interval(record)
            yield from _meter(record)
        case Bin():
            yield from _interval(record)
            if record.id in _STREAMS:
                yield (
                    "id",
                    "is called like a waste stream, and both would be one in the ledger: "
                    f"call it {record.id}-1",
                )
        case PvSystem() | WeatherStation():
            yield from _interval(record)


# Texts


def _texts(record: Record) -> Iterator[Fault]:
    if not record.id:
        yield "id", "has no id: it must be filled"
    elif fault := _id_fault(record):
        yield "id", f"has an id that {fault}"
    for f in fields(record):
        value = getattr(record, f.name)
        if f.name == "id" or not isinstance(value, str):
            continue
        if len(value) > _LONGEST_TEXT:
            yield f.name, f"has {len(value)} characters in {f.name}: {_LONGEST_TEXT} are the most"
        elif bad := _first(value, lambda c: unicodedata.category(c) == "Cc" and c not in "\n\t"):
            yield f.name, f"has the control character {_code(bad)} in {f.name}: type it anew"


def _id_fault(record: Record) -> str:
    """What makes an id unusable: what nobody can see, and what breaks topics, paths and sums."""
    own = record.id
    if len(own) > _LONGEST_ID:
        return f"has {len(own)} characters: {_LONGEST_ID} are the most"
    if bad := _first(own, _unseen):
        return f"holds the invisible character {_code(bad)}: type it anew"
    if own != own.strip():
        return "begins or ends with a space: take it away"
    if own != unicodedata.normalize("NFC", own):
        return "is written with combining marks (not in Unicode form NFC): type it anew"
    if isinstance(record, Building | Contract):
        return ""
    # A device's id is a level of its topic and part of a sum's name; an institution's, a folder.
    wrong = "/\\" if isinstance(record, Institution) else "/+#"
    if bad := _first(own, wrong.__contains__):
        return f"holds {bad!r}: leave out {' '.join(wrong)}"
    if own in (".", ".."):
        return "is the name of a folder: choose another"
    return ""


def _unseen(c: str) -> bool:
    return unicodedata.category(c)[0] in "CZ" and c != " "


def _first(text: str, wrong: Any) -> str:
    return next((c for c in text if wrong(c)), "")


def _code(c: str) -> str:
    return f"U+{ord(c):04X}"


# Numbers


def _numbers(record: Record) -> Iterator[Fault]:
    for (kind, field), bound in BOUNDS.items():
        if kind != type(record).__name__:
            continue
        value = getattr(record, field)
        dated = isinstance(value, tuple)
        values = [d.value for d in value] if dated else [value]
        for k, one in enumerate(values):
            if one is not None and (fault := bound.fault(one)):
                yield field, f"has a wrong {field}: {fault}", k
        if dated:
            yield from _one_a_day(field, value)


def _one_a_day(field: str, history: tuple[Dated, ...]) -> Iterator[Fault]:
    known = [d.valid_from for d in history]
    for k, day in enumerate(known):
        if day in known[:k]:
            yield field, f"has two values of {field} from {day} on: keep one", k


def _interval(device: AnyDevice) -> Iterator[Fault]:
    if fault := INTERVAL_S.fault(device.expected_interval_s):
        yield "expected_interval_s", f"has a wrong expected_interval_s: {fault}"


def _meter(meter: Meter) -> Iterator[Fault]:
    at = [s.at_ms for s in meter.swaps]
    for k, swap in enumerate(meter.swaps):
        for value in (swap.final, swap.initial):
            if value is not None and (fault := REGISTER.fault(value)):
                yield "swaps", f"has a wrong register value in swaps: {fault}", k
        if swap.at_ms in at[:k]:
            yield "swaps", "was replaced twice at one instant: keep one row of swaps", k
    parts = [part for part, _ in meter.formula]
    for k, (part, factor) in enumerate(meter.formula):
        if (fault := FACTOR.fault(factor)) or factor == 0:
            yield "formula", f"has a wrong factor of {part!r}: {fault or 'it must not be 0'}", k
        if part in parts[:k]:
            yield "formula", f"has {part!r} twice in its formula: add the factors in one row", k


# Days and periods


def _days(record: Record) -> Iterator[Fault]:
    for f in fields(record):
        value = getattr(record, f.name)
        items = value if isinstance(value, tuple) else (value,)
        for k, one in enumerate(items):
            day = one.valid_from if isinstance(one, Dated) else one
            if isinstance(day, date) and not _FIRST_YEAR <= day.year <= _LAST_YEAR:
                yield f.name, f"has {day} in {f.name}: mend the year", k
    start, end = (getattr(record, n, None) for n in ("in_service_from", "in_service_until"))
    if start is not None and end is not None and end <= start:
        yield (
            "in_service_until",
            f"ends its service on {end} and begins it on {start}: the end is the day after "
            "the last one, mend one of them",
        )


def _institution(one: Institution) -> Iterator[Fault]:
    if zone_or_none(one.timezone) is None:
        yield (
            "timezone",
            f"has {one.timezone!r}, which is no time zone: {_zone_meant(one.timezone)}",
        )
    if len(one.building_type) != 1 or one.building_type not in "ABCDEFGH":
        yield (
            "building_type",
            f"has building_type {one.building_type!r}: write the letter of the MOHURD guide, "
            "A (office) to H (other)",
        )
    if one.district_code and not _DISTRICT.fullmatch(one.district_code):
        yield (
            "district_code",
            f"has district_code {one.district_code!r}: write the 6 digits of GB/T 2260, "
            "or 9 or 12 down to street and community",
        )
    elif one.district_code and not _PROVINCE.match(one.district_code):
        yield (
            "district_code",
            f"has district_code {one.district_code!r}: no province of GB/T 2260 begins with "
            f"{one.district_code[:2]}, mend it",
        )
    yield from _operation(one.operation)
    if one.heating_season is not None:
        start, end = one.heating_season
        if start == end:
            yield "heating_season", "has a heating_season that ends the day it starts: mend it"
        if (2, 29) in one.heating_season:
            yield "heating_season", "has 02-29 in heating_season, not there every year: write 03-01"


def _operation(spells: tuple[OperatingSpell, ...]) -> Iterator[Fault]:
    """Rows that end before they begin, are no days of ours, or contradict each other."""
    for k, one in enumerate(spells):
        if one.end <= one.start:
            yield (
                "operation",
                f"is {one.kind} to {one.end} from {one.start} on: the end is the day after the "
                "last one, mend one of them",
                k,
            )
        elif not all(_FIRST_YEAR <= day.year <= _LAST_YEAR for day in (one.start, one.end)):
            yield "operation", f"has {one.start} to {one.end} in operation: mend the year", k
    for k, j in overlaps(spells):
        one, other = spells[k], spells[j]
        yield (
            "operation",
            f"is {one.kind} from {one.start} to {one.end}, and {other.kind} from {other.start} to "
            f"{other.end}: a day has one kind (but closed or open days may lie within a term), "
            "end one where the other begins",
            k,
        )


def _zone_meant(name: str) -> str:
    wanted = name.strip().casefold()
    if not wanted or any(c in wanted for c in _CHINA):
        return "write Asia/Shanghai"
    known = {zone.casefold(): zone for zone in available_timezones()}
    near = get_close_matches(wanted, known, n=1, cutoff=0.75)
    return f"write {known[near[0]] if near else 'a name such as Asia/Shanghai'}"


# Contracts


def _contract(one: Contract) -> Iterator[Fault]:
    if not 0 < one.confidence < 1:
        yield (
            "confidence",
            f"has confidence {one.confidence:g}: it must lie between 0 and 1, 90 % is 0.9",
        )
    expected = one.expected_saving_ratio
    if expected is not None and not 0 < expected < 1:
        yield (
            "expected_saving_ratio",
            f"has expected_saving_ratio {expected:g}: it must lie between 0 and 1, 10 % is 0.1; leave "
            "it empty if it is not known",
        )
    for what in ("baseline", "reporting"):
        start, end = getattr(one, f"{what}_start"), getattr(one, f"{what}_end")
        if end is not None and end <= start:
            yield (
                f"{what}_end",
                f"has a {what} period that ends on {end} and begins on {start}: "
                "the end is the day after the last one, mend one of them",
            )
    if not one.carriers or len(set(one.carriers)) < len(one.carriers):
        yield "carriers", "must name each carrier that counts, once"
    yield from _agreed(one)


def _agreed(one: Contract) -> Iterator[Fault]:
    """What is wrong with the terms of payment, and with those kept as they came."""
    for fault in read_terms(one.form, one.payment_terms)[1]:
        yield "payment_terms", f"cannot be settled: {fault.reason}", fault.item
    for path, value in _leaves(one.terms, "terms"):
        if not math.isfinite(value) or abs(value) > LARGEST_TERM:
            yield "terms", f"has {value:g} in {path}: {LARGEST_TERM:g} is the most, either way"
    try:
        length = len(json.dumps(one.terms, ensure_ascii=False, default=str))
    except (ValueError, RecursionError):
        length = LONGEST_TERMS + 1
    if length > LONGEST_TERMS:
        yield "terms", f"has terms of more than {LONGEST_TERMS:,} characters: keep what is needed"


def _leaves(value: object, path: str, depth: int = 0) -> Iterator[tuple[str, float]]:
    """The numbers in a contract's terms, with where they are; what is nested too deep is told by
    its length."""
    if depth > 20 or isinstance(value, bool):
        return
    if isinstance(value, int | float):
        yield path, _as_float(value)
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _leaves(part, f"{path}.{key}", depth + 1)
    elif isinstance(value, list | tuple):
        for k, part in enumerate(value):
            yield from _leaves(part, f"{path}[{k}]", depth + 1)


def _as_float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:  # a whole number of hundreds of digits
        return math.inf
