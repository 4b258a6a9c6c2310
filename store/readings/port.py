"""The port of the reading store. Adapters: `store.readings.sqlite`, `store.readings.influx`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, Protocol

from domain.readings import Reading, Run, Series

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray


class DeviceTags(NamedTuple):
    """What the engine files a device's readings under: ``("meter", "b7")``."""

    device_class: str
    institution: str
    gateway: str | None = None
    """Whose word is taken for it besides its own; None: any gateway's. Not filed."""


Directory = Mapping[str, DeviceTags]
"""Device id → its tags. Every device in a written batch must be in it."""


class Conflict(NamedTuple):
    """A reading that contradicts the one already stored for its series and time."""

    reading: Reading
    stored_value: float


@dataclass(frozen=True, slots=True)
class WriteResult:
    """What became of a batch: `stored` new readings, `repeated` ones already there with the
    same value, `conflicts` kept out (the stored value stays), `refused` by the engine itself
    with its reason. The four add up to the batch.
    """

    stored: int
    repeated: int = 0
    conflicts: tuple[Conflict, ...] = ()
    refused: tuple[tuple[Reading, str], ...] = ()


class SeriesArrays(NamedTuple):
    """The readings of one series, sorted by time: milliseconds since the epoch, and values."""

    series: Series
    at_ms: "NDArray[np.int64]"
    value: "NDArray[np.float64]"


class ReadingStore(Protocol):
    """Raw readings, written once and never rewritten.

    Every method raises StoreUnavailableError when the engine cannot answer now; a batch whose
    write raised may be written again in full at any time. Intervals are half-open
    ``[start, end)`` of aware UTC instants. Times in frames are ``datetime64[ms, UTC]``.
    """

    def write(self, readings: Sequence[Reading]) -> WriteResult:
        """Store a batch durably: when this returns, it survives the death of the process."""
        ...

    def write_runs(self, runs: Sequence[Run]) -> WriteResult:
        """As `write`, of readings that come series by series; a series may come repeatedly."""
        ...

    def read(self, series: Sequence[Series], start: datetime, end: datetime) -> "pd.DataFrame":
        """Readings of the series: columns device, quantity, at, value; sorted by these.

        Empty (with the columns) when there is none. Series never seen are simply absent.
        """
        ...

    def scan(
        self, series: Sequence[Series], start: datetime, end: datetime
    ) -> Iterator[SeriesArrays]:
        """As `read`, one series after another in the order asked for: many readings in little
        memory. A series without a reading comes with empty arrays."""
        ...

    def count(self, series: Sequence[Series], start: datetime, end: datetime, most: int) -> int:
        """How many readings the series have; who finds more than `most` may stop counting."""
        ...

    def latest(self, series: Sequence[Series] | None = None) -> "pd.DataFrame":
        """The last reading of each series (of all when None): columns as in `read`."""
        ...

    def last_heard(self) -> dict[str, int]:
        """When each device was last heard, of whatever quantity: milliseconds since the epoch.
        What `latest` says too, without a table of all series. Devices never heard are absent."""
        ...

    def registers_at(
        self, series: Sequence[Series], instants: Sequence[datetime]
    ) -> "pd.DataFrame":
        """The readings around each instant, found by the engine without a scan.

        Columns device, quantity, instant, before_at, before_value (last at or before the
        instant), after_at, after_value (first at or after it); NaT and NaN where there is
        none. One row for every series and instant, in the order given.
        """
        ...

    def series(self, only: Sequence[Series] | None = None) -> "pd.DataFrame":
        """Every series, or those of `only` that hold anything: columns device, quantity, readings
        (count), first_at, last_at. Counting reads all of them: ask for a page."""
        ...

    def probe(self) -> None:
        """Write something that is no reading, and read it. Raises StoreUnavailableError that
        says what keeps readings from being stored, or stored ones from being read."""
        ...

    def close(self) -> None:
        """Release the engine; the store cannot be used afterwards."""
        ...
