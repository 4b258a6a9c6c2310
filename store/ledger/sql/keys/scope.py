"""What keys and people are granted, as columns."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row

from domain.keys import Granted, Role

_NARROWED = ("institutions", "contracts", "devices")


def scope_of(granted: Granted) -> dict[str, list[str]]:
    """What narrows it, by kind."""
    narrowed = ((name, getattr(granted, name)) for name in _NARROWED)
    return {name: sorted(ids) for name, ids in narrowed if ids is not None}


def granted_of(row: Row[Any]) -> dict[str, Any]:
    """The fields of Granted in a row."""
    scope: Mapping[str, list[str]] = row.scope
    narrowed = {name: frozenset(scope[name]) for name in _NARROWED if name in scope}
    return {"holder": row.holder, "role": Role(row.role), "person": row.person, **narrowed}


def only_institution(granted: Granted) -> str:
    """Whom it concerns, for the audit trail: one institution; of several, only who sees everything
    sees it, and it is empty."""
    only = sorted(granted.institutions or ())
    return only[0] if len(only) == 1 else ""
