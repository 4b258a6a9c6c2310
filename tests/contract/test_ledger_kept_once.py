"""Kept messages of an earlier version: found again, each once."""

from collections.abc import Callable

import sqlalchemy as sa
from alembic import command

from domain.access import Action, Grant
from store.ledger.kept import KeptMessage, Reason, grants_text
from store.ledger.sql.ledger import SqlLedger
from tests.contract.test_ledger_models import engine_of, migrate

NAMES = ("digest", "source", "code", "device", "topic", "payload", "arrived_at_ms", "grants")
OLD = sa.table("kept_message", *map(sa.column, NAMES))
GRANTS = (Grant(frozenset({Action.POST}), frozenset({"hall"})),)


def test_what_was_kept_for_each_device_is_kept_once(
    url: str, opener: Callable[[], SqlLedger]
) -> None:
    rows = [("t", "bad_value", f"d{k:02}", "t", b"many\xff", None) for k in range(50)]
    rows += [("t", "bad_json", "", "t", b"{", None)]
    rows += [("POST", "unknown_device", "n", "", b"{}", g) for g in (None, grants_text(GRANTS))]
    engine = engine_of(url)
    with engine.begin() as connection:
        migrate(connection, command.upgrade, "0009")
        for k, row in enumerate(rows):
            values = dict(zip(NAMES[1:6], row, strict=False))
            connection.execute(
                OLD.insert().values(digest=f"{k:064}", arrived_at_ms=k, grants=row[5], **values)
            )
    ledger = opener()
    found = {(m.payload, m.grants): m for m in ledger.kept_messages()}
    assert set(found) == {(b"many\xff", None), (b"{", None), (b"{}", None), (b"{}", GRANTS)}
    assert Reason("bad_value", "d00") in found[b"many\xff", None].reasons
    assert Reason("bad_value") in found[b"many\xff", None].reasons
    assert ledger.count_kept() == 4
    assert ledger.kept_bytes() == sum(m.size_bytes for m in found.values())
    # Each is known by its digest: kept again, nothing grows.
    assert ledger.keep_messages(found.values()) == 0
    assert ledger.count_kept() == 4
    again = {m.digest: m for m in ledger.kept_messages()}
    assert again == {m.digest: m for m in found.values()}
    ledger.forget_messages(again)
    assert (ledger.count_kept(), ledger.kept_bytes()) == (0, 0)
    ledger.keep_messages(found.values())
    ledger.close_connections()
    with engine.begin() as connection:
        migrate(connection, command.downgrade, "0009")
        counted = connection.execute(sa.select(sa.func.count()).select_from(OLD)).scalar_one()
        assert counted == sum(len(m.reasons) for m in found.values())
    engine.dispose()


def test_what_is_kept_now_is_what_the_migration_measures() -> None:
    """The migration's own arithmetic, in one number."""
    message = KeptMessage(
        source="s", reasons=(Reason("c", "d"),), topic="t", payload=b"1234", arrived_at_ms=0
    )
    assert message.size_bytes == 300 + 2 + 4 + 150 + 2 * 2
