"""What sheets a registry's workbook has: one a record type, and those of what changes over time.

`dated` holds numbers with the day each holds from (floor area, headcount, meter multiplier),
`swaps` replaced meters, `formula` the parts of virtual meters, `operation` the terms and closures of
an institution, `measures` what was done for a contract, and when, `payment_terms` what it pays.
"""

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from domain.calendar import from_ms
from domain.operating import OperatingKind, OperatingSpell
from domain.places import (
    Bin,
    Building,
    Carrier,
    Contract,
    Dated,
    Institution,
    Measure,
    MeasureKind,
    Meter,
    PvSystem,
    Swap,
    Term,
    WeatherStation,
)
from domain.registry import Registry
from domain.registry.records import Record
from registry.cells import converter, day, instant_ms, number, text

SHEETS: dict[str, type] = {
    "institutions": Institution,
    "buildings": Building,
    "meters": Meter,
    "pv_systems": PvSystem,
    "bins": Bin,
    "weather_stations": WeatherStation,
    "contracts": Contract,
}
NOTES = "proposals"
"""A sheet for people alone, passed over when a workbook is read."""
DEVICE_SHEETS = ("meters", "pv_systems", "bins", "weather_stations")


Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class History:
    """A sheet of what changes over time: rows that become items of a field that is a tuple.

    The first two columns name the record and its field; those with a default may stay empty.
    Where `field` is given, it is the only one, and the first column, `record`, names a record.
    `cells` gives an item's cells in the order of the other columns, of which the first `told_by` tell
    it from others of its field; `make` an item of the values of its columns. `timed`: items are put in the order of their first value, when each begins.
    """

    item: Any
    make: Callable[..., Any]
    columns: tuple[tuple[str, str, Convert], ...]
    cells: Callable[[Any], list[object]]
    defaults: dict[str, object] = dataclasses.field(default_factory=dict)
    record: str = "record"
    field: str = ""
    timed: bool = True
    told_by: int = 1

    @property
    def keys(self) -> list[str]:
        """The columns that name the record and its field."""
        return [self.record] if self.field else [self.record, "field"]

    @property
    def header(self) -> list[str]:
        return [*self.keys, *(title for title, _, _ in self.columns)]


HISTORIES = {
    "dated": History(
        Dated,
        Dated,
        (("valid_from", "valid_from", day), ("value", "value", number)),
        lambda d: [d.valid_from, d.value],
    ),
    "swaps": History(
        Swap,
        Swap,
        (("at", "at_ms", instant_ms), ("final", "final", number), ("initial", "initial", number)),
        lambda s: [from_ms(s.at_ms).isoformat(), s.final, s.initial],
        {"final": None, "initial": 0.0},
    ),
    "formula": History(
        tuple[str, float],
        lambda part, factor: (part, factor),
        (("part", "part", text), ("factor", "factor", number)),
        list,
        {"factor": 1.0},
        record="meter",
        field="formula",
        timed=False,
    ),
    "operation": History(
        OperatingSpell,
        OperatingSpell,
        (
            ("start", "start", day),
            ("end", "end", day),
            ("kind", "kind", converter("kind", OperatingKind)),
            ("note", "note", text),
        ),
        lambda s: [s.start, s.end, s.kind, s.note],
        {"note": ""},
        record="institution",
        field="operation",
    ),
    "measures": History(
        Measure,
        Measure,
        (
            ("finished_on", "finished_on", day),
            ("kind", "kind", converter("kind", MeasureKind)),
            ("carrier", "carrier", converter("carrier", Carrier)),
            ("note", "note", text),
        ),
        lambda m: [m.finished_on, m.kind, m.carrier, m.note],
        {"carrier": None, "note": ""},
        record="contract",
        field="measures",
        told_by=3,
    ),
    "payment_terms": History(
        Term,
        Term,
        (
            ("term", "name", text),
            ("of", "of", text),
            ("valid_from", "valid_from", day),
            ("value", "value", text),
        ),
        lambda t: [t.name, t.of, t.valid_from, t.value],
        {"of": "", "valid_from": None},
        record="contract",
        field="payment_terms",
        timed=False,
        told_by=3,
    ),
}


_SHEET_OF = {kind: name for name, kind in SHEETS.items()}


def sheet_of(record: object) -> str:
    """The sheet of a record's type."""
    return _SHEET_OF[type(record)]


def records_of(registry: Registry) -> tuple[Record, ...]:
    """All records of a registry."""
    return (*registry.institutions, *registry.buildings, *registry.devices, *registry.contracts)


@cache
def fields_of(history: str, sheet: str) -> tuple[str, ...]:
    """The fields of a sheet's records that a history sheet holds."""
    hints = typing.get_type_hints(SHEETS[sheet])
    items = (HISTORIES[history].item, ...)
    return tuple(n for n, h in hints.items() if typing.get_args(h) == items)


@cache
def columns_of(sheet: str) -> tuple[str, ...]:
    """The columns of a sheet of records: their fields but those that history sheets hold."""
    elsewhere = {f for h in HISTORIES for f in fields_of(h, sheet)}
    return tuple(f.name for f in dataclasses.fields(SHEETS[sheet]) if f.name not in elsewhere)


@cache
def choices_of(sheet: str) -> Mapping[str, tuple[str, ...]]:
    """The columns of a sheet in which one of few words stands, with these words."""
    if sheet in SHEETS:
        hints, titles = typing.get_type_hints(SHEETS[sheet]), {c: c for c in columns_of(sheet)}
    else:
        item, columns = HISTORIES[sheet].item, HISTORIES[sheet].columns
        hints = typing.get_type_hints(item) if isinstance(item, type) else {}
        titles = {title: name for title, name, _ in columns}
    found = {title: _words_of(hints.get(name)) for title, name in titles.items()}
    if sheet not in SHEETS and not HISTORIES[sheet].field:
        fields = (f for records in SHEETS for f in fields_of(sheet, records))
        found["field"] = tuple(dict.fromkeys(fields))
    return {title: words for title, words in found.items() if words}


def _words_of(hint: Any) -> tuple[str, ...]:
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        return tuple(w for w in parts if w)
    if origin in (types.UnionType, typing.Union):
        return next((words for p in parts if (words := _words_of(p))), ())
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return tuple(member.value for member in hint)
    return ()
