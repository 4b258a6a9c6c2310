"""What is believed and how much is kept aside, wherever readings come in."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from config.factors import table
from domain.errors import ConfigError
from domain.judge import TimeLimits
from domain.quantities import QUANTITIES


def value_limits(rows: Iterable[Mapping[str, Any]]) -> dict[str, tuple[float, float]]:
    """Least and greatest value by quantity, of the rows of `config/tables/limits.toml`; of
    several rows of a quantity, the one that began last. Raises ConfigError."""
    found: dict[str, tuple[float, float]] = {}
    for row in sorted(rows, key=lambda r: r.get("valid_from", date.min)):
        try:
            low, high = float(row["minimum"]), float(row["maximum"])
            well = row["quantity"] in QUANTITIES and row["source"] and row["valid_from"]
        except (KeyError, TypeError, ValueError):
            well = False
        if not well or not low < high:
            raise ConfigError(
                f"limits.toml: {dict(row)} needs quantity, minimum < maximum, source and valid_from"
            )
        found[row["quantity"]] = low, high
    if missing := QUANTITIES.keys() - found.keys():
        raise ConfigError(f"limits.toml: add a row for {min(missing)}")
    return found


def value_markers(rows: Iterable[Mapping[str, Any]]) -> dict[str, frozenset[float]]:
    """What devices send for "no value", by quantity: of the rows that `value_limits` takes."""
    found: dict[str, frozenset[float]] = {}
    for row in sorted(rows, key=lambda r: r.get("valid_from", date.min)):
        marks = row.get("markers", [])
        if not isinstance(marks, list) or not all(isinstance(m, int | float) for m in marks):
            raise ConfigError(f"limits.toml: {dict(row)} needs a list of numbers as its markers")
        found[row["quantity"]] = frozenset(map(float, marks))
    return {quantity: marks for quantity, marks in found.items() if marks}


VALUE_LIMITS = value_limits(table("limits", "limit"))
"""Least and greatest value of every quantity, both included."""

TIME_LIMITS = TimeLimits(
    # Nothing was measured for us before; a clock that lost its battery says 1970.
    oldest_at=datetime(2000, 1, 1, tzinfo=UTC),
    # How far a device's clock may be ahead of ours.
    future_skew_s=600,
    values=VALUE_LIMITS,
    markers=value_markers(table("limits", "limit")),
)

# What is kept aside is kept whole while there is room; beyond that it is counted, and shown.
KEPT_MESSAGES = 500_000
KEPT_BYTES = 1 << 30
"""In all."""
KEPT_SOURCE_BYTES = 128 << 20
"""Of one topic, or of what one key was granted, so that none takes the room of the others."""

ASIDE_GROUPS = 10_000
ASIDE_SOURCE_GROUPS = 1_000
"""So many groups (source, reason, device) are told apart, in all and of one source; further
devices of a source are counted together, and further sources."""

EVIDENCE_BYTES = 2 << 30
"""Of all evidence files together."""
EVIDENCE_INSTITUTION_BYTES = 200 << 20
"""Of the evidence files of one institution: twenty of the largest."""
