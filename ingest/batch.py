"""One batch of messages: decode, validate, store, keep aside. No network, no threads."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from domain.errors import PayloadError
from domain.readings import Reading
from ingest.aside import AsideBatch
from ingest.mqtt_client import Message
from ingest.router import Router
from ingest.validate import Limits, validate
from store.ledger import Ledger
from store.readings import Directory, ReadingStore, WriteResult

T = TypeVar("T")


class Persistently(Protocol):
    """Makes a call to a store again until it is not unavailable."""

    def __call__(self, call: Callable[[], T], /) -> T: ...


def once(call: Callable[[], T], /) -> T:
    """Makes the call and lets StoreUnavailableError through."""
    return call()


@dataclass(slots=True)
class Batch:
    """What a batch of messages holds."""

    aside: AsideBatch
    said: list[Reading] = field(default_factory=list)
    """All readings of the messages, also those that may not be stored."""
    readings: Sequence[Reading] = ()
    """The readings to store."""
    origins: list[tuple[int, str]] = field(default_factory=list)
    """Where in `said` the readings of a message begin, and its topic."""
    untimed: int = 0

    def lags_s(self, now_ms: int) -> list[float]:
        """From the first measurement of each message until now."""
        firsts = {start for start, _ in self.origins if start < len(self.said)}
        return [(now_ms - self.said[start].at_ms) / 1000 for start in sorted(firsts)]

    def topic_at(self, position: int) -> str:
        """By which topic the reading at this position of `said` came."""
        return self.origins[bisect_right(self.origins, position, key=lambda o: o[0]) - 1][1]

    def topic_finder(self) -> Callable[[Reading], str]:
        """A function that tells by which topic a reading came."""
        position = {reading: i for i, reading in enumerate(self.said)}

        def topic_of(reading: Reading) -> str:
            at = position.get(reading)
            return "" if at is None else self.topic_at(at)

        return topic_of


def decode_batch(
    messages: Sequence[Message],
    router: Router,
    devices: Directory,
    limits: Limits,
    max_payload_bytes: int,
    now_ms: int,
) -> Batch:
    """Sort what the messages say into readings to store and entries to keep aside."""
    batch = Batch(AsideBatch(now_ms))
    said: list[Reading] = []
    for message in messages:
        topic, payload = message.topic, message.payload
        try:
            if len(payload) > max_payload_bytes:
                raise PayloadError(
                    "too_long", f"{len(payload)} bytes; up to {max_payload_bytes} are read"
                )
            decoded = router.decode(topic, payload, message.arrived_at_ms)
        except PayloadError as error:
            batch.aside.message(topic, payload, error)
            continue
        batch.origins.append((len(said), topic))
        said += decoded.readings
        batch.untimed += decoded.untimed
        for reject in decoded.rejects:
            batch.aside.part(topic, payload, reject)
    batch.said = said
    batch.readings, bad = validate(said, devices, limits, now_ms)
    for position, reject in bad:
        batch.aside.reading(batch.topic_at(position), said[position], reject)
    return batch


def write_batch(batch: Batch, store: ReadingStore, persistently: Persistently) -> WriteResult:
    """Store the readings durably; contradictions and refusals join what is to be kept aside."""
    if not batch.readings:
        return WriteResult(stored=0)
    result: WriteResult = persistently(lambda: store.write(batch.readings))
    if result.conflicts or result.refused:
        batch.aside.unstored(result, batch.topic_finder())
    return result


def keep_batch(batch: Batch, ledger: Ledger, persistently: Persistently, *, whole: bool) -> None:
    """Keep aside durably what is no reading; unless `whole`, it is only counted by reason."""
    entries = batch.aside.entries() if whole else batch.aside.sums()
    kept = batch.aside.kept() if whole else []
    if kept:
        persistently(lambda: ledger.keep_messages(kept))
    if entries:
        persistently(lambda: ledger.keep_aside(entries))
