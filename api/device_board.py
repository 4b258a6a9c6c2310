"""The completeness board: which devices are silent, stale or newly at nought; no HTML here."""

from collections.abc import Collection, Mapping

from api.dependencies import Backend
from api.query import only_one
from domain.calendar import Month, from_ms
from domain.places import Institution
from domain.registry import Registry
from processing.quality.board import Board, board
from processing.quality.said import BOARD_NAMES
from store.ledger.port import Ledger


def board_rows(
    backend: Backend, institutions: Mapping[str, Institution], month: Month | None = None
) -> Board:
    """One row a device of the institutions, the worst first.

    `month` None: each institution's latest month, answered from what is known already (see
    `KnownBoard`). With a month given, institutions that have another one but not this are left
    out; those that have none at all are shown, for their devices have never been heard. When a
    device was last heard may be some seconds old.
    """
    # What is known of all is narrowed by the institutions given.
    registry, now = backend.registries.get(), backend.now()
    if month is None:
        return backend.board.latest(registry, now, institutions)
    found = backend.board.of_month(registry, now, institutions, month)
    return found if found is not None else _of_month(backend, registry, institutions, month)


def _of_month(
    backend: Backend, registry: Registry, institutions: Mapping[str, Institution], month: Month
) -> Board:
    months = _months(backend.ledger, institutions)
    there = {name for name, known in months.items() if month in known}
    shown = there | (set(institutions) - set(months))
    results = backend.ledger.results(
        only_one(there), month, month.plus(1), names=BOARD_NAMES, days=False
    )
    part = Registry(
        institutions=tuple(institutions.values()),
        devices=tuple(d for d in registry.devices if d.institution in shown),
    )
    heard = {device: from_ms(at_ms) for device, at_ms in backend.board.last_heard().items()}
    return board(part, heard, [r for r in results if r.institution in there], backend.now())


def _months(ledger: Ledger, institutions: Collection[str]) -> dict[str, set[Month]]:
    found: dict[str, set[Month]] = {}
    for status in ledger.statuses(only_one(institutions)):
        if status.institution in institutions:
            found.setdefault(status.institution, set()).add(status.month)
    return found
