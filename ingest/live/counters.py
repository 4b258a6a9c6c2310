"""What a collector has done, counted."""

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

LAG_BOUNDS_S = (0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 21_600.0, 86_400.0)
BATCH_BOUNDS_S = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0)


@dataclass(slots=True)
class Timed:
    """A histogram of durations: how many fell below each bound (and, last, beyond all)."""

    bounds_s: tuple[float, ...]
    counts: list[int] = field(default_factory=list)
    total_s: float = 0.0

    def __post_init__(self) -> None:
        self.counts = self.counts or [0] * (len(self.bounds_s) + 1)

    def observe(self, durations_s: Iterable[float]) -> None:
        for duration_s in durations_s:
            self.counts[bisect_left(self.bounds_s, duration_s)] += 1
            self.total_s += duration_s

    def copy(self) -> "Timed":
        return Timed(self.bounds_s, list(self.counts), self.total_s)

    def cumulated(self) -> list[tuple[str, float]]:
        """Bound and how many were at most that, as Prometheus has it."""
        so_far, found = 0, []
        for bound, count in zip((*map(str, self.bounds_s), "+Inf"), self.counts, strict=True):
            so_far += count
            found.append((bound, float(so_far)))
        return found


@dataclass(frozen=True, slots=True)
class Counts:
    """A snapshot. `rejected` is by reason; it counts values, or messages where nothing of one
    could be read. `stored` are new readings, `repeated` such as were there already.
    `unacknowledged` messages were received and wait for the store. `lag_s` is from the newest
    measurement of the last batch to its storage. `broker_dropped` is what the broker says it
    dropped since it started, None when it does not say. `spooled_messages` are acknowledged and
    wait on this machine's disk for the store. `missed_frames` are radio frames that did not arrive.
    `clock_ahead_s` is how far this machine's clock seems to be ahead of the devices'.
    `unlisted_gateways` speak while the registry names the gateway of no device.
    """

    received: int = 0
    acknowledged: int = 0
    unacknowledged: int = 0
    stale_acknowledgements: int = 0
    dropped_qos0: int = 0
    spooled_messages: int = 0
    spooled_bytes: int = 0
    stored: int = 0
    repeated: int = 0
    untimed: int = 0
    retained_untimed: int = 0
    missed_frames: int = 0
    batches: int = 0
    store_failures: int = 0
    connections: int = 0
    clock_ahead_s: int = 0
    unlisted_gateways: int = 0
    lag_s: float | None = None
    broker_dropped: int | None = None
    rejected: dict[str, int] = field(default_factory=dict)
    lags: Timed = field(default_factory=lambda: Timed(LAG_BOUNDS_S))
    batch_times: Timed = field(default_factory=lambda: Timed(BATCH_BOUNDS_S))

    @property
    def rejected_total(self) -> int:
        return sum(self.rejected.values())


class Counters:
    """Counts up from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._rejected: Counter[str] = Counter()
        self._lag_s: float | None = None
        self._broker_dropped: int | None = None
        self._spooled = (0, 0)
        self._shown: dict[str, int] = {}
        self._lags = Timed(LAG_BOUNDS_S)
        self._batch_times = Timed(BATCH_BOUNDS_S)

    def add(self, **amounts: int) -> None:
        with self._lock:
            self._counts.update(amounts)

    def reject(self, reasons: dict[str, int]) -> None:
        with self._lock:
            self._rejected.update(reasons)

    def batch(self, seconds: float, lags_s: list[float]) -> None:
        """A batch was stored; `lags_s` are those of its messages, the last one's last."""
        with self._lock:
            self._batch_times.observe([seconds])
            self._lags.observe(lags_s)
            if lags_s:
                self._lag_s = lags_s[-1]

    def broker_drops(self, messages: int) -> int:
        """What the broker says it dropped since it started; gives how many are new."""
        with self._lock:
            before, self._broker_dropped = self._broker_dropped, messages
            return 0 if before is None else max(0, messages - before)

    def spool(self, messages: int, size_bytes: int) -> None:
        """So much is in the spool now."""
        with self._lock:
            self._spooled = messages, size_bytes

    def show(self, **states: int) -> None:
        """How something stands now."""
        with self._lock:
            self._shown.update(states)

    def snapshot(self) -> Counts:
        with self._lock:
            counts = dict(self._counts)
            settled = counts.pop("settled", 0) + counts.get("dropped_qos0", 0)
            return Counts(
                lag_s=self._lag_s,
                broker_dropped=self._broker_dropped,
                spooled_messages=self._spooled[0],
                spooled_bytes=self._spooled[1],
                rejected=dict(self._rejected),
                lags=self._lags.copy(),
                batch_times=self._batch_times.copy(),
                unacknowledged=counts.get("received", 0) - settled,
                **counts,
                **self._shown,
            )
