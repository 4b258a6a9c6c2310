"""One batch of messages: decode, validate, store, keep aside. No network, no threads."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from domain.errors import PayloadError
from domain.readings import Reading, Run
from ingest.aside.kept_aside import AsideBatch
from ingest.decode.base import Reject
from ingest.judge import Limits, doubtful, validate
from ingest.live.mqtt_client import Message
from ingest.live.router import Router
from store.ledger.port import Ledger
from store.readings.port import Directory, ReadingStore, WriteResult

T = TypeVar("T")


class Persistently(Protocol):
    """Makes a call to a store again until it is not unavailable."""

    def __call__(self, call: Callable[[], T], /) -> T: ...


def once(call: Callable[[], T], /) -> T:
    """Makes the call and lets StoreUnavailableError through."""
    return call()


@dataclass(slots=True)
class Heard:
    """What some messages say, whether it may be stored or not."""

    messages: list[Message] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    topics: list[str] = field(default_factory=list)
    """By which topic each run came."""
    payload_bytes: int = 0
    firsts_ms: list[int] = field(default_factory=list)
    """The first measurement of each message that has one."""
    wrong: list[tuple[Message, PayloadError | Reject]] = field(default_factory=list)
    """Messages that cannot be read, wholly (PayloadError) or in part."""
    untimed: int = 0
    undated: list[Message] = field(default_factory=list)
    """Messages with readings that have no time of their own (not carried over by `add`)."""
    frames: list[tuple[str, int]] = field(default_factory=list)
    """Devices and the numbers of their radio frames."""
    suspects: list[int] | None = None
    """Positions of the doubtful runs; None while nobody has looked."""

    def add(self, other: "Heard") -> None:
        """Put what later messages say behind it."""
        if self.suspects is None or other.suspects is None:
            self.suspects = None
        else:
            self.suspects += [len(self.runs) + i for i in other.suspects]
        self.messages += other.messages
        self.runs += other.runs
        self.topics += other.topics
        self.payload_bytes += other.payload_bytes
        self.firsts_ms += other.firsts_ms
        self.wrong += other.wrong
        self.untimed += other.untimed
        self.frames += other.frames


def hear(messages: list[Message], router: Router, max_payload_bytes: int) -> Heard:
    """Decode messages."""
    heard = Heard(messages, payload_bytes=sum([len(m.payload) for m in messages]))
    for message in messages:
        payload = message.payload
        try:
            if len(payload) > max_payload_bytes:
                raise PayloadError(
                    "too_long", f"{len(payload)} bytes; up to {max_payload_bytes} are read"
                )
            decoded = router.decode(message.topic, payload, message.arrived_at_ms)
        except PayloadError as error:
            heard.wrong.append((message, error))
            continue
        runs, rejects, untimed, _, frame = decoded
        if runs:
            heard.firsts_ms.append(runs[0].at_ms[0])
            heard.runs += runs
            heard.topics += [message.topic] * len(runs)
        if rejects:
            heard.wrong += [(message, reject) for reject in rejects]
        if frame:
            heard.frames.append(frame)
        if untimed:
            heard.untimed += untimed
            heard.undated.append(message)
    return heard


def look(heard: Heard, devices: Directory, limits: Limits, now_ms: int) -> list[int]:
    """Find what of it may not be storable; most of sorting a batch, and may be done before."""
    heard.suspects = doubtful(heard.runs, devices, limits, now_ms)
    return heard.suspects


@dataclass(slots=True)
class Batch:
    """What was heard, sorted into what to store and what to keep aside."""

    heard: Heard
    runs: Sequence[Run]
    """What to store."""
    aside: AsideBatch

    def lags_s(self, now_ms: int) -> list[float]:
        """From the first measurement of each message until now."""
        return [(now_ms - first_ms) / 1000 for first_ms in self.heard.firsts_ms]

    def topic_finder(self) -> Callable[[Reading], str]:
        """A function that tells by which topic a reading came."""
        pairs = zip(self.heard.runs, self.heard.topics, strict=True)
        topics = {reading: topic for run, topic in pairs for reading in run.readings()}
        return lambda reading: topics.get(reading, "")


def sort_batch(heard: Heard, devices: Directory, limits: Limits, now_ms: int) -> Batch:
    """Tell what may be stored from what is kept aside with its reason."""
    aside = AsideBatch(now_ms)
    for message, what in heard.wrong:
        if isinstance(what, Reject):
            aside.part(message.topic, message.payload, what)
        else:
            aside.message(message.topic, message.payload, what)
    suspects = heard.suspects
    if suspects is None:
        suspects = look(heard, devices, limits, now_ms)
    runs, bad = validate(heard.runs, suspects, devices, limits, now_ms)
    for position, reading, reject in bad:
        aside.reading(heard.topics[position], reading, reject)
    return Batch(heard, runs, aside)


def write_batch(batch: Batch, store: ReadingStore, persistently: Persistently) -> WriteResult:
    """Store the readings durably; contradictions and refusals join what is to be kept aside."""
    if not batch.runs:
        return WriteResult(stored=0)
    result: WriteResult = persistently(lambda: store.write_runs(batch.runs))
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
