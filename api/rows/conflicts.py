"""Readings that contradict what is stored for their time, for whoever decides which is right."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from shlex import quote
from typing import NamedTuple

from pydantic import Field

from api.dependencies import Backend
from api.query import Owners
from api.rows.base import Row
from api.rows.readings import unit_of_quantity
from domain.calendar import from_ms
from domain.places import AnyDevice
from domain.readings import Series
from processing.months.entered_corrections import reported
from store.ledger.kept import KeptMessage

CODE = "conflict"
_PIECES = 200
"""So many kept pieces are looked at."""
MOST_CONFLICTS = 1_000
"""So many are told; the others once these are decided."""


class ConflictRow(Row):
    """Two values for one device, quantity and time. The stored one stays until a correction says
    otherwise, or says the same."""

    institution: str = Field(description="Institution id.")
    device: str = Field(description="Device id.")
    device_name_zh: str = Field(description="Its name in Chinese.")
    device_name_en: str = Field(description="Its name in English.")
    quantity: str = Field(description="What was reported.")
    at: datetime = Field(description="Instant of both readings, UTC.")
    unit: str = Field(description="Unit of the values.")
    stored_value: float = Field(description="What came first and is computed with.")
    other_value: float = Field(description="What came later and was kept aside.")
    source: str = Field(description="MQTT topic or HTTP route by which the other value came.")
    speaker: str = Field(
        description="Who may speak for the device by the registry: its gateway, or the device."
    )
    source_is_speaker: bool | None = Field(
        description="Whether the topic is the speaker's own; null: it came by HTTP, with a key."
    )
    source_conflicts: int = Field(
        description="How many readings of the device contradicted stored ones by this source."
    )
    take_command: str = Field(description="What to type where the other value is right.")
    keep_command: str = Field(description="What to type where the stored value is right.")


class _Claim(NamedTuple):
    source: str
    device: str
    quantity: str
    at_ms: int
    value: float


def conflict_rows(backend: Backend, owners: Owners) -> list[ConflictRow]:
    """Conflicts nobody has decided yet, the latest first, at most MOST_CONFLICTS.

    A correction of the reading, whatever it says, decides.
    """
    devices = backend.registry.device_by_id
    decided = {(c.device, c.quantity, c.at_ms) for c in backend.ledger.corrections()}
    claims = {
        claim
        for claim in _claims(backend.ledger.kept_messages(code=CODE, limit=_PIECES))
        if claim.device in devices
        and devices[claim.device].institution in owners
        and claim[1:4] not in decided
    }
    latest = sorted(claims, key=lambda c: (-c.at_ms, c))[:MOST_CONFLICTS]
    if not latest:
        return []
    counts = {(e.source, e.device): e.count for e in backend.ledger.aside() if e.code == CODE}
    there = reported(backend.store, [(Series(c.device, c.quantity), c.at_ms) for c in latest])
    rows = []
    for claim in latest:
        stored = there[Series(claim.device, claim.quantity), claim.at_ms].value
        if stored is not None and stored != claim.value:
            rows.append(_row(claim, stored, devices, counts))
    return rows


def _claims(pieces: Iterable[KeptMessage]) -> Iterable[_Claim]:
    """The readings in pieces of the native gateway form; of a message kept whole for another
    reason besides, the piece tells."""
    for piece in pieces:
        if piece.topic:
            continue
        for device, items in json.loads(piece.payload).items():
            for item in items:
                for quantity, value in item["values"].items():
                    yield _Claim(piece.source, device, quantity, item["ts"], value)


def _row(
    claim: _Claim,
    stored: float,
    devices: Mapping[str, AnyDevice],
    counts: Mapping[tuple[str, str], int],
) -> ConflictRow:
    device = devices[claim.device]
    speaker = device.gateway or device.id
    by_http = claim.source.startswith("POST ")
    return ConflictRow(
        institution=device.institution,
        device=device.id,
        device_name_zh=device.name_zh,
        device_name_en=device.name_en,
        quantity=claim.quantity,
        at=from_ms(claim.at_ms),
        unit=unit_of_quantity(claim.quantity),
        stored_value=stored,
        other_value=claim.value,
        source=claim.source,
        speaker=speaker,
        source_is_speaker=None if by_http else speaker in claim.source.split("/"),
        source_conflicts=counts.get((claim.source, claim.device), 1),
        take_command=_command(claim, claim.value),
        keep_command=_command(claim, stored),
    )


def _command(claim: _Claim, value: float) -> str:
    at = from_ms(claim.at_ms).isoformat(timespec="milliseconds")
    return (
        f"civicmeter correct {quote(claim.device)} {claim.quantity} {at} --value {value!r}"
        ' --reason "…"'
    )
