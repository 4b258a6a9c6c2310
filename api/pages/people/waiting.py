"""Devices that talk and are not registered: shown, and accepted with two clicks."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from api.dependencies import Backend
from domain.audit import Actor

Accept = Callable[[str, str, str, Actor], int]
"""Registers a device of an institution, like another one where one is named, and takes in what it
sent so far; gives the readings stored. Raises ConfigError where it is not clear what it is."""

SHOWN = 50


@dataclass(frozen=True, slots=True)
class Waiting:
    device: str
    count: int
    sources: str
    first: str
    last: str


def waiting(backend: Backend) -> tuple[list[Waiting], int]:
    """Who waits, the most heard first; how many more there are."""
    known = backend.registries.get().device_by_id
    groups: dict[str, list[tuple[str, int, datetime, datetime]]] = {}
    for entry in backend.ledger.aside(("unknown_device",), samples=False):
        if entry.device and entry.device not in known:
            one = (entry.source, entry.count, entry.first_at, entry.last_at)
            groups.setdefault(entry.device, []).append(one)
    found = [
        Waiting(
            device,
            sum(count for _, count, _, _ in of),
            ", ".join(sorted({source for source, _, _, _ in of})),
            f"{min(first for _, _, first, _ in of):%Y-%m-%d %H:%M}",
            f"{max(last for _, _, _, last in of):%Y-%m-%d %H:%M}",
        )
        for device, of in groups.items()
    ]
    found.sort(key=lambda w: (-w.count, w.device))
    return found[:SHOWN], max(0, len(found) - SHOWN)
