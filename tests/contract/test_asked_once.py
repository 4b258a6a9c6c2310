"""Requests asked once, on every ledger engine: the first stands, for a time and in bounds."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from store.ledger.once import ONCE_KEPT, OnceAnswer
from store.ledger.sql import once
from store.ledger.sql.ledger import SqlLedger

AT = datetime(2026, 7, 2, 8, 0, tzinfo=UTC)
SAID = OnceAnswer("a" * 64, 207, "application/json", "zh", b'{"stored": 1}')


def test_the_first_answer_stands_in_every_process(opener: Callable[[], SqlLedger]) -> None:
    one, other = opener(), opener()
    assert one.ask_once("esco", "k", SAID.asked, AT) == OnceAnswer(SAID.asked)
    # Died half-way: it is still to be done.
    assert other.ask_once("esco", "k", SAID.asked, AT) == OnceAnswer(SAID.asked)
    other.answer_once("esco", "k", SAID)
    one.answer_once("esco", "k", OnceAnswer(SAID.asked, 200, "application/json", "", b"later"))
    assert one.ask_once("esco", "k", SAID.asked, AT) == SAID
    assert one.ask_once("esco", "k", "b" * 64, AT) == SAID
    assert one.ask_once("mill", "k", "b" * 64, AT) == OnceAnswer("b" * 64)


def test_what_another_request_asked_is_not_answered_by_this_one(ledger: SqlLedger) -> None:
    ledger.ask_once("esco", "k", "b" * 64, AT)
    ledger.answer_once("esco", "k", SAID)
    assert ledger.ask_once("esco", "k", SAID.asked, AT) == OnceAnswer("b" * 64)


def test_it_is_kept_for_a_time(ledger: SqlLedger) -> None:
    ledger.ask_once("esco", "k", SAID.asked, AT)
    ledger.answer_once("esco", "k", SAID)
    assert ledger.ask_once("esco", "k", "b" * 64, AT + ONCE_KEPT) == SAID
    later = AT + ONCE_KEPT + timedelta(seconds=1)
    assert ledger.ask_once("esco", "k", "b" * 64, later) == OnceAnswer("b" * 64)


def test_the_oldest_of_a_sender_are_forgotten_first(
    ledger: SqlLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(once, "ONCE_ANSWERS", 3)
    ledger.ask_once("mill", "0", SAID.asked, AT)
    ledger.answer_once("mill", "0", SAID)
    for n in range(5):
        ledger.ask_once("esco", str(n), SAID.asked, AT + timedelta(minutes=n))
        ledger.answer_once("esco", str(n), SAID)
    hour = AT + timedelta(hours=1)
    assert ledger.ask_once("esco", "4", "b" * 64, hour) == SAID
    assert ledger.ask_once("esco", "2", "b" * 64, hour) == SAID
    assert ledger.ask_once("mill", "0", "b" * 64, hour) == SAID
    assert ledger.ask_once("esco", "1", "b" * 64, hour) == OnceAnswer("b" * 64)


def test_large_answers_leave_room(ledger: SqlLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(once, "ONCE_BYTES", 2_500)
    for n in range(4):
        ledger.ask_once("esco", str(n), SAID.asked, AT + timedelta(minutes=n))
        large = OnceAnswer(SAID.asked, 200, "application/json", "", os.urandom(1_000))
        ledger.answer_once("esco", str(n), large)
    ledger.ask_once("esco", "new", SAID.asked, AT + timedelta(hours=1))
    assert ledger.ask_once("esco", "3", "b" * 64, AT).status == 200
    assert ledger.ask_once("esco", "0", "b" * 64, AT) == OnceAnswer("b" * 64)
