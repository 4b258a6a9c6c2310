"""Where the months of the ledger stand."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from domain.calendar import Month

MonthState = Literal["open", "closed", "restatement_pending"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthStatus:
    """Where a month of an institution stands. `revision` 0 means never closed."""

    institution: str
    month: Month
    state: MonthState
    revision: int
    digest: str
    computed_at: datetime
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """A revision of a month without what it says: who signed which digest, and when."""

    institution: str
    month: Month
    number: int
    digest: str
    signed_by: str
    closed_at: datetime
