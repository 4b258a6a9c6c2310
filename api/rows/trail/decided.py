"""Bodies of what somebody decides about a month, and rows of what came of it."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from api.rows.base import Row
from domain.calendar import YEARS_ASKED, month_pattern
from domain.contracts.issued import Side
from store.ledger.port import Refusal, Revision

ONE_MONTH = f"^{month_pattern(YEARS_ASKED)}$"
_BY = "In whose name, with the installation's key; a personal key says that itself."
_DIGEST = "Digest of what was looked at (`waiting_digest`); something else by now is not signed."


class NewClosing(BaseModel):
    """Close a month: what keeps it open is waived by the caller, each check by its code."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    waive: dict[str, str] = Field({}, description="By code of a check, why it is let go.")
    reason: str = Field("", description="What there is to say.", max_length=2_000)
    by: str = Field("", description=_BY, max_length=500)
    digest: str = Field("", description=_DIGEST, max_length=64)


class NewRestatement(NewClosing):
    """Approve what waits as the next revision, or refuse it: then the signed one stays."""

    decision: Literal["approved", "refused"] = Field(description="approved or refused.")


class NewStatement(BaseModel):
    """Issue the statement of a contract's month."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    contract: str = Field(description="The contract or bundle.", max_length=200)
    month: str = Field(description="YYYY-MM.", pattern=ONE_MONTH)
    by: str = Field("", description=_BY, max_length=500)


class NewWord(NewStatement):
    """What a side says of a statement: it signs, or refuses and says why."""

    number: int = Field(1, description="Which statement of the month.", ge=1, le=10**6)
    side: Side = Field(description="For whom: the caller's own side.")
    decision: Literal["signed", "refused"] = Field(description="signed or refused.")
    reason: str = Field("", description="Why; a refusal needs it.", max_length=2_000)


class SignedRow(Row):
    """What came of a decision: the revision that stands."""

    institution: str = Field(description="Institution id.")
    month: str = Field(description="YYYY-MM.")
    decision: str = Field(description="closed, approved or refused.")
    revision: int = Field(description="Number of the revision that stands now.")
    digest: str = Field(description="Its digest; of a refusal, that of what was refused.")
    signed_by: str = Field(description="Who decided.")
    reason: str = Field(description="Why.")
    at: datetime = Field(description="When, UTC.")


def signed_row(one: Revision, decision: str) -> SignedRow:
    return SignedRow(
        institution=one.institution,
        month=str(one.month),
        decision=decision,
        revision=one.number,
        digest=one.digest,
        signed_by=one.signed_by,
        reason=one.reason,
        at=one.closed_at,
    )


def refused_row(one: Refusal) -> SignedRow:
    return SignedRow(
        institution=one.institution,
        month=str(one.month),
        decision="refused",
        revision=one.revision,
        digest=one.digest,
        signed_by=one.by,
        reason=one.reason,
        at=one.at,
    )
