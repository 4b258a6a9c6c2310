"""People on every ledger engine: sessions over at once, guesses counted, each step told of."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.access import Action
from domain.audit import LOCAL
from domain.errors import ConfigError
from domain.keys import Holder, Role
from domain.people import GUESSING_WINDOW, SESSION_LASTS, Account, mark_of, new_session
from store.ledger.audit import Wanted
from store.ledger.sql.ledger import SqlLedger

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
WANG = Account(
    login="wang",
    holder="office",
    person="王芳",
    role=Role.MANAGER,
    added_at=NOW,
    password="$argon2id$…",
    subject="https://id.example 17",
    institutions=frozenset({"hall"}),
)
NAME, ADDRESS = mark_of("name", "wang"), mark_of("address", "192.0.2.7")
MOST = {NAME: 3, ADDRESS: 5}


@pytest.fixture
def office(ledger: SqlLedger) -> SqlLedger:
    ledger.add_holder(Holder("office", "机关事务管理局", NOW))
    ledger.add_person(WANG, actor=LOCAL.on_word_of("Li Wei"))
    return ledger


def told(ledger: SqlLedger) -> list[str]:
    entries = ledger.audit_entries(Wanted(), limit=20, newest_first=False)
    return [e.act.action for e in entries if e.act.kind == "person"]


def test_a_person_is_kept_as_added(office: SqlLedger) -> None:
    assert office.people() == [WANG] and office.person("wang") == WANG and office.any_person()
    assert office.person_of_subject(WANG.subject) == WANG
    assert office.person("li") is office.person_of_subject("") is None
    assert WANG.principal().may(Action.CLOSE, institution="hall")
    assert not WANG.principal().may(Action.CLOSE, institution="mill")
    entries = office.audit_entries(Wanted(), limit=20)
    assert "argon2" not in repr(entries) and told(office) == ["add"]
    assert office.verify_audit(deep=True).broken == ()


def test_nobody_is_there_twice_nor_of_nobody(office: SqlLedger) -> None:
    with pytest.raises(ConfigError, match="already"):
        office.add_person(replace(WANG, subject=""))
    with pytest.raises(ConfigError, match="already"):
        office.add_person(replace(WANG, login="fang"))
    with pytest.raises(ConfigError, match="vendor add"):
        office.add_person(replace(WANG, login="li", subject="", holder="nobody"))
    with pytest.raises(ConfigError, match="another"):
        office.add_person(replace(WANG, login="processor", subject=""))
    office.add_person(replace(WANG, login="li", subject="", password=""))
    office.add_person(replace(WANG, login="zhao", subject="", password=""))
    assert [a.login for a in office.people()] == ["li", "wang", "zhao"]


def test_whom_the_provider_knows_can_be_said_later(office: SqlLedger) -> None:
    office.add_person(replace(WANG, login="li", subject="", password=""))
    with pytest.raises(ConfigError, match="is wang"):
        office.set_subject("li", WANG.subject)
    office.set_subject("wang", "")
    office.set_subject("li", WANG.subject)
    found = office.person_of_subject(WANG.subject)
    assert found is not None and found.login == "li"
    with pytest.raises(ConfigError, match="nobody signs in as zhao"):
        office.set_subject("zhao", "18")
    assert told(office) == ["add", "add", "change", "change"]


def test_a_session_holds_until_it_is_over(office: SqlLedger) -> None:
    text, session = new_session("wang", NOW)
    assert office.begin_session(session, WANG)
    assert text != session.digest
    assert office.signed_in(session.digest, NOW) == WANG
    assert office.signed_in(text, NOW) is None
    assert office.signed_in(session.digest, NOW + SESSION_LASTS) is None
    office.end_session(session.digest)
    office.end_session(session.digest)
    assert office.signed_in(session.digest, NOW) is None


@pytest.mark.parametrize("what", ["lock", "password"])
def test_a_lock_and_a_new_password_end_every_session_in_every_process(
    office: SqlLedger, opener: Callable[[], SqlLedger], what: str
) -> None:
    other = opener()
    _, session = new_session("wang", NOW)
    assert other.begin_session(session, WANG) and other.signed_in(session.digest, NOW)
    if what == "lock":
        office.lock_person("wang", at=NOW, reason="left")
        office.lock_person("wang", at=NOW + timedelta(days=1), reason="left")
    else:
        office.set_password("wang", "$argon2id$new", at=NOW)
    assert other.signed_in(session.digest, NOW) is None
    # Somebody who gave the password before that is too late as well.
    assert not other.begin_session(new_session("wang", NOW)[1], WANG)
    if what == "lock":
        assert office.person("wang") == replace(WANG, locked_at=NOW)
        office.unlock_person("wang", reason="back")
        assert other.signed_in(session.digest, NOW) is None
        assert other.begin_session(session, WANG)
        assert told(office) == ["add", "lock", "unlock"]
    else:
        assert told(office) == ["add", "change"]
    for change in (
        lambda: office.lock_person("li", at=NOW, reason=""),
        lambda: office.unlock_person("li", reason=""),
        lambda: office.set_password("li", "", at=NOW),
    ):
        with pytest.raises(ConfigError, match="nobody signs in as li"):
            change()


def test_guesses_are_counted_by_name_and_address_and_end_in_time(ledger: SqlLedger) -> None:
    shut = NOW + GUESSING_WINDOW
    assert [ledger.count_attempt(MOST, NOW) for _ in range(5)] == [None] * 3 + [shut] * 2
    other = {mark_of("name", "li"): 3, ADDRESS: 5}
    assert [ledger.count_attempt(other, NOW) for _ in range(3)] == [None, None, shut]
    third = {mark_of("name", "zhao"): 3, mark_of("address", "192.0.2.8"): 5}
    assert ledger.count_attempt(third, NOW) is None
    assert ledger.count_attempt(MOST, shut - timedelta(seconds=1)) == shut
    assert [ledger.count_attempt(MOST, shut) for _ in range(4)][:3] == [None] * 3


def test_the_right_password_takes_its_attempts_back(ledger: SqlLedger) -> None:
    for _ in range(12):
        assert ledger.count_attempt(MOST, NOW) is None
        ledger.forget_attempt(NAME, ADDRESS)
    assert [ledger.count_attempt(MOST, NOW) for _ in range(4)][-1] is not None


def test_many_guesses_at_once_are_no_more(
    ledger: SqlLedger, opener: Callable[[], SqlLedger]
) -> None:
    ledgers = [ledger, opener()]
    with ThreadPoolExecutor(8) as pool:
        tries = [pool.submit(ledgers[i % 2].count_attempt, MOST, NOW) for i in range(24)]
    assert sum(t.result() is None for t in tries) == 3
