"""A correction: what somebody says a reading should have been, and why."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """Stands for the raw reading of a device and quantity at `at_ms`, which stays stored.

    `at_ms` as in Reading. `value` is in the quantity's unit; None leaves the reading out. Where
    no reading was, a value adds one. `entered_at` is an aware UTC instant.
    """

    device: str
    quantity: str
    at_ms: int
    value: float | None
    author: str
    reason: str
    entered_at: datetime
