"""What is believed and how much is kept aside, wherever readings come in."""

from datetime import UTC, datetime

from domain.judge import TimeLimits

TIME_LIMITS = TimeLimits(
    # Nothing was measured for us before; a clock that lost its battery says 1970.
    oldest_at=datetime(2000, 1, 1, tzinfo=UTC),
    # How far a device's clock may be ahead of ours.
    future_skew_s=600,
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
