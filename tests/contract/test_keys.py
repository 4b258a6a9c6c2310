"""Keys on every ledger engine: kept as digests, over at once, each step told of."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.access import Action
from domain.audit import LOCAL
from domain.errors import ConfigError
from domain.keys import Holder, Key, Role, digest_of, new_key_text
from store.ledger.audit import Wanted
from store.ledger.sql.ledger import SqlLedger

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
ESCO = Holder("esco", "节能公司", NOW)


def make(holder: str = "esco", **given: object) -> tuple[str, Key]:
    text, prefix = new_key_text()
    values = {"role": Role.VENDOR, "issued_at": NOW, **given}
    return text, Key(prefix=prefix, digest=digest_of(text), holder=holder, **values)  # type: ignore[arg-type]


def told(ledger: SqlLedger) -> list[tuple[str, str, str]]:
    entries = ledger.audit_entries(Wanted(), limit=20, newest_first=False)
    kinds = ("api_key", "key_holder")
    return [(e.act.action, e.act.kind, e.act.id) for e in entries if e.act.kind in kinds]


def test_a_key_is_kept_as_it_was_issued_without_its_secret(ledger: SqlLedger) -> None:
    ledger.add_holder(ESCO)
    text, key = make(
        institutions=frozenset({"hall", "mill"}),
        devices=frozenset(),
        person="王芳",
        expires_at=NOW + timedelta(days=365),
    )
    ledger.issue_key(key, actor=LOCAL.on_word_of("Li Wei"))
    assert ledger.key(key.prefix) == key and ledger.issued_keys() == [key]
    assert ledger.holders() == [ESCO]
    assert ledger.key("00000000") is None
    assert key.is_of(text) and not key.is_of(text[:-1] + "x")
    assert text.rpartition("_")[2] not in repr(ledger.issued_keys())
    assert told(ledger) == [("add", "key_holder", "esco"), ("issue", "api_key", key.prefix)]
    assert ledger.verify_audit(deep=True).broken == ()


def test_who_is_not_there_holds_no_key_and_nobody_is_there_twice(ledger: SqlLedger) -> None:
    with pytest.raises(ConfigError, match="vendor add"):
        ledger.issue_key(make()[1])
    ledger.add_holder(ESCO)
    with pytest.raises(ConfigError, match="already"):
        ledger.add_holder(ESCO)
    with pytest.raises(ConfigError, match="characters"):
        ledger.add_holder(Holder("x" * 201, "x", NOW))
    with pytest.raises(ConfigError, match="another id"):
        ledger.add_holder(Holder("Processor", "x", NOW))
    assert ledger.issued_keys() == [] and len(told(ledger)) == 1
    assert not ledger.any_key_issued()
    ledger.issue_key(make()[1])
    assert ledger.any_key_issued()


def test_a_rotated_key_goes_on_for_a_while_and_never_longer_than_it_would_have(
    ledger: SqlLedger,
) -> None:
    ledger.add_holder(ESCO)
    _, first = make(expires_at=NOW + timedelta(days=3))
    _, other = make()
    for key in (first, other):
        ledger.issue_key(key)
        text, prefix = new_key_text()
        new = key.renewed(prefix, digest_of(text), NOW, None)
        ledger.rotate_key(key.prefix, new, old_until=NOW + timedelta(days=7))
        assert ledger.key(prefix) == new
    ends = {k.prefix: k.expires_at for k in ledger.issued_keys()}
    assert ends[first.prefix] == NOW + timedelta(days=3)
    assert ends[other.prefix] == NOW + timedelta(days=7)
    with pytest.raises(ConfigError, match="no key begins"):
        ledger.rotate_key("00000000", make()[1], old_until=NOW)


def test_a_revoked_key_is_over_and_stays_so(ledger: SqlLedger) -> None:
    ledger.add_holder(ESCO)
    _, key = make()
    ledger.issue_key(key)
    for days in (0, 1):
        ledger.revoke_key(key.prefix, at=NOW + timedelta(days=days), reason="lost")
    found = ledger.key(key.prefix)
    assert found is not None and found.revoked_at == NOW and found.state(NOW) == "revoked"
    assert told(ledger)[2:] == [("revoke", "api_key", key.prefix)]
    with pytest.raises(ConfigError, match="revoked"):
        ledger.rotate_key(key.prefix, make()[1], old_until=NOW)
    with pytest.raises(ConfigError, match="no key begins"):
        ledger.revoke_key("00000000", at=NOW, reason="lost")


def test_the_use_of_a_key_is_noted_once_a_minute(ledger: SqlLedger) -> None:
    ledger.add_holder(ESCO)
    _, key = make()
    ledger.issue_key(key)
    for seconds, noted in ((0, 0), (59, 0), (61, 61), (30, 61)):
        ledger.key_used(key.prefix, NOW + timedelta(seconds=seconds))
        found = ledger.key(key.prefix)
        assert found is not None and found.last_used_at == NOW + timedelta(seconds=noted)


@pytest.mark.parametrize(
    ("given", "state"),
    [
        ({}, "valid"),
        ({"expires_at": NOW}, "expired"),
        ({"expires_at": NOW + timedelta(microseconds=1)}, "valid"),
        ({"issued_at": NOW + timedelta(seconds=1)}, "early"),
        ({"revoked_at": NOW, "expires_at": NOW}, "revoked"),
    ],
)
def test_a_key_holds_within_its_time(given: dict[str, object], state: str) -> None:
    assert make(**given)[1].state(NOW) == state


def test_roles_reach_what_they_are_narrowed_to() -> None:
    _, key = make(institutions=frozenset({"hall"}), contracts=frozenset({"retrofit"}))
    principal = key.principal()
    assert principal.may(Action.ADJUST, institution="hall", contract="retrofit")
    assert not principal.may(Action.ADJUST, institution="mill", contract="retrofit")
    assert not principal.may(Action.ADJUST, institution="hall")
    assert not principal.may_somewhere(Action.CLOSE)
