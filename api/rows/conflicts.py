"""Readings that contradict what is stored for their time, for whoever decides which is right."""

from datetime import datetime
from shlex import quote
from typing import NamedTuple

from pydantic import Field

from api.rows.base import Row
from api.rows.readings import unit_of_quantity
from domain.calendar import from_ms
from domain.places import AnyDevice


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


class Claim(NamedTuple):
    """A reading that contradicts the stored one, and by what source it came."""

    source: str
    device: str
    quantity: str
    at_ms: int
    value: float


def conflict_row(
    claim: Claim, stored: float, device: AnyDevice, source_conflicts: int
) -> ConflictRow:
    """`stored` is the value that stands."""
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
        source_conflicts=source_conflicts,
        take_command=_command(claim, claim.value),
        keep_command=_command(claim, stored),
    )


def _command(claim: Claim, value: float) -> str:
    at = from_ms(claim.at_ms).isoformat(timespec="milliseconds")
    return (
        f"civicmeter correct {quote(claim.device)} {claim.quantity} {at} --value {value!r}"
        ' --reason "…"'
    )
