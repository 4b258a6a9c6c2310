"""The completeness board as this process knows it: read again only where something changed."""

import threading
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from api.views import BOARD, said_of_view
from domain.calendar import Month
from domain.registry import Registry
from processing.quality.board import Board, BoardColumns, Computed
from store.ledger.port import Ledger
from store.readings.port import ReadingStore

HEARD_EVERY_S = 10.0
"""So old the times of the last readings may be; a device is stale after minutes at the least."""


@dataclass(frozen=True)
class _Known:
    """What was made of one version of the results (`versions`: of each institution's) and one
    registry."""

    version: str
    versions: Mapping[str, str]
    registry: Registry
    columns: BoardColumns


class KnownBoard:
    """Each institution's latest month, device by device, and when each device was last heard.

    For any thread. Raises StoreUnavailableError when a store does not answer.
    """

    def __init__(
        self, store: ReadingStore, ledger: Ledger, *, heard_every_s: float = HEARD_EVERY_S
    ) -> None:
        self._store, self._ledger = store, ledger
        self._heard_every_s = heard_every_s
        self._known: _Known | None = None
        self._heard: tuple[float, Mapping[str, int]] | None = None
        # Held over I/O: who waits would have to read the same.
        self._reading = threading.Lock()
        self._hearing = threading.Lock()

    def latest(self, registry: Registry, now: datetime, institutions: Collection[str]) -> Board:
        """The board of each institution's latest month: results of now, last readings of the last
        HEARD_EVERY_S seconds."""
        heard = self.last_heard()
        everybody = institutions is registry.institution_by_id
        columns = self._newest(registry).columns
        return columns.board(heard, now, None if everybody else institutions)

    def of_month(
        self, registry: Registry, now: datetime, institutions: Collection[str], month: Month
    ) -> Board | None:
        """As `latest`, of those that have this month or none at all; None where one of the
        institutions has a later one, of which alone something is known here."""
        heard = self.last_heard()
        columns = self._newest(registry).columns
        latest = {i: columns.months[i].month for i in institutions if i in columns.months}
        if any(m > month for m in latest.values()):
            return None
        return columns.board(heard, now, [i for i in institutions if latest.get(i, month) == month])

    def last_heard(self) -> Mapping[str, int]:
        """The time of each device's last reading in ms, of whatever quantity, as of the last
        HEARD_EVERY_S seconds. One asks, while others go on with what is known."""
        heard = self._heard
        if heard is not None and time.monotonic() - heard[0] < self._heard_every_s:
            return heard[1]
        if not self._hearing.acquire(blocking=heard is None) and heard is not None:
            return heard[1]
        try:
            if self._heard is not heard and self._heard is not None:
                return self._heard[1]  # somebody asked while we waited
            asked_at = time.monotonic()
            found = self._store.last_heard()
            self._heard = asked_at, found
            return found
        finally:
            self._hearing.release()

    def _newest(self, registry: Registry) -> _Known:
        version = self._ledger.results_version()
        known = self._known
        if known is not None and known.version == version and known.registry is registry:
            return known
        with self._reading:
            # The version first: a change in between is read once more, never missed.
            version = self._ledger.results_version()
            known = self._known
            if known is None or known.version != version or known.registry is not registry:
                known = self._known = self._read(version, registry, known)
            return known

    def _read(self, version: str, registry: Registry, known: _Known | None) -> _Known:
        versions = self._ledger.results_versions()
        of_those: set[str] | None = None
        if known is not None:
            of_those = {i for i, _ in versions.items() ^ known.versions.items()}
        changed: dict[str, Computed | None] = dict.fromkeys(of_those or ())
        if of_those is None or of_those:
            for row in self._ledger.latest_shown(BOARD, of_those):
                said = said_of_view(row.body)
                changed[row.institution] = Computed(Month.parse(row.month), said)
        if known is not None and known.registry is registry:
            return _Known(version, versions, registry, known.columns.with_months(changed))
        months = {**({} if known is None else known.columns.months), **changed}
        there = {i: computed for i, computed in months.items() if computed is not None}
        return _Known(version, versions, registry, BoardColumns(registry, months=there))
