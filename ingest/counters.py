"""What a collector has done, counted."""

import threading
from collections import Counter
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Counts:
    """A snapshot. `rejected` is by reason; it counts values, or messages where nothing of one
    could be read. `stored` are new readings, `repeated` such as were there already.
    `unacknowledged` messages were received and wait for the store.
    `lag_s` is from the newest measurement of the last batch to its storage.
    """

    received: int = 0
    acknowledged: int = 0
    unacknowledged: int = 0
    stale_acknowledgements: int = 0
    dropped_qos0: int = 0
    stored: int = 0
    repeated: int = 0
    untimed: int = 0
    batches: int = 0
    store_failures: int = 0
    connections: int = 0
    lag_s: float | None = None
    rejected: dict[str, int] = field(default_factory=dict)

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

    def add(self, **amounts: int) -> None:
        with self._lock:
            self._counts.update(amounts)

    def reject(self, reasons: dict[str, int]) -> None:
        with self._lock:
            self._rejected.update(reasons)

    def lag(self, lag_s: float) -> None:
        with self._lock:
            self._lag_s = lag_s

    def snapshot(self) -> Counts:
        with self._lock:
            counts = dict(self._counts)
            settled = counts.pop("settled", 0) + counts.get("dropped_qos0", 0)
            return Counts(
                lag_s=self._lag_s,
                rejected=dict(self._rejected),
                unacknowledged=counts.get("received", 0) - settled,
                **counts,
            )
