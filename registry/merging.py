"""What the registry becomes by an import, and what would not fit together in it."""

from pathlib import Path
from typing import Any

from domain.registry import Registry
from domain.registry.fit import Double
from registry.reading import Places, Problem, read_with_places


def check_xlsx(path: Path, known: Registry | None = None) -> tuple[Registry, list[str]]:
    """The registry and every problem as a sentence, with sheet, row and column; cells first, then
    what does not fit together. Records of `known` may be referred to without being in the
    workbook, and keep what it has no column or sheet for."""
    registry, problems = fitted(*read_with_places(path, known), known)
    return registry, [str(p) for p in problems]


def fitted(
    registry: Registry, problems: list[Problem], places: Places, known: Registry | None = None
) -> tuple[Registry, list[Problem]]:
    """What was read and every problem of it; where its cells have none, also what would not fit
    together with the registry it comes into."""
    found = list(problems)
    if not problems:
        # Doubles first: merging would hide them.
        doubles = [m for m in registry.misfits() if isinstance(m, Double)]
        misfits = [*doubles, *merged(known or Registry(), registry).misfits()]
        found = [places.of(m) or Problem("", 0, m.field, str(m)) for m in misfits]
    return registry, list(dict.fromkeys(found))


def merged(old: Registry, new: Registry) -> Registry:
    """What the registry is after an import: records of `new` replace those of the same id."""

    def both(before: tuple[Any, ...], after: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple({r.id: r for r in (*before, *after)}.values())

    return Registry(
        both(old.institutions, new.institutions),
        both(old.buildings, new.buildings),
        both(old.devices, new.devices),
        both(old.contracts, new.contracts),
    )
