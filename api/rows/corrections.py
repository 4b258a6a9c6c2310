"""Rows of corrections of readings, and what is told of those entered."""

from datetime import datetime

from pydantic import Field

from api.rows.base import Row
from api.rows.readings import unit_of_quantity
from domain.calendar import from_ms
from domain.corrections import Correction
from store.ledger.port import MonthState


class CorrectionRow(Row):
    institution: str = Field(description="Institution id; empty when the device is gone.")
    device: str = Field(description="Device id.")
    quantity: str = Field(description="What was reported.")
    at: datetime = Field(description="Instant of the reading, UTC.")
    value: float | None = Field(description="What it should have been, in `unit`; null: left out.")
    leave_out: bool = Field(description="There should have been no such reading.")
    reported_value: float | None = Field(
        description="What the device reported, in `unit`, which stays stored; null: nothing."
    )
    unit: str = Field(description="Unit of the values.")
    stands: bool = Field(description="No later correction of the same reading supersedes it.")
    author: str = Field(description="Who corrected it.")
    reason: str = Field(description="Why.")
    entered_at: datetime = Field(description="When it was entered, UTC.")


def correction_row(
    correction: Correction, institution: str, *, reported_value: float | None, stands: bool
) -> CorrectionRow:
    """`institution` is empty when the device is gone."""
    c = correction
    return CorrectionRow(
        institution=institution,
        device=c.device,
        quantity=c.quantity,
        at=from_ms(c.at_ms),
        value=c.value,
        leave_out=c.value is None,
        unit=unit_of_quantity(c.quantity),
        stands=stands,
        reported_value=reported_value,
        author=c.author,
        reason=c.reason,
        entered_at=c.entered_at,
    )


class TouchedRow(Row):
    institution: str = Field(description="Institution id.")
    month: str = Field(description="Local calendar month to be computed anew.")
    state: MonthState = Field(description="Where it stands now; a closed one is not changed.")


class CorrectionsEntered(Row):
    """What became of a body. entered + repeated = received."""

    received: int = Field(description="Corrections in the body.")
    entered: int = Field(description="New ones.")
    repeated: int = Field(description="What stood already; nothing was added.")
    months: list[TouchedRow] = Field(
        description="Months computed anew in the next round; where a closed one would change, "
        "a restatement waits for approval."
    )
