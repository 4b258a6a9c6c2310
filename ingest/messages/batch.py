"""One batch of messages: decode, judge, store, keep aside. No network, no threads."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from domain.errors import PayloadError
from domain.judge import Judge, Refusal
from domain.readings import Reading, Run
from ingest.decode.base import Decoded, Reject
from ingest.messages.first_arrivals import Arrivals
from ingest.messages.message import Message
from ingest.messages.router import Router
from store.aside import AsideBatch, keep
from store.ledger.kept import ROOM, Room
from store.ledger.port import Ledger
from store.readings.port import ReadingStore, WriteResult

T = TypeVar("T")


class Persistently(Protocol):
    """Makes a call to a store again until it is not unavailable."""

    def __call__(self, call: Callable[[], T], /) -> T: ...


def once(call: Callable[[], T], /) -> T:
    """Makes the call and lets StoreUnavailableError through."""
    return call()


@dataclass(slots=True)
class DecodedMessages:
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
    """Messages with readings that have no time of their own."""
    retained: list[Message] = field(default_factory=list)
    """Such messages that the broker had retained: they are no readings. Once a topic."""
    retained_untimed: int = 0
    """How many readings these would have been."""
    frames: list[tuple[str, int]] = field(default_factory=list)
    """Devices and the numbers of their radio frames."""
    gateways: dict[str, str] = field(default_factory=dict)
    """Which gateway each topic belongs to, of those that belong to one."""
    doubtful: list[int] | None = None
    """Positions of the runs to judge reading by reading; None while nobody has looked."""

    def replace(self, i: int, message: Message) -> None:
        """Message `i` is another from now on; the list that was given stays as it is."""
        if message is not self.messages[i]:
            self.messages = [*self.messages]
            self.messages[i] = message

    def add(self, other: "DecodedMessages") -> None:
        """Put what later messages say behind it."""
        if self.doubtful is None or other.doubtful is None:
            self.doubtful = None
        else:
            self.doubtful += [len(self.runs) + i for i in other.doubtful]
        self.messages += other.messages
        self.runs += other.runs
        self.topics += other.topics
        self.payload_bytes += other.payload_bytes
        self.firsts_ms += other.firsts_ms
        self.wrong += other.wrong
        self.untimed += other.untimed
        self.undated += other.undated
        self.retained += other.retained
        self.retained_untimed += other.retained_untimed
        self.frames += other.frames
        self.gateways |= other.gateways

    def halves(self) -> "list[DecodedMessages]":
        """The same in two parts, or none if it is but one reading, or one thing that is wrong.

        What is only counted is left out: it is counted already, or not worth failing for.
        """
        if len(self.runs) + len(self.wrong) > 1:
            i, j = len(self.runs) // 2, len(self.wrong) // 2
            cut = [(slice(i), slice(j)), (slice(i, None), slice(j, None))]
            return [
                DecodedMessages(
                    runs=self.runs[a],
                    topics=self.topics[a],
                    wrong=self.wrong[b],
                    gateways=self.gateways,
                )
                for a, b in cut
            ]
        if self.runs and len(self.runs[0].at_ms) > 1:
            run, k = self.runs[0], len(self.runs[0].at_ms) // 2
            return [
                DecodedMessages(
                    runs=[run._replace(at_ms=run.at_ms[part], value=run.value[part])],
                    topics=self.topics,
                    gateways=self.gateways,
                )
                for part in (slice(k), slice(k, None))
            ]
        return []


def decode_messages(
    messages: list[Message],
    router: Router,
    max_payload_bytes: int,
    arrivals: Arrivals | None = None,
) -> DecodedMessages:
    """What the messages say; of those that cannot be read, why. `arrivals` keeps apart those
    that have no time of their own."""
    decoded = DecodedMessages(messages, payload_bytes=sum([len(m.payload) for m in messages]))
    for i, message in enumerate(messages):
        payload = message.payload
        try:
            if len(payload) > max_payload_bytes:
                raise PayloadError(
                    "too_long", f"{len(payload)} bytes; up to {max_payload_bytes} are read"
                )
            said = router.decode(message.topic, payload, message.arrived_at_ms)
            runs, rejects, untimed, _, frame = said
            if untimed:
                message, said = _undated(decoded, message, said, router, arrivals)
                runs, rejects, untimed, _, frame = said
                decoded.replace(i, message)
        except PayloadError as error:
            # Not the one that was raised: its traceback holds this call with everything decoded,
            # a circle that lives until the garbage collector looks, which it seldom does here.
            decoded.wrong.append((message, PayloadError(error.code, error.detail)))
            continue
        if runs:
            decoded.firsts_ms.append(runs[0].at_ms[0])
            decoded.runs += runs
            decoded.topics += [message.topic] * len(runs)
        if rejects:
            decoded.wrong += [(message, reject) for reject in rejects]
        if frame:
            decoded.frames.append(frame)
        if untimed:
            decoded.untimed += untimed
            decoded.undated.append(message)
    # Once a topic, not once a message: this is the busiest loop of a collector.
    decoded.gateways = {t: g for t in set(decoded.topics) if (g := router.gateway_of(t))}
    return decoded


def _undated(
    into: DecodedMessages,
    message: Message,
    said: Decoded,
    router: Router,
    arrivals: Arrivals | None,
) -> tuple[Message, Decoded]:
    """A message without a time of its own, and what it says at the time it is given.

    Nobody knows when a retained message was sent: only what says its time is left of it.
    """
    at_ms = message.arrived_at_ms
    if message.retained:
        into.retained_untimed += said.untimed
        if arrivals is None or arrivals.new_topic(message.topic):
            into.retained.append(message)
        elsewhen = router.decode(message.topic, message.payload, at_ms + 1_000)
        same = [a for a, b in zip(said.runs, elsewhen.runs, strict=True) if a == b]
        return message, said._replace(runs=same, rejects=[], untimed=0)
    if arrivals is None:
        return message, said
    span_ms = max(max(run.at_ms) for run in said.runs) - at_ms
    own_ms = arrivals.own_ms(message, min(span_ms, 60_000))
    if own_ms == at_ms:
        return message, said
    message = message._replace(arrived_at_ms=own_ms)
    return message, router.decode(message.topic, message.payload, own_ms)


def mark_doubtful(decoded: DecodedMessages, judge: Judge) -> list[int]:
    """Find what may be no reading; most of sorting a batch, and may be done before."""
    decoded.doubtful = judge.doubtful(decoded.runs)
    return decoded.doubtful


@dataclass(slots=True)
class Batch:
    """What messages said, sorted into what to store and what to keep aside."""

    decoded: DecodedMessages
    runs: Sequence[Run]
    """What to store."""
    aside: AsideBatch

    def lags_s(self, now_ms: int) -> list[float]:
        """From the first measurement of each message until now."""
        return [(now_ms - first_ms) / 1000 for first_ms in self.decoded.firsts_ms]

    def topic_finder(self) -> Callable[[Reading], str]:
        """A function that tells by which topic a reading came."""
        pairs = zip(self.decoded.runs, self.decoded.topics, strict=True)
        topics = {reading: topic for run, topic in pairs for reading in run.readings()}
        return lambda reading: topics.get(reading, "")


def sort_batch(decoded: DecodedMessages, judge: Judge) -> Batch:
    """Tell what may be stored from what is kept aside with its reason."""
    aside = AsideBatch(judge.now_ms)
    for message, what in decoded.wrong:
        aside.arrived(message.topic, message.payload, message.arrived_at_ms)
        if isinstance(what, Reject):
            aside.part(message.topic, message.payload, *what)
        else:
            aside.message(message.topic, message.payload, what)
    for message in decoded.retained:
        aside.counted(message.topic, "", Refusal("retained_untimed"), message.payload)
    doubtful = decoded.doubtful
    if doubtful is None:
        doubtful = mark_doubtful(decoded, judge)
    came, doubtful = _own(decoded, judge, doubtful, aside)
    runs, bad = judge.sort(came, doubtful)
    for position, reading, refusal in bad:
        aside.reading(decoded.topics[position], reading, refusal)
    return Batch(decoded, runs, aside)


def _own(
    decoded: DecodedMessages, judge: Judge, doubtful: list[int], aside: AsideBatch
) -> tuple[list[Run], list[int]]:
    """The runs without what gateways say of devices that are not theirs, which goes aside: such
    runs are empty then, and not doubtful."""
    if not decoded.gateways:
        return decoded.runs, doubtful
    came = decoded.runs
    strange = set()
    for position, (run, topic) in enumerate(zip(came, decoded.topics, strict=True)):
        gateway = decoded.gateways.get(topic)
        refusal = judge.foreign(run.device, gateway) if gateway else None
        if refusal is not None:
            strange.add(position)
            for reading in run.readings():
                aside.reading(topic, reading, refusal)
    if not strange:
        return came, doubtful
    nothing: tuple[int, ...] = ()
    own = [
        r._replace(at_ms=nothing, value=nothing) if i in strange else r for i, r in enumerate(came)
    ]
    # Judged reading by reading, an empty run is none.
    return own, sorted({*doubtful, *strange})


def write_batch(batch: Batch, store: ReadingStore, persistently: Persistently) -> WriteResult:
    """Store the readings durably; contradictions and refusals join what is to be kept aside."""
    if not batch.runs:
        return WriteResult(stored=0)
    result: WriteResult = persistently(lambda: store.write_runs(batch.runs))
    if result.conflicts or result.refused:
        batch.aside.unstored(result, batch.topic_finder())
    return result


def keep_batch(batch: Batch, ledger: Ledger, persistently: Persistently, room: Room = ROOM) -> None:
    """Keep aside durably what is no reading: counted, and whole as far as there is room."""
    entries, kept = batch.aside.entries(), batch.aside.kept()
    persistently(lambda: keep(ledger, entries, kept, room))
