"""Rows of non-routine adjustments, and what is posted to enter one."""

import binascii
from base64 import b64decode
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from api.rows.base import PlaceRow, place_fields
from domain.adjustments import Adjustment, AdjustmentStatus, DecisionKind
from domain.places import Carrier, Institution


class AdjustmentRow(PlaceRow):
    """A non-routine adjustment. It counts while its status is approved."""

    number: int = Field(description="Its number; findings and reports name it.")
    contract: str = Field(description="Contract id.")
    carrier: str = Field(description="Carrier whose counterfactual it changes.")
    start: date = Field(description="First local day.")
    end: date | None = Field(description="End, excluded; null: it goes on.")
    formula: str = Field(description="kWh to add to the counterfactual of each day.")
    reason: str = Field(description="What changed.")
    evidence: str = Field(description="Name of the evidence file.")
    evidence_sha256: str = Field(description="SHA-256 of its content.")
    author: str = Field(description="Who entered it.")
    entered_at: datetime = Field(description="When, UTC.")
    status: AdjustmentStatus = Field(description="waiting, approved or withdrawn.")
    approver: str = Field(description="Who approved it; empty while nobody has.")
    decisions: str = Field(description="What was decided: kind, who, when, why; several by '; '.")


def adjustment_row(adjustment: Adjustment, institution: Institution) -> AdjustmentRow:
    own = {n: getattr(adjustment, n) for n in AdjustmentRow.model_fields if n in _OWN}
    decisions = "; ".join(
        " ".join(p for p in (d.kind, d.by, f"{d.at:%Y-%m-%dT%H:%MZ}", d.reason) if p)
        for d in adjustment.decisions
    )
    return AdjustmentRow(**place_fields(institution), **own, decisions=decisions)


_OWN = (
    "number",
    "contract",
    "carrier",
    "start",
    "end",
    "formula",
    "reason",
    "evidence",
    "evidence_sha256",
    "author",
    "entered_at",
    "status",
    "approver",
)


def _decoded(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("give the file's content as base64 text")
    try:
        return b64decode(value, validate=True)
    except binascii.Error as error:
        raise ValueError(f"not base64: {error}") from error


_Text = Annotated[str, Field(min_length=1, max_length=500)]


class _Posted(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class NewAdjustment(_Posted):
    """Give the amount as one of `formula`, `per_day_kwh` and `total_kwh`, and the evidence as its
    content or, where that is kept elsewhere, as its SHA-256."""

    contract: _Text = Field(description="Contract id.")
    carrier: Carrier | None = Field(
        None, description="Needed where the contract has several.", strict=False
    )
    start: date = Field(description="First local day.", strict=False)
    end: date | None = Field(None, description="End, excluded; absent: it goes on.", strict=False)
    formula: str | None = Field(
        None, description="kWh to add each day, e.g. 0.08 * counterfactual.", max_length=300
    )
    per_day_kwh: float | None = Field(None, description="kWh to add each day.", allow_inf_nan=False)
    total_kwh: float | None = Field(
        None, description="kWh to add from start to end, the same each day.", allow_inf_nan=False
    )
    reason: _Text = Field(description="What changed.")
    evidence: _Text = Field(description="Name of the evidence file.")
    evidence_base64: Annotated[bytes, BeforeValidator(_decoded)] | None = Field(
        None, description="Its content, at most 10 MiB.", json_schema_extra={"type": "string"}
    )
    evidence_sha256: str | None = Field(None, description="Its SHA-256, 64 hex digits.")
    author: str = Field(
        "", description="Who enters it; a personal key says that itself.", max_length=500
    )
    approver: str = Field(
        "", description="Who approved it, another person; empty: it waits.", max_length=500
    )


class NewDecision(_Posted):
    kind: DecisionKind = Field(description="approved or withdrawn.")
    by: str = Field(
        "",
        description="Who decided, for an approval not the author; a personal key says that itself.",
        max_length=500,
    )
    reason: str = Field("", description="Why; a withdrawal needs it.", max_length=2_000)


def example_of(model: type[BaseModel], example: dict[str, Any]) -> dict[str, Any]:
    """The description of a body that is read by hand, for the reference."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    schema.pop("$defs", None)
    content = {"application/json": {"schema": schema, "example": example}}
    return {"requestBody": {"required": True, "content": content}}
