"""The audit trail: how long a city's ten years take to verify, and whether changes are found.

Keys: `audit.verify_s`, a chain of 180,000 closings (1,500 institutions, ten years) walked and
compared with the revisions it vouches for, the best of two; `audit.close_ms` and `audit.close_append_ms`, a closing of a city's month
(1,500) and how much of it is the trail; `audit.import_s` and `audit.import_append_s`, a city's
registry saved first and the trail's part; `audit.tamper_found_ratio`, of 10,000 changes of one
random byte in what is stored of the chain and of what it vouches for (revisions, corrections,
adjustments, decisions, evidence, models, signed figures), each found by the same functions that
verify a whole chain, run on the part that was changed; on parts that were not, they find nothing.
"""

import random
import sqlite3
import struct
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from time import perf_counter
from typing import Any
from unittest import mock

from sqlalchemy import Connection, Table, create_engine, text

from benchmarks.city_ledger import registry
from domain.adjustments import Adjustment, Decision
from domain.audit import LOCAL, Act
from domain.calendar import Month
from domain.corrections import Correction
from domain.figures import DayValue, Figure, MonthResult, Shares
from domain.models import ModelRecord
from store.ledger.chain import at_text
from store.ledger.sql import tables as t
from store.ledger.sql.audit.append import append_at
from store.ledger.sql.audit.figures import check_figures
from store.ledger.sql.audit.table import audit_entry
from store.ledger.sql.audit.verify import (
    Findings,
    Walked,
    anything_is_text,
    check_rows,
    check_standing,
    walk,
)
from store.ledger.sql.audit.vouched import REVISION, VOUCHED, told
from store.ledger.sql.engine import writing
from store.ledger.sql.ledger import SqlLedger

INSTITUTIONS, MONTHS, CHANGES, CONTROLS = 1_500, 120, 10_000, 300
T0 = datetime(2016, 2, 1, tzinfo=UTC)
MARCH = Month(2026, 3)


def run() -> dict[str, float]:
    """Measure; see the module's docstring."""
    with tempfile.TemporaryDirectory() as folder:
        return _verifying(Path(folder)) | _appending(Path(folder)) | _tampering(Path(folder))


def _verifying(folder: Path) -> dict[str, float]:
    ledger = SqlLedger(f"sqlite:///{folder / 'years.db'}")
    with writing(ledger._engine) as connection:
        for month in range(MONTHS):
            _close_all(connection, month)
    times = []
    for _ in range(2):
        began = perf_counter()
        verdict = ledger.verify_audit()
        times.append(perf_counter() - began)
        assert verdict.broken == () and verdict.rows == INSTITUTIONS * MONTHS, verdict
    ledger.close_connections()
    return {"audit.verify_s": min(times)}


def _close_all(connection: Connection, months: int) -> None:
    """A month of all institutions as `close` leaves it, without figures."""
    month, at = str(Month(2016, 1).plus(months)), T0 + timedelta(days=30 * months)
    results, revisions, states = [], [], []
    for k in range(INSTITUTIONS):
        key = {"institution": f"i{k:04}", "month": month}
        number = months * INSTITUTIONS + k + 1
        digest = sha256(f"{key}".encode()).hexdigest()
        results.append({**key, "id": number, "digest": digest, "findings": [], "models": []})
        signed = {"code_version": "1", "signed_by": "Wang Fang", "reason": "", "closed_at": at}
        revisions.append({**key, "number": 1, "result_id": number, "digest": digest, **signed})
        shown = {"revision": 1, "standing_id": number, "computed_id": None, "computed_at": at}
        states.append({**key, **shown})
    for table, rows in ((t.result, results), (t.revision, revisions), (t.month_state, states)):
        connection.execute(table.insert(), rows)
    actor = LOCAL.on_word_of("Wang Fang")
    append_at(connection, [(at_text(at), actor, _closed(connection, r)) for r in revisions])


def _closed(connection: Connection, row: dict[str, Any]) -> Act:
    after = {"revision": 1, "digest": row["digest"], "stored": row["digest"]}
    key = (row["institution"], row["month"], 1)
    return told(connection, REVISION, key, "close", institution=key[0], after=after)


def _appending(folder: Path) -> dict[str, float]:
    """Of a city: its registry saved first, its month closed; with the trail and without."""
    times: dict[str, float] = {}
    for name, silent in (("with", False), ("without", True)):
        ledger = SqlLedger(f"sqlite:///{folder / name}.db")
        with _silent() if silent else _as_it_is():
            began = perf_counter()
            ledger.save_registry(registry())
            times[f"import {name}"] = perf_counter() - began
            for k in range(INSTITUTIONS):
                ledger.save_result(_month(f"i{k:04}"))
            began = perf_counter()
            for k in range(INSTITUTIONS):
                ledger.close(f"i{k:04}", MARCH, signed_by="Wang Fang")
            times[f"close {name}"] = (perf_counter() - began) / INSTITUTIONS * 1e3
        ledger.close_connections()
    return {
        "audit.close_ms": times["close with"],
        "audit.close_append_ms": times["close with"] - times["close without"],
        "audit.import_s": times["import with"],
        "audit.import_append_s": times["import with"] - times["import without"],
    }


@contextmanager
def _as_it_is() -> Iterator[None]:
    yield


@contextmanager
def _silent() -> Iterator[None]:
    """The ledger as it would be without a trail: nothing is looked up for it, nothing appended."""
    nothing = Act(action="", kind="", id="")
    here = "store.ledger.sql.ledger"
    with (
        mock.patch(f"{here}.append"),
        mock.patch(f"{here}.told", return_value=nothing),
        mock.patch(f"{here}.result_digest"),
        mock.patch(f"{here}.record_acts", return_value=[]),
    ):
        yield


def _month(institution: str, value: float = 1234.5) -> MonthResult:
    """As many figures and day values as a small institution has."""
    figures = tuple(
        Figure(
            name="electricity_use_kwh",
            subject=f"m{k}",
            value=value + k / 7,
            shares=Shares(0.9, 0.1, 0.0),
            method="register-difference/1",
        )
        for k in range(40)
    )
    days = tuple(
        DayValue(
            day=d, name="electricity_use_kwh", subject=f"m{k}", value=k / 3, quality="measured"
        )
        for k in range(5)
        for d in MARCH.days()
    )
    return MonthResult(institution=institution, month=MARCH, figures=figures, days=days)


def _tampering(folder: Path) -> dict[str, float]:
    path = folder / "tampered.db"
    ledger = SqlLedger(f"sqlite:///{path}")
    _fill(ledger)
    assert ledger.verify_audit(deep=True).broken == ()
    ledger.close_connections()
    _without_triggers(path)
    chance, missed = random.Random(20261127), []
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection, anything_is_text(connection):
        raw: Any = connection.connection.dbapi_connection
        raw.isolation_level = None
        cells = _cells(raw)
        last = max(rowid for table, _, rowid in cells if table is audit_entry)
        for table, _, rowid in chance.choices(cells, k=CONTROLS):
            assert not _is_found(connection, table, rowid, last), (table.name, rowid)
        for table, column, rowid in chance.choices(cells, k=CHANGES):
            said, now = _change(raw, chance, table, column, rowid)
            if not _is_found(connection, table, now, last):
                missed.append(said)
            raw.execute("ROLLBACK")
    engine.dispose()
    for said in missed[:5]:
        print("not found:", said)
    return {"audit.tamper_found_ratio": 1 - len(missed) / CHANGES}


def _fill(ledger: SqlLedger) -> None:
    """Something of everything that the chain vouches for."""
    for k in range(60):
        result = _month(f"i{k:02}", k)
        ledger.save_result(replace(result, figures=result.figures[:3], days=result.days[:3]))
        ledger.close(f"i{k:02}", MARCH, signed_by="王芳", reason="三月")
        reading = {"device": f"m{k}", "quantity": "energy_import_kwh", "at_ms": 10**12 + k}
        said = {"author": "王芳", "reason": "照片", "entered_at": T0}
        ledger.enter_corrections([Correction(**reading, value=k / 7, **said)], ())
        content = f"minutes {k}".encode()
        of = {"institution": f"i{k:02}", "contract": "c", "carrier": "electricity"}
        shown = {"evidence": "m.pdf", "evidence_sha256": sha256(content).hexdigest()}
        until = {"start": date(2026, 1, 1), "end": date(2026, 2, 1), "formula": "-120"}
        entered = ledger.enter_adjustment(
            Adjustment(**of, **shown, **until, **said), content=content
        )
        ledger.decide_adjustment(entered.number, Decision("approved", "Li Wei", T0))
        ledger.save_model(
            ModelRecord(
                digest=f"{k:064}",
                institution=f"i{k:02}",
                contract="c",
                kind="baseline",
                carrier="electricity",
                json='{"slope": 1.25}',
                fitted_at=T0,
            )
        )


def _without_triggers(path: Path) -> None:
    raw = sqlite3.connect(path, isolation_level=None)
    triggers = raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for (name,) in triggers:
        raw.execute(f"DROP TRIGGER {name}")
    raw.close()


_ROWLESS = (t.figure, t.day_value)
_TABLES: tuple[Table, ...] = (audit_entry, *(v.table for v in VOUCHED), t.result, *_ROWLESS)


def _key(table: Table) -> str:
    return "result_id || '/' || position" if table in _ROWLESS else "rowid"


def _cells(raw: sqlite3.Connection) -> list[tuple[Table, str, Any]]:
    """Every stored value, as often as it has bytes: each byte is as likely to be changed."""
    found = []
    for table in _TABLES:
        for column in table.c.keys():  # noqa: SIM118
            query = f'SELECT {_key(table)}, "{column}" FROM {table.name}'
            for rowid, value in raw.execute(query):
                found += [(table, column, rowid)] * len(_bytes(value))
    return found


def _bytes(value: Any) -> bytes:
    if value is None:
        return b""
    if isinstance(value, str):
        return value.encode(errors="surrogateescape")
    if isinstance(value, bytes):
        return value
    return struct.pack(">d" if isinstance(value, float) else ">q", value)


def _change(
    raw: sqlite3.Connection, chance: random.Random, table: Table, column: str, rowid: Any
) -> tuple[str, Any]:
    """Change one byte of a stored value, for as long as the transaction lasts. Gives what was
    done, and where the row is now. A key that another row has cannot be written: another byte."""
    here = f"{_key(table)} = ?"
    query = f'SELECT "{column}" FROM {table.name} WHERE {here}'
    (value,) = raw.execute(query, (rowid,)).fetchone()
    raw.execute("BEGIN")
    while True:
        new, marker = _one_byte_off(value, chance)
        change = f'UPDATE {table.name} SET "{column}" = {marker} WHERE {here}'
        try:
            raw.execute(change, (new, rowid))
        except sqlite3.IntegrityError:
            continue
        by_number = [c.name for c in table.primary_key] == ["number"] and table is not audit_entry
        moved = by_number and column == "number"
        return f"{table.name}.{column} {rowid}: {value!r} → {new!r}", new if moved else rowid


def _one_byte_off(value: Any, chance: random.Random) -> tuple[Any, str]:
    """The value with another byte, and how it is written."""
    bytes_ = bytearray(_bytes(value))
    bytes_[chance.randrange(len(bytes_))] ^= chance.randrange(1, 256)
    if isinstance(value, str):
        return bytes(bytes_), "CAST(? AS TEXT)"
    if isinstance(value, bytes):
        return bytes(bytes_), "?"
    return struct.unpack(">d" if isinstance(value, float) else ">q", bytes_)[0], "?"


def _is_found(connection: Connection, table: Table, rowid: Any, last: int) -> bool:
    """Whether verifying the part that was changed finds it: the entries around it (`last` is the
    last one), or the row, or the result it belongs to."""
    found = Findings()
    if table is audit_entry:
        walk(connection, found, Walked(), after=max(rowid - 2, 0), until=min(rowid + 1, last))
        return found.count > 0
    for of in VOUCHED:
        if of.table is table:
            check_rows(connection, of, found, text(f"{table.name}.rowid = {int(rowid)}"))
    if not found.count:
        where = text(f"revision.result_id = {int(str(rowid).split('/')[0])}")
        check_standing(connection, found, where)
        check_figures(connection, found.add, where)
    return found.count > 0
