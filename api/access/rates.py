"""How often who may ask: so many requests a key, a person, and an address that carries neither.

Each process counts what it answers itself: with several, somebody may ask as often at each of them.
"""

import math
import time

from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from api.problems import ProblemError
from domain.errors import ConfigError


class Rates:
    """`known` and `strangers` are limits as ``50/second; 1500/minute``; empty: none. Raises
    ConfigError for one that cannot be read. For one event loop."""

    def __init__(self, known: str, strangers: str) -> None:
        self._known, self._strangers = _parsed(known), _parsed(strangers)
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    def count(self, caller: str) -> None:
        """A request of a key or a person. Raises ProblemError 429 beyond what they may."""
        self._count(self._known, caller)

    def count_stranger(self, address: str) -> None:
        """A request from an address that came with nothing that holds. Raises ProblemError 429."""
        self._count(self._strangers, f"address {address}")

    def _count(self, limits: list[RateLimitItem], caller: str) -> None:
        # Of a request that is refused no window is any fuller, so that who waits comes in.
        for limit in limits:
            if not self._limiter.test(limit, caller):
                free_at = self._limiter.get_window_stats(limit, caller).reset_time
                wait_s = max(1, math.ceil(free_at - time.time()))
                raise ProblemError(
                    429,
                    "too_many_requests",
                    headers={"Retry-After": str(wait_s)},
                    limit=limit.amount,
                    period_s=limit.get_expiry(),
                    wait_s=wait_s,
                )
        for limit in limits:
            self._limiter.hit(limit, caller)


def _parsed(text: str) -> list[RateLimitItem]:
    try:
        return parse_many(text) if text.strip() else []
    except ValueError:
        raise ConfigError(
            f"{text!r} is no limit of requests: write 50/second; 1500/minute, or nothing for none"
        ) from None
