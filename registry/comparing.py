"""What an import would change, row by row, and which closed months rest on what it changes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Literal

from domain.calendar import Month
from domain.places import Contract, Institution
from domain.registry import Registry
from domain.registry.records import Record
from registry.sheets import HISTORIES, columns_of, fields_of, records_of, sheet_of
from registry.writing import to_cell

ChangeKind = Literal["new", "changed", "ended", "added", "removed"]
"""A record that was not there; a field or an item of another value; an end where there was none; an
item more, or one less, of what changes over time."""

_TELLS_NOTHING = frozenset(
    ("name_zh", "name_en", "provenance", "provenance_zh", "credit_code", "gateway", "vendor")
)
"""Fields that no figure rests on."""
_ENDS = frozenset(("in_service_until", "reporting_end"))
_ALWAYS = date.min
_Closed = Mapping[str, Sequence[Month]]


@dataclass(frozen=True, slots=True)
class Change:
    """One row of a difference. `column` is the field (empty: a whole record), `item` which of a
    field's several, mostly by its day; `before` and `after` as cells show them, empty for nothing.
    `months` are the closed months of `institution` that rest on it, in their order."""

    kind: ChangeKind
    sheet: str
    record: str
    institution: str
    column: str = ""
    item: str = ""
    before: str = ""
    after: str = ""
    months: tuple[Month, ...] = ()


@dataclass(frozen=True, slots=True)
class _Found:
    """A change, and from which day on figures rest on it; None: none does."""

    change: Change
    since: date | None


def changes(known: Registry, new: Registry, closed: _Closed) -> Iterator[Change]:
    """What becomes of `known` when the records of `new` replace those of the same id.

    `closed` are the closed months of institutions, in their order. A device or contract that moves
    to another institution is told once more for the one that it leaves.
    """
    had = {(type(r), r.id): r for r in records_of(known)}
    kept = {d.id: d for d in known.devices}
    for record in records_of(new):
        old: Record | None = had.get((type(record), record.id))
        if old is None and record.id in kept and record.id in new.device_by_id:
            yield from _another_kind(kept[record.id], record, closed)
        for found in _found(old, record):
            yield _with_months(found, closed)


def changed_records(known: Registry, new: Registry) -> Registry:
    """The records of `new` that are other than the known ones of the same id."""
    had = {(type(r), r.id): r for r in records_of(known)}

    def only(records: Iterable[Any]) -> tuple[Any, ...]:
        return tuple(r for r in records if had.get((type(r), r.id)) != r)

    return Registry(
        only(new.institutions), only(new.buildings), only(new.devices), only(new.contracts)
    )


def _found(old: Record | None, new: Record) -> Iterator[_Found]:
    if old is None:
        change = Change(
            "new", sheet_of(new), new.id, place_of(new), after=new.name_zh or new.name_en
        )
        yield _Found(change, _first_day(new))
        return
    yield from _cells(old, new)
    for history in HISTORIES:
        for field in fields_of(history, sheet_of(new)):
            yield from _items(old, new, history, field)


def _cells(old: Record, new: Record) -> Iterator[_Found]:
    sheet = sheet_of(new)
    for column in columns_of(sheet):
        was, becomes = getattr(old, column), getattr(new, column)
        if was == becomes:
            continue
        kind: ChangeKind = "ended" if column in _ENDS and was is None else "changed"
        since = None if column in _TELLS_NOTHING else _since(old, new, column)
        for place in sorted({place_of(old), place_of(new)}):
            change = Change(kind, sheet, new.id, place, column, "", _said(was), _said(becomes))
            yield _Found(change, since)


def _since(old: Record, new: Record, column: str) -> date:
    """The first day that a field's other value may matter for."""
    values = [getattr(old, column), getattr(new, column)]
    days = [v for v in values if isinstance(v, date)]
    if column in _ENDS or (column == "in_service_from" and len(days) == 2):
        return min(days)
    return min(_earliest(old), _earliest(new))


def _earliest(record: Record) -> date:
    """Before this day nothing rests on a record."""
    return record.reporting_start if isinstance(record, Contract) else _ALWAYS


def _items(old: Record, new: Record, history: str, field: str) -> Iterator[_Found]:
    was, becomes = getattr(old, field), getattr(new, field)
    if was == becomes:
        return
    before, after = _by_item(history, was), _by_item(history, becomes)
    for item in dict.fromkeys((*before, *after)):
        one, other = before.get(item, []), after.get(item, [])
        if one == other:
            continue
        kind: ChangeKind = "changed" if one and other else "added" if other else "removed"
        words = " ".join(filter(None, map(_said, item)))
        values = _values(one), _values(other)
        change = Change(kind, history, new.id, place_of(new), field, words, *values)
        yield _Found(change, _day_of(history, item, new))


def _by_item(history: str, items: Iterable[Any]) -> dict[tuple[Any, ...], list[list[object]]]:
    """What stands behind each item's first cells, which tell it from others."""
    found: dict[tuple[Any, ...], list[list[object]]] = {}
    for one in items:
        cells, first = HISTORIES[history].cells(one), HISTORIES[history].told_by
        found.setdefault(tuple(cells[:first]), []).append(cells[first:])
    return found


def _values(found: list[list[object]]) -> str:
    return "; ".join(" ".join(filter(None, map(_said, cells))) for cells in found)


def _day_of(history: str, item: tuple[Any, ...], record: Record) -> date:
    """The day from which figures may rest on an item."""
    if history == "swaps":  # an instant: its local day is the one before at the earliest
        return date.fromisoformat(str(item[0])[:10]) - timedelta(days=1)
    return item[0] if isinstance(item[0], date) else _earliest(record)


def _first_day(record: Record) -> date | None:
    """From when figures rest on a new record: of a device that is not said to be in service from a
    day, only readings will tell."""
    if isinstance(record, Contract):
        return record.reporting_start
    return getattr(record, "in_service_from", None)


def _another_kind(old: Record, new: Record, closed: _Closed) -> Iterator[Change]:
    """A device that becomes one of another sheet: its old record goes."""
    gone = Change("removed", sheet_of(old), new.id, place_of(old))
    yield _with_months(_Found(gone, _ALWAYS), closed)


def _with_months(found: _Found, closed: _Closed) -> Change:
    if found.since is None:
        return found.change
    months = closed.get(found.change.institution, ())
    return replace(found.change, months=tuple(m for m in months if m.end_day > found.since))


def place_of(record: Record) -> str:
    """The institution that a record is, or belongs to."""
    return record.id if isinstance(record, Institution) else record.institution


def _said(value: object) -> str:
    """A value as a cell shows it."""
    cell = to_cell(value)
    return "" if cell is None else f"{cell:.15g}" if isinstance(cell, float) else str(cell)
