"""The conflicts nobody has decided yet; no HTML here."""

import json
from collections.abc import Collection, Iterable, Iterator

from api.dependencies import Backend
from api.rows.conflicts import Claim, ConflictRow, conflict_row
from domain.readings import Series
from processing.months.entered_corrections import reported
from store.ledger.kept import KeptMessage

CODE = "conflict"
MOST_CONFLICTS = 1_000
"""So many are told; the others once these are decided."""
_AT_ONCE = 500
_PIECES = 20_000
"""So many kept pieces are looked at, those of decided conflicts among them."""


def open_conflicts(backend: Backend, institutions: Collection[str]) -> list[ConflictRow]:
    """Conflicts of the institutions' devices nobody has decided yet, the latest first; MOST_CONFLICTS of them, if there are
    more.

    A correction of the reading, whatever it says, decides.
    """
    devices = backend.in_part.device_by_id
    decided = {(c.device, c.quantity, c.at_ms) for c in backend.ledger.corrections()}
    claims: set[Claim] = set()
    for claim in _claims(_pieces(backend)):
        known = devices.get(claim.device)
        if known and known.institution in institutions and claim[1:4] not in decided:
            claims.add(claim)
            if len(claims) >= MOST_CONFLICTS:
                break
    latest = sorted(claims, key=lambda c: (-c.at_ms, c))
    if not latest:
        return []
    groups = backend.ledger.aside([CODE], samples=False)
    counts = {(e.source, e.device): e.count for e in groups}
    there = reported(backend.store, [(Series(c.device, c.quantity), c.at_ms) for c in latest])
    rows = []
    for claim in latest:
        stored = there[Series(claim.device, claim.quantity), claim.at_ms].value
        if stored is not None and stored != claim.value:
            rows.append(
                conflict_row(claim, stored, devices[claim.device], counts.get(claim[:2], 1))
            )
    return rows


def _pieces(backend: Backend) -> Iterator[KeptMessage]:
    after = ""
    for _ in range(_PIECES // _AT_ONCE):
        page = backend.ledger.kept_messages(code=CODE, after=after, limit=_AT_ONCE)
        yield from page
        if len(page) < _AT_ONCE:
            return
        after = page[-1].digest


def _claims(pieces: Iterable[KeptMessage]) -> Iterator[Claim]:
    """The readings in pieces of the native gateway form; of a message kept whole for another
    reason besides, the piece tells."""
    for piece in pieces:
        if piece.topic:
            continue
        for device, items in json.loads(piece.payload).items():
            for item in items:
                for quantity, value in item["values"].items():
                    yield Claim(piece.source, device, quantity, item["ts"], value)
