"""What is believed and how much is kept aside, wherever readings come in."""

from datetime import UTC, datetime

from domain.judge import TimeLimits

TIME_LIMITS = TimeLimits(
    # Nothing was measured for us before; a clock that lost its battery says 1970.
    oldest_at=datetime(2000, 1, 1, tzinfo=UTC),
    # How far a device's clock may be ahead of ours.
    future_skew_s=600,
)

KEPT_MESSAGES_MAX = 500_000
"""When so many messages are kept aside, further ones are only counted."""

KEPT_POSTED_BYTES = 256 << 20
"""How much of what was refused over HTTP is kept aside, so that no key can fill the disk."""
