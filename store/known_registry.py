"""The ledger's registry as this process knows it, read again only when it has changed."""

import threading
import time
from collections.abc import Callable

from domain.registry import Registry
from store.ledger.port import Ledger

ASK_EVERY_S = 2.0


class KnownRegistry:
    """Asks the ledger for the registry's version, and reads the registry when that is another.

    One reads at a time, while others go on with what is known. `on_change` hears of every other
    registry before anybody here has it, so that a store learns new devices. For any thread.
    """

    def __init__(
        self, ledger: Ledger, on_change: Callable[[Registry], None] = lambda _: None
    ) -> None:
        self._ledger = ledger
        self._on_change = on_change
        # Held over what is in memory only, never while the ledger is asked.
        self._lock = threading.Lock()
        self._known: tuple[str, Registry] | None = None
        self._asked_at = float("-inf")
        self._read: threading.Event | None = None

    def get(self) -> Registry:
        """The registry as of the last ASK_EVERY_S seconds.

        One of the callers asks whether it has changed; only the very first wait for each other.
        Raises StoreUnavailableError when the ledger does not answer.
        """
        now = time.monotonic()
        with self._lock:
            if self._known is not None and now - self._asked_at <= ASK_EVERY_S:
                return self._known[1]
            known, self._asked_at = self._known, now
        return self._newest() if known is None else self._newest(known[1])

    def recent(self) -> Registry | None:
        """What is known, if it was asked for within ASK_EVERY_S seconds: nobody is asked here."""
        with self._lock:
            recent = time.monotonic() - self._asked_at <= ASK_EVERY_S
            return self._known[1] if recent and self._known is not None else None

    def fresh(self) -> Registry:
        """The registry of now, which costs a question of one row when it is known already.

        Those who ask at the same time for one that has changed wait for one reading of it.
        """
        return self._newest()

    def versioned(self) -> tuple[str, Registry]:
        """The registry of now, and a version that is not newer than it: for changes that are made
        only while it still holds."""
        self._newest()
        with self._lock:
            assert self._known is not None
            return self._known

    def version(self) -> str:
        """The version of what was last read; empty before that."""
        known = self._known
        return "" if known is None else known[0]

    def _newest(self, otherwise: Registry | None = None) -> Registry:
        """The registry of now; `otherwise` while another thread reads it."""
        version = self._ledger.registry_version()
        while True:
            with self._lock:
                if self._known is not None and self._known[0] == version:
                    return self._known[1]
                read = self._read
                if read is None:
                    mine = self._read = threading.Event()
                    break
            if otherwise is not None:
                return otherwise
            read.wait()
        try:
            # The version first: a change in between is read once more, never missed.
            version, registry = self._ledger.registry_version(), self._ledger.registry()
            self._on_change(registry)
            with self._lock:
                self._known = version, registry
            return registry
        finally:
            with self._lock:
                self._read = None
            mine.set()
