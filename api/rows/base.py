"""What all rows of the answers are made of. Units and meanings come from the domain's tables.

Every field that carries a physical number says its unit in its description. A value that
could not be said is null; missing is never 0.
"""

import math
from collections.abc import Callable
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from domain.calendar import Month
from domain.figures import Shares
from domain.figures.names import FIGURE_NAMES
from domain.places import Institution, Origin
from store.ledger.port import MonthState, MonthStatus

Wanted = Callable[[str, str], bytes | None]
"""Name and subject of a figure → what its row ends with (mostly nothing); None: left out."""

UNITS = "see /v1/figure-names for the unit of every name"


def unit_text(unit: str) -> str:
    """A unit for a description; the unit "1" is spelled out."""
    return "no unit (a ratio or count)" if unit == "1" else f"in {unit}"


def figure_field(name: str, note: str = "") -> Any:
    """A field that holds the figure `name`: meaning and unit from the table."""
    entry = FIGURE_NAMES[name]
    tail = f" {note}" if note else ""
    return Field(
        None,
        description=f"{entry.en} · {entry.zh}, {unit_text(entry.unit)}.{tail} null: not known.",
        json_schema_extra={"unit": entry.unit},
    )


def number_field(meaning: str, unit: str, default: Any = None) -> Any:
    """A field that holds a number the tables do not name, e.g. a device's capacity."""
    return Field(
        default,
        description=f"{meaning}, {unit_text(unit)}.",
        json_schema_extra={"unit": unit},
    )


def unit_of(name: str) -> str:
    """The unit of a figure name; "1" for one that is not in the table (an older result)."""
    return FIGURE_NAMES[name].unit if name in FIGURE_NAMES else "1"


def finite(value: float | None) -> float | None:
    """The value, or None where it is no number: JSON has none, and it is not known."""
    return value if value is not None and math.isfinite(value) else None


class Row(BaseModel):
    model_config = ConfigDict(frozen=True, ser_json_inf_nan="null")


class PlaceRow(Row):
    institution: str = Field(description="Institution id.", examples=["cam-b7"])
    institution_name_zh: str = Field(description="Institution name in Chinese.")
    institution_name_en: str = Field(description="Institution name in English.")
    origin: Origin = Field(
        description="Where the institution's data comes from: measured (a replayed archive), "
        "simulated, or live devices."
    )


def place_fields(institution: Institution) -> dict[str, Any]:
    """The fields of a PlaceRow."""
    return {
        "institution": institution.id,
        "institution_name_zh": institution.name_zh,
        "institution_name_en": institution.name_en,
        "origin": institution.origin,
    }


class MonthRow(PlaceRow):
    month: str = Field(description="Local calendar month.", examples=["2019-03"])
    start_at: datetime = Field(description="Start of the month, UTC.")
    end_at: datetime = Field(description="End of the month, UTC, excluded.")
    state: MonthState = Field(
        description="open: recomputed as data comes; closed: frozen as `revision`; "
        "restatement_pending: closed, and a correction waits for approval."
    )
    revision: int = Field(description="Number of the signed revision; 0 means never closed.")


def month_fields(
    institution: Institution, month: Month, status: MonthStatus | None
) -> dict[str, Any]:
    """The fields of a MonthRow; `status` None: it was never closed."""
    start_at, end_at = month.interval(institution.timezone)
    return {
        **place_fields(institution),
        "month": str(month),
        "start_at": start_at,
        "end_at": end_at,
        "state": status.state if status else "open",
        "revision": status.revision if status else 0,
    }


class EvidenceRow(MonthRow):
    measured_share: float | None = number_field("Share of the time that was measured, 0 to 1", "1")
    estimated_share: float | None = number_field(
        "Share of the time that was estimated, 0 to 1", "1"
    )
    missing_share: float | None = number_field("Share of the time without a value, 0 to 1", "1")
    method: str = Field(description="How it was computed, with a version; several by '; '.")
    findings: str = Field(description="Codes of what to know, by ', '; texts: /v1/findings.")


def shares_fields(shares: Shares | None) -> dict[str, Any]:
    """The three shares; null where there are none."""
    return {
        "measured_share": finite(shares.measured) if shares else None,
        "estimated_share": finite(shares.estimated) if shares else None,
        "missing_share": finite(shares.missing) if shares else None,
    }
