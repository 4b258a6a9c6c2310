"""What the ledger's database itself holds to, on SQLite and PostgreSQL."""

import json
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DatabaseError

from domain.errors import ConfigError, StoreUnavailableError
from domain.figures import DayValue, MonthResult
from store.ledger.port import AsideEntry, ModelRecord
from store.ledger.sql.engine import writing
from store.ledger.sql.ledger import SqlLedger
from store.ledger.sql.tables import HEAD, metadata, registry_version
from store.opening import open_ledger
from tests import servers
from tests.ledger_sample import FULL, MARCH, REGISTRY, T0, figure


def test_the_database_itself_refuses_to_change_what_was_signed(ledger: SqlLedger, url: str) -> None:
    ledger.save_result(FULL)
    ledger.close(FULL.institution, MARCH, signed_by="w")
    engine = create_engine(url)
    for statement in (
        "UPDATE figure SET value = 0",
        "DELETE FROM figure",
        "UPDATE day_value SET value = 0",
        "DELETE FROM day_value",
        "UPDATE result SET digest = 'x'",
        "DELETE FROM result",
        "UPDATE revision SET signed_by = 'x'",
        "DELETE FROM revision",
    ):
        with pytest.raises(DatabaseError, match="never changed"), engine.begin() as connection:
            connection.execute(text(statement))
    engine.dispose()
    assert ledger.revisions(FULL.institution, MARCH)[0].result == FULL


def test_models_are_kept_once(ledger: SqlLedger) -> None:
    model = ModelRecord(
        digest="ab" * 32,
        institution="a",
        contract="c1",
        kind="baseline",
        carrier="electricity",
        json=json.dumps({"coefficients": [1.5, -2.0]}),
        fitted_at=T0,
    )
    ledger.save_model(model)
    ledger.save_model(replace(model, json="{}", fitted_at=T0 + timedelta(days=1)))
    other = replace(model, digest="cd" * 32, institution="b")
    ledger.save_model(other)
    assert ledger.models() == [model, other]
    assert ledger.models("b") == [other]
    twin = replace(model, contract="c2", fitted_at=T0 + timedelta(days=2))
    ledger.save_model(twin)  # another contract with the same baseline
    assert ledger.models("a") == [model, twin]


def aside(**given: object) -> AsideEntry:
    defaults = {"source": "t/1", "code": "bad_json", "first_at": T0, "last_at": T0}
    return AsideEntry(**{**defaults, **given})


def test_things_kept_aside_are_counted_by_group(ledger: SqlLedger) -> None:
    ledger.keep_aside(
        [
            aside(detail="first", sample=b"\xff\x00{"),
            aside(detail="second", sample=b"[", count=4, last_at=T0 + timedelta(hours=2)),
            aside(device="x"),
        ]
    )
    earlier = T0 - timedelta(days=1)
    ledger.keep_aside([aside(detail="older", first_at=earlier, last_at=earlier)])
    grouped, single = ledger.aside()
    assert grouped == aside(
        detail="second",
        sample=b"[",
        count=6,
        first_at=earlier,
        last_at=T0 + timedelta(hours=2),
    )
    assert single == aside(device="x")
    ledger.forget_aside([grouped])
    assert ledger.aside() == [single]


def test_groups_are_bounded_and_further_ones_counted_together(
    ledger: SqlLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.ledger.sql.aside.ASIDE_SOURCE_GROUPS", 5)
    monkeypatch.setattr("store.ledger.sql.aside.ASIDE_GROUPS", 12)
    flood = [aside(source="t/flood", device=f"d{k:03}", count=2) for k in range(100)]
    ledger.keep_aside(flood[:50])
    ledger.keep_aside(flood)
    ledger.keep_aside([aside(source="t/other", device="x"), aside(source="t/other", code="b")])
    found = {(e.source, e.code, e.device): e.count for e in ledger.aside()}
    assert len(found) == 8
    assert found["t/flood", "bad_json", "d004"] == 4
    assert found["t/flood", "bad_json", ""] == 2 * (45 + 95)
    assert found["t/other", "bad_json", "x"] == 1
    ledger.keep_aside(aside(source=f"t/{k}", code="c") for k in range(100))
    found = {(e.source, e.code, e.device): e.count for e in ledger.aside()}
    assert len(found) == 13
    assert found["", "c", ""] == 96
    assert sum(found.values()) == 300 + 2 + 100
    ledger.keep_aside([aside(source="t/flood", device="d004")])
    assert {e.device: e.count for e in ledger.aside()}["d004"] == 5


def test_anything_can_be_kept_aside(ledger: SqlLedger) -> None:
    ledger.keep_aside(
        [aside(source="t" * 9000, device="\0\ud800", detail="d" * 9000, sample=b"x" * 9000)]
    )
    (kept,) = ledger.aside()
    assert kept.source == "t" * 500
    assert "\0" not in kept.device
    assert len(kept.sample) == 4096
    ledger.forget_aside([aside(source="t" * 9000, device="\0\ud800")])
    assert ledger.aside() == []


def test_many_openings_at_once_migrate_once(url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        ledgers = list(pool.map(lambda _: open_ledger(url), range(4)))
    assert [x.statuses() for x in ledgers] == [[]] * 4
    for x in ledgers:
        x.close_connections()


def test_a_newer_ledger_is_refused(ledger: SqlLedger, url: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(ConfigError, match="newer version"):
        open_ledger(url)


def test_a_database_that_stops_is_unavailable_and_then_works(
    own_postgres: servers.Postgres,
) -> None:
    ledger = open_ledger(own_postgres.create_database("l"))
    ledger.save_result(FULL)
    own_postgres.stop()
    for ask in (
        lambda: ledger.results(),
        lambda: ledger.save_result(FULL),
        lambda: ledger.close(FULL.institution, MARCH, signed_by="w"),
        lambda: ledger.registry(),
        lambda: ledger.keep_aside([aside()]),
    ):
        with pytest.raises(StoreUnavailableError, match="does not answer"):
            ask()
    own_postgres.start()
    assert ledger.results() == [FULL]
    ledger.close_connections()


def test_a_locked_file_is_unavailable_and_then_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.ledger.sql.engine._BUSY_TIMEOUT_S", 0.05)
    ledger = open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    other = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailableError, match="locked"):
        ledger.save_result(FULL)
    assert ledger.results() == [], "readers do not wait for a writer"
    other.execute("ROLLBACK")
    other.close()
    assert ledger.save_result(FULL) == "open"
    ledger.close_connections()


def test_the_migrations_make_the_tables_of_the_code(ledger: SqlLedger, url: str) -> None:
    engine = create_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() == HEAD
    engine.dispose()


@pytest.mark.long
def test_a_large_institution(ledger: SqlLedger) -> None:
    """7,500 meters by day, replaced, closed and read back."""

    def large(factor: float) -> MonthResult:
        meters = [f"m{i}" for i in range(7500)]
        return MonthResult(
            institution="city",
            month=MARCH,
            figures=tuple(figure(i * factor, m) for i, m in enumerate(meters)),
            days=tuple(
                DayValue(
                    day=d,
                    name="electricity_use_kwh",
                    subject=m,
                    value=i * factor,
                    quality="measured",
                )
                for i, m in enumerate(meters)
                for d in MARCH.days()
            ),
        )

    ledger.save_result(large(1.0))
    ledger.save_result(large(2.0))
    assert ledger.close("city", MARCH, signed_by="w").result == large(2.0)


def test_writers_that_wait_leave_connections_to_readers(ledger: SqlLedger) -> None:
    begun, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with writing(ledger._engine) as connection:
            connection.execute(registry_version.update().values(version="held"))
            begun.set()
            assert leave.wait(25)

    with ThreadPoolExecutor(31) as pool:
        holding = pool.submit(hold)
        assert begun.wait(10)
        waiting = [pool.submit(ledger.save_registry, REGISTRY) for _ in range(30)]
        time.sleep(1.0)
        began = time.monotonic()
        assert ledger.statuses() == []
        assert time.monotonic() - began < 3.0
        assert not any(f.done() for f in waiting)
        leave.set()
        holding.result(30)
        for future in waiting:
            future.result(30)
