"""The one way into the registry, for the command line and the API: read, compared, taken in."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from domain.audit import Actor
from domain.calendar import Month
from domain.errors import ChangedMeanwhileError
from domain.registry import Registry
from registry.comparing import Change, changed_records, changes, place_of
from registry.merging import fitted
from registry.reading import Places, Problem
from registry.sheets import records_of
from store.known_registry import KnownRegistry
from store.ledger.port import Ledger

Read = Callable[[Registry], tuple[Registry, list[Problem], Places]]
"""Reads what comes, given what is registered."""
_ASKED_ONE_BY_ONE = 20


@dataclass(frozen=True, slots=True)
class Difference:
    """What would become of the registry of a version. With `problems` nothing can be taken in, and
    there are no `changes`. `read` are all records that came, `changed` those that are other."""

    version: str
    read: Registry
    changed: Registry
    problems: Sequence[Problem]
    changes: Sequence[Change]


def compare(
    read: Read, ledger: Ledger, registries: KnownRegistry, if_version: str | None = None
) -> Difference:
    """What comes, compared with the registry of now; nothing is changed.

    Raises ChangedMeanwhileError when that is of another version than the one given.
    """
    version, known = registries.versioned()
    if if_version is not None and if_version != version:
        raise ChangedMeanwhileError(
            f"the registry has changed since version {if_version}, and nothing was imported: look at "
            "what would change now (civicmeter registry import FILE --dry-run)"
        )
    came, problems = fitted(*read(known), known)
    if problems:
        return Difference(version, came, Registry(), problems, [])
    changed = changed_records(known, came)
    had = {(type(r), r.id): r for r in records_of(known)}
    before = [old for r in records_of(changed) if (old := had.get((type(r), r.id)))]
    places = {place_of(r) for r in (*before, *records_of(changed))}
    closed = _closed_months(ledger, places)
    return Difference(version, came, changed, problems, [*changes(known, changed, closed)])


def take_in(
    difference: Difference, ledger: Ledger, registries: KnownRegistry, actor: Actor
) -> None:
    """Take in all of it, or nothing where the registry is no longer the one compared with. Raises
    ChangedMeanwhileError."""
    assert not difference.problems
    if difference.changes:
        ledger.save_registry(difference.changed, actor=actor, if_version=difference.version)
        registries.fresh()


def _closed_months(ledger: Ledger, places: Collection[str]) -> Mapping[str, Sequence[Month]]:
    few = len(places) <= _ASKED_ONE_BY_ONE
    asked = [s for p in sorted(places) for s in ledger.statuses(p)] if few else ledger.statuses()
    found: dict[str, list[Month]] = {}
    for status in asked:
        if status.revision:
            found.setdefault(status.institution, []).append(status.month)
    return found
