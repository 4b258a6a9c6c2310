"""Which times of measurement are believed, wherever readings come in."""

from datetime import UTC, datetime

FUTURE_SKEW_S = 600
"""How far a device's clock may be ahead of ours."""

OLDEST_AT = datetime(2000, 1, 1, tzinfo=UTC)
"""Nothing was measured for us before; a clock that lost its battery says 1970."""
