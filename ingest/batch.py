"""One batch of messages: decode, validate, store, keep aside. No network, no threads."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from domain.errors import PayloadError
from domain.readings import Reading
from ingest.aside import AsideBatch
from ingest.mqtt_client import Message
from ingest.router import Router
from ingest.validate import Limits, validate
from store.ledger import Ledger
from store.readings import Directory, ReadingStore, WriteResult


@dataclass(slots=True)
class Batch:
    """What a batch of messages holds."""

    aside: AsideBatch
    readings: list[Reading] = field(default_factory=list)
    topics: list[tuple[int, str]] = field(default_factory=list)
    """Where in `readings` those of a message begin, and its topic."""
    untimed: int = 0


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
        good, bad = validate(decoded.readings, devices, limits, now_ms)
        batch.topics.append((len(batch.readings), topic))
        batch.readings += good
        batch.untimed += decoded.untimed
        for reject in decoded.rejects:
            batch.aside.part(topic, payload, reject)
        for _, reject in bad:
            batch.aside.part(topic, payload, reject)
    return batch


def topic_finder(batch: Batch) -> Callable[[Reading], str]:
    """By which topic a reading of the batch came."""
    position = {reading: i for i, reading in enumerate(batch.readings)}
    starts = [start for start, _ in batch.topics]

    def topic_of(reading: Reading) -> str:
        at = position.get(reading)
        return "" if at is None else batch.topics[bisect_right(starts, at) - 1][1]

    return topic_of


def store_batch(
    batch: Batch,
    store: ReadingStore,
    ledger: Ledger,
    persistently: Callable[[Callable[[], object]], object],
) -> WriteResult:
    """Store the readings, then what is kept aside; when this returns, both are durable."""
    result = WriteResult(stored=0)
    if batch.readings:
        answer = persistently(lambda: store.write(batch.readings))
        assert isinstance(answer, WriteResult)
        result = answer
        if result.conflicts or result.refused:
            batch.aside.unstored(result, topic_finder(batch))
    entries = list(batch.aside.entries())
    if entries:
        persistently(lambda: ledger.keep_aside(entries))
    return result
