"""Running a scenario against a broker: backfill as fast as taken, then live."""

import heapq
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from domain.calendar import to_ms
from simulators.devices.block import Block, Incident, Message, Site
from simulators.faults.bad_messages import bad_messages
from simulators.faults.kinds import LINE_KINDS
from simulators.scenarios import Scenario
from simulators.scenarios.timeline import Piece, Timeline
from simulators.sending.device_line import DeviceLine
from simulators.sending.publish import Publisher
from simulators.truth.sent_file import SentFile
from simulators.truth.truth_book import TruthBook, about

Progress = Callable[[int, int], None]
"""Called with readings acknowledged so far and readings planned (about)."""


Hold = Callable[[int], None]
"""Called with the messages published so far before each further one; returns when it may go."""


@dataclass
class _Open:
    """A block on its way: kept as evidence once its last message is acknowledged."""

    block: Block
    unacknowledged: int = 0
    complete: bool = False


@dataclass
class Run:
    """One run of a scenario; `backfill()` first, then `live()`.

    `hold` slows it down beyond what the broker's acknowledgements do (see simulators.sending.pace).
    """

    scenario: Scenario
    publisher: Publisher
    folder: Path
    hold: Hold = lambda _published: None
    timeline: Timeline = field(init=False)
    sent: int = 0
    """Readings acknowledged by the broker."""
    published: int = 0
    """Messages handed to the broker."""

    def __post_init__(self) -> None:
        self.timeline = Timeline(self.scenario)

    def backfill(self, progress: Progress) -> int:
        """Publish everything up to now and write the evidence; the readings acknowledged."""
        planned = self.timeline.planned_readings()
        with (
            SentFile(self.folder / "sent.parquet") as evidence,
            TruthBook(self.folder) as truth,
        ):
            for piece in self.timeline.backfill():
                truth.add(piece.truth)
                self._send_piece(piece, evidence, truth)
                self._send_extras(piece, truth)
                progress(self.sent, max(planned, self.sent))
            self._send_bad(truth)
            self.publisher.drain()
        refused = {"refused_messages": self.publisher.refused}
        truth.finish(about(self.scenario, evidence.readings) | refused)
        if self.scenario.mapping:
            (self.folder / "mapping.toml").write_text(self.scenario.mapping, encoding="utf-8")
        progress(self.sent, self.sent)
        return evidence.readings

    def live(self, stop: threading.Event, speed: float | None = None) -> int:
        """Publish each reading when its time comes, until `stop`; the readings acknowledged.

        With `speed`, time passes so many times as fast since the scenario's now (which then lies
        in the past), but no reading comes before its time.
        """
        before, began, now_ms = self.sent, time.time(), to_ms(self.scenario.now)

        def due(at_ms: int) -> float:
            """Seconds to wait for it."""
            own = at_ms / 1000
            compressed = began + (at_ms - now_ms) / 1000 / speed if speed else own
            return max(own, compressed) - time.time()

        with SentFile(self.folder / "sent-live.parquet") as evidence:
            for ahead in self.timeline.live():
                for at_ms, site, block in _by_time(ahead):
                    if stop.wait(max(0.0, due(at_ms))):
                        self.publisher.drain()
                        return self.sent - before
                    self._send(block, site.messages(block, live=True), evidence)
                    self.publisher.drain()
            stop.wait()  # nothing more will come, but the operator decides when to end
        return self.sent - before

    def _send_piece(self, piece: Piece, evidence: SentFile, truth: TruthBook) -> None:
        """Its blocks, and amid the messages of a device what befalls its line."""
        ahead = sorted(piece.incidents, key=lambda i: i.at_ms, reverse=True)

        def disturbed(block: Block) -> Iterator[Message]:
            due = [i for i in ahead if i.device == block.device and i.at_ms <= block.at_ms[-1]]
            ahead[:] = [i for i in ahead if i not in due]
            for message in piece.site.messages(block):
                yield message
                if due:  # while what was just sent is under way
                    self._befall(due.pop(), truth)
            while due:
                self._befall(due.pop(), truth)

        for block in piece.blocks:
            self._send(block, disturbed(block), evidence)
        while ahead:
            self._befall(ahead.pop(), truth)

    def _befall(self, incident: Incident, truth: TruthBook) -> None:
        strike = LINE_KINDS[incident.kind].strike
        truth.count_extra(strike(DeviceLine(self.publisher), incident))

    def _send(self, block: Block, messages: Iterable[Message], evidence: SentFile) -> None:
        on_its_way = _Open(block)

        def acknowledged(readings: int) -> None:
            on_its_way.unacknowledged -= 1
            self.sent += readings
            settle()

        def settle() -> None:
            done = on_its_way.complete and on_its_way.unacknowledged == 0
            if done and block.device not in self.scenario.untimed:
                evidence.add(block)

        for message in messages:
            on_its_way.unacknowledged += 1
            self._publish(message, partial(acknowledged, message.readings))
        on_its_way.complete = True
        settle()

    def _send_extras(self, piece: Piece, truth: TruthBook) -> None:
        truth.faults += piece.faults
        for extra in piece.extras:
            message = Message(extra.topic, extra.payload, 0)
            self._publish(message, partial(truth.count_extra, extra.kind))

    def _send_bad(self, truth: TruthBook) -> None:
        if not self.scenario.bad_messages:
            return

        for kind, message in bad_messages(self.scenario.registry(), self.scenario.now):
            self._publish(message, partial(truth.count_bad, kind))

    def _publish(self, message: Message, acknowledged: Callable[[], None]) -> None:
        self.hold(self.published)
        self.publisher.publish(message, acknowledged)
        self.published += 1


def _by_time(ahead: list[tuple[Site, Block]]) -> Iterator[tuple[int, Site, Block]]:
    """Single rows of all blocks in the order of their times."""
    rows = (
        [(int(at), n, i) for i, at in enumerate(block.at_ms)] for n, (_, block) in enumerate(ahead)
    )
    for at, n, i in heapq.merge(*rows):
        site, block = ahead[n]
        yield at, site, block.part(i, i + 1)
