"""The part of a registry that somebody may see."""

from collections.abc import Sequence

from domain.access import Action, Grant, Principal
from domain.registry import Registry


def wholly_seen(registry: Registry, grants: Sequence[Grant]) -> Registry:
    """The institutions that may be read as a whole, with all that is theirs.

    A grant that is narrowed to contracts or devices shows no institution as a whole.
    """
    reader = Principal("", tuple(grants))
    there = {i.id for i in registry.institutions if reader.may(Action.READ, institution=i.id)}
    return Registry(
        institutions=tuple(i for i in registry.institutions if i.id in there),
        buildings=tuple(b for b in registry.buildings if b.institution in there),
        devices=tuple(d for d in registry.devices if d.institution in there),
        contracts=tuple(c for c in registry.contracts if c.institution in there),
    )


def partly_seen(registry: Registry, grants: Sequence[Grant]) -> Registry:
    """Every device and contract that may be read, whatever the grants are narrowed to, and the
    institutions of these and those that are wholly seen.

    Of an institution that is here for a device or a contract only, nothing may be told but its
    name.
    """
    reader, whole = Principal("", tuple(grants)), wholly_seen(registry, grants)
    devices = tuple(
        d
        for d in registry.devices
        if reader.may(Action.READ, institution=d.institution, device=d.id)
        or d.institution in whole.institution_by_id
    )
    contracts = tuple(
        c
        for c in registry.contracts
        if reader.may(Action.READ, institution=c.institution, contract=c.id)
        or c.institution in whole.institution_by_id
    )
    there = {thing.institution for thing in (*devices, *contracts)} | {*whole.institution_by_id}
    return Registry(
        institutions=tuple(i for i in registry.institutions if i.id in there),
        buildings=whole.buildings,
        devices=devices,
        contracts=contracts,
    )
