"""Nobody sends further ahead of what is stored than agreed, and nothing lost holds up the rest."""

import io
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmeter.commands.simulate.run import _listen
from simulators.devices.block import Message
from simulators.scenarios import scenario
from simulators.sending.pace import Pace
from simulators.sending.run import Run

NOW = datetime(2026, 11, 23, 4, 7, tzinfo=UTC)


class Taken:
    """Stands where the publisher does: takes messages, acknowledges each at once."""

    host, port, refused = "127.0.0.1", 0, 0

    def __init__(self) -> None:
        self.messages = 0

    def publish(self, message: Message, acknowledged: object) -> None:
        self.messages += 1
        acknowledged()  # type: ignore[operator]

    def drain(self) -> None:
        pass


def tiny(folder: Path, publisher: Taken, pace: Pace) -> Run:
    chosen = replace(scenario("tiny", NOW), bad_messages=False)
    return Run(chosen, publisher, folder, hold=pace.wait)  # type: ignore[arg-type]


@given(ahead=st.integers(1, 20), steps=st.lists(st.integers(1, 7), max_size=40))
def test_a_sender_is_held_exactly_while_as_much_waits_as_was_agreed(
    ahead: int, steps: list[int]
) -> None:
    sent = done = 0
    waiting_when_held: list[int] = []
    further = iter(steps)

    def clock() -> float:
        """Asked only of a sender who is held: meanwhile the collector gets on, or ends."""
        nonlocal done
        waiting_when_held.append(sent - done)
        step = next(further, None)
        if step is None:
            pace.end()
        else:
            done = min(sent, done + step)
            pace.done(done)
        return 0.0

    pace = Pace(ahead, patience_s=0.01, clock=clock)
    for sent in range(sum(min(s, ahead) for s in steps) + ahead + 1):
        pace.wait(sent)
    assert waiting_when_held == [ahead] * (len(steps) + 1)


def test_a_sender_stops_until_its_messages_are_stored(tmp_path: Path) -> None:
    publisher, pace = Taken(), Pace(5)
    run = tiny(tmp_path, publisher, pace)
    sending = threading.Thread(target=run.backfill, args=(lambda *_: None,))
    sending.start()
    seen = []
    for stored in (0, 3, 4, 11):
        pace.done(stored)
        while publisher.messages < stored + 5:
            assert sending.is_alive()
        sending.join(0.05)
        seen.append(publisher.messages - stored)
    assert seen == [5, 5, 5, 5]
    pace.end()
    sending.join(30)
    assert not sending.is_alive() and run.published == publisher.messages > 30


def test_what_never_arrives_does_not_hold_up_the_rest() -> None:
    asked: list[float] = []

    def clock() -> float:
        asked.append(100.0 * len(asked))
        return asked[-1]

    pace = Pace(3, patience_s=50, clock=clock)
    pace.done(1)
    pace.wait(3)
    assert not asked  # two are away: nothing to wait for
    pace.wait(4)
    assert asked  # three are away and stay away: taken for lost
    asked.clear()
    for sent in (5, 6):
        pace.wait(sent)
    pace.done(2)
    pace.wait(7)
    assert not asked


def test_numbers_on_stdin_are_what_the_collector_dealt_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pace = Pace(2)
    monkeypatch.setattr("sys.stdin", io.StringIO("1\nnonsense\n4\n"))
    _listen(pace)
    pace.wait(5)
    pace.wait(1_000)  # stdin has ended: nothing is held back
