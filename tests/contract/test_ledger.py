"""What the ledger promises, run on SQLite and on a real PostgreSQL."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import servers
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DatabaseError

from domain.calendar import Month
from domain.errors import CivicmeterError, ConfigError, StoreUnavailableError
from domain.figures import DayValue, FactorUse, Figure, MonthResult, Shares
from domain.findings import Finding
from domain.places import (
    Bin,
    Building,
    Carrier,
    Contract,
    Dated,
    Institution,
    Meter,
    PvSystem,
    WasteStream,
    WeatherStation,
)
from domain.registry import Registry
from store.canonical import digest
from store.ledger import AsideEntry, ModelRecord
from store.opening import open_ledger
from store.sql_ledger import SqlLedger
from store.tables import HEAD, metadata

MARCH = Month(2019, 3)
T0 = datetime(2019, 4, 1, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.db'}"
    return request.getfixturevalue("postgres_url")


@pytest.fixture
def opener(url: str) -> Iterator[Callable[[], SqlLedger]]:
    opened: list[SqlLedger] = []

    def open_it() -> SqlLedger:
        opened.append(open_ledger(url))
        return opened[-1]

    yield open_it
    for ledger in opened:
        ledger.close_connections()


@pytest.fixture
def ledger(opener: Callable[[], SqlLedger]) -> SqlLedger:
    return opener()


def figure(value: float | None, subject: str = "", **more: object) -> Figure:
    return Figure(
        name="electricity_use_kwh",
        subject=subject,
        value=value,
        shares=Shares(0.9, 0.1, 0.0),
        method="register-difference/1",
        **more,
    )


def result(
    value: float | None = 1234.5, institution: str = "a", month: Month = MARCH
) -> MonthResult:
    return MonthResult(institution=institution, month=month, figures=(figure(value),))


FULL = MonthResult(
    institution="东营-1",
    month=MARCH,
    figures=(
        figure(
            0.1 + 0.2,
            "m/1",
            low=-1e-300,
            high=1.7e308,
            confidence=0.9,
            verdict="not_proven",
            factors=(FactorUse("电网 CO₂", 0.5306, "kg/kWh", "MEE 2023", date(2023, 1, 1)),),
            findings=(
                Finding("gap", "serious", "m/1", {"hours": 3, "share": 0.25, "since": "3月"}),
                Finding("late", "info"),
            ),
        ),
        figure(None, "m/2"),
    ),
    days=(
        DayValue(
            day=date(2019, 3, 31),
            name="electricity_use_kwh",
            subject="m/1",
            value=2.5,
            quality="interpolated",
            low=2.0,
            high=3.0,
        ),
        DayValue(
            day=date(2019, 3, 1),
            name="electricity_use_kwh",
            subject="m/1",
            value=None,
            quality="missing",
        ),
    ),
    findings=(Finding("month_incomplete", numbers={"days": 1}),),
    models=("ab" * 32, "cd" * 32),
)

REGISTRY = Registry(
    institutions=(
        Institution("plain", "朴素", "Plain"),
        Institution(
            "full",
            "市机关",
            "City hall",
            building_type="D",
            origin="measured",
            timezone="Europe/London",
            calendar="weekdays",
            weather_device="w1",
            credit_code="91370500MA3C",
            district_code="370502",
            floor_area_m2=(Dated(date(2018, 1, 1), 1000.5), Dated(date(2019, 7, 1), 1200.0)),
            headcount=(Dated(date(2018, 1, 1), 80.0),),
            heating_season=((11, 15), (3, 15)),
            provenance="a register of 2017",
        ),
    ),
    buildings=(
        Building("b1", "full", "主楼", "Main", 900.0, 37.43, 118.67),
        Building("b2", "full", "附楼", "Annex"),
    ),
    devices=(
        Meter(
            id="m1",
            institution="full",
            building="b1",
            name_zh="总表",
            name_en="Main",
            expected_interval_s=900,
            carrier=Carrier.ELECTRICITY,
            register="energy_import_kwh",
            item_code="01000",
            multiplier=(Dated(date(2018, 1, 1), 40.0), Dated(date(2019, 3, 5), 60.0)),
            register_size=1e6,
            max_rate_per_h=500.0,
        ),
        Meter(id="m2", institution="full", parent="m1", carrier=Carrier.WATER, register="water_m3"),
        PvSystem(
            id="pv1",
            institution="full",
            capacity_kwp=99.9,
            gamma_per_c=-0.0041,
            grid_meter="m1",
            latitude=37.4,
            longitude=118.6,
            tilt_deg=30.0,
            azimuth_deg=180.0,
        ),
        Bin(
            id="bin1",
            institution="plain",
            stream=WasteStream.FOOD,
            tare_kg=12.5,
            capacity_kg=100.0,
            depth_mm=900.0,
        ),
        WeatherStation(id="w1", institution="full", expected_interval_s=600),
    ),
    contracts=(
        Contract(
            "c1",
            "full",
            "合同",
            "Contract",
            "shared",
            date(2018, 1, 1),
            date(2019, 1, 1),
            date(2019, 1, 1),
            date(2024, 1, 1),
            (Carrier.ELECTRICITY, Carrier.NATURAL_GAS),
            0.8,
            "ESCO 节能",
            {"share": [0.8, 0.7], "price": {"peak": 1.1}, "signed_on": date(2018, 12, 1)},
        ),
        Contract(
            "c0",
            "plain",
            "无",
            "None",
            "none",
            date(2018, 1, 1),
            date(2019, 1, 1),
            date(2019, 1, 1),
        ),
    ),
)


def by_id(records: tuple) -> dict:
    return {r.id: r for r in records}


def test_every_record_of_the_registry_comes_back_exactly(
    opener: Callable[[], SqlLedger],
) -> None:
    opener().save_registry(REGISTRY.check())
    found = opener().registry()
    for kind in ("institutions", "buildings", "devices", "contracts"):
        assert by_id(getattr(found, kind)) == by_id(getattr(REGISTRY, kind))
        assert [r.id for r in getattr(found, kind)] == sorted(by_id(getattr(REGISTRY, kind)))
    assert type(found.device_by_id["m1"].multiplier[0].value) is float


def test_saving_a_registry_updates_and_keeps_the_rest(ledger: SqlLedger) -> None:
    ledger.save_registry(REGISTRY)
    renamed = replace(REGISTRY.institutions[0], name_en="Renamed", floor_area_m2=())
    wider = replace(REGISTRY.devices[0], register_size=1e8, multiplier=())
    ledger.save_registry(Registry(institutions=(renamed,), devices=(wider,)))
    found = ledger.registry()
    assert found.institution_by_id["plain"] == renamed
    assert found.device_by_id["m1"] == wider
    assert len(found.devices) == len(REGISTRY.devices)


def test_an_empty_ledger_answers(ledger: SqlLedger) -> None:
    assert ledger.registry() == Registry()
    assert ledger.results() == []
    assert ledger.statuses() == []
    assert ledger.pending("a", MARCH) is None
    assert ledger.revisions("a", MARCH) == []
    assert ledger.models() == []
    assert ledger.aside() == []
    ledger.save_registry(Registry())
    ledger.keep_aside([])


def test_a_result_comes_back_exactly(opener: Callable[[], SqlLedger]) -> None:
    assert opener().save_result(FULL) == "open"
    assert opener().results() == [FULL]


def test_a_result_without_anything_in_it(ledger: SqlLedger) -> None:
    empty = MonthResult(institution="a", month=MARCH, figures=())
    ledger.save_result(empty)
    assert ledger.results() == [empty]


def test_numbers_of_numpy_and_no_numbers_are_taken(ledger: SqlLedger) -> None:
    counted = Finding("gap", numbers={"n": np.int64(3), "x": np.float64(0.5), "nan": float("nan")})
    ledger.save_result(
        MonthResult(
            institution="a",
            month=MARCH,
            figures=(figure(np.float64(2.5), "m", findings=(counted,)), figure(float("nan"), "n")),
        )
    )
    first, second = ledger.results()[0].figures
    assert first.value == 2.5
    assert first.findings[0].numbers == {"n": 3, "x": 0.5, "nan": None}
    assert second.value is None, "what is no number could not be said"


def test_an_open_month_is_replaced(ledger: SqlLedger) -> None:
    ledger.save_result(FULL)
    changed = replace(FULL, figures=FULL.figures[:1], days=())
    assert ledger.save_result(changed) == "open"
    assert ledger.results() == [changed]
    (status,) = ledger.statuses()
    assert (status.state, status.revision, status.digest) == ("open", 0, digest(changed))
    assert status.closed_at is None
    assert status.computed_at.tzinfo is not None


def test_values_computed_twice_are_refused(ledger: SqlLedger) -> None:
    twice = replace(FULL, figures=(figure(1.0), figure(2.0)))
    with pytest.raises(CivicmeterError, match="electricity_use_kwh"):
        ledger.save_result(twice)
    assert ledger.results() == []


def test_results_by_institution_months_and_names(ledger: SqlLedger) -> None:
    for institution in ("b", "a"):
        for n in (0, -1, 1):
            ledger.save_result(result(1.0, institution, MARCH.plus(n)))
    ledger.save_result(FULL)

    def found(**which: object) -> list[tuple[str, str]]:
        return [(r.institution, str(r.month)) for r in ledger.results(**which)]

    assert found(institution="a") == [("a", "2019-02"), ("a", "2019-03"), ("a", "2019-04")]
    assert found(institution="a", start=MARCH) == [("a", "2019-03"), ("a", "2019-04")]
    assert found(start=MARCH, end=MARCH.plus(1)) == [
        ("a", "2019-03"),
        ("b", "2019-03"),
        ("东营-1", "2019-03"),
    ]
    assert ledger.results("东营-1", days=False) == [replace(FULL, days=())]
    assert ledger.results("东营-1", names=["water_use_m3"]) == [replace(FULL, figures=(), days=())]
    assert ledger.results("东营-1", names=["electricity_use_kwh"]) == [FULL]
    assert [s.institution for s in ledger.statuses("b")] == ["b"] * 3


def test_closing_freezes_the_month(ledger: SqlLedger) -> None:
    ledger.save_result(FULL)
    before = datetime.now(UTC)
    revision = ledger.close(FULL.institution, MARCH, signed_by="王会计")
    assert (revision.number, revision.result, revision.digest) == (1, FULL, digest(FULL))
    assert revision.signed_by == "王会计"
    assert revision.code_version.startswith("civicmeter")
    assert before <= revision.closed_at <= datetime.now(UTC)
    (status,) = ledger.statuses()
    assert (status.state, status.revision, status.closed_at) == ("closed", 1, revision.closed_at)
    assert ledger.save_result(FULL) == "closed"
    assert ledger.close(FULL.institution, MARCH, signed_by="somebody else") == revision


def test_late_data_after_the_close_waits_for_approval(opener: Callable[[], SqlLedger]) -> None:
    ledger = opener()
    first, second, third = result(100.0), result(110.0), result(120.0)
    ledger.save_result(first)
    ledger.close("a", MARCH, signed_by="w")
    assert ledger.save_result(second) == "restatement_pending"
    assert ledger.results() == [first], "what was signed stands"
    assert ledger.pending("a", MARCH) == second
    assert ledger.save_result(second) == "restatement_pending"
    assert ledger.save_result(third) == "restatement_pending"
    assert ledger.pending("a", MARCH) == third
    (status,) = ledger.statuses()
    assert (status.state, status.revision) == ("restatement_pending", 1)
    assert status.digest == digest(first)

    approved = ledger.close("a", MARCH, signed_by="z", reason="gateway was offline")
    assert (approved.number, approved.result, approved.reason) == (2, third, "gateway was offline")
    assert ledger.pending("a", MARCH) is None
    assert ledger.results() == [third]
    revisions = opener().revisions("a", MARCH)
    assert [(r.number, r.result, r.signed_by) for r in revisions] == [
        (1, first, "w"),
        (2, third, "z"),
    ]
    assert all(r.digest == digest(r.result) for r in revisions)


def test_a_restatement_that_comes_to_nothing_is_dropped(ledger: SqlLedger) -> None:
    ledger.save_result(result(100.0))
    ledger.close("a", MARCH, signed_by="w")
    ledger.save_result(result(110.0))
    assert ledger.save_result(result(100.0)) == "closed"
    assert ledger.pending("a", MARCH) is None
    assert ledger.close("a", MARCH, signed_by="w").number == 1


def test_an_open_month_has_nothing_pending(ledger: SqlLedger) -> None:
    ledger.save_result(result())
    assert ledger.pending("a", MARCH) is None


def test_a_month_never_computed_cannot_be_closed(ledger: SqlLedger) -> None:
    with pytest.raises(ConfigError, match="process"):
        ledger.close("a", MARCH, signed_by="w")
    assert ledger.statuses() == []


def test_two_closing_at_once_close_once(opener: Callable[[], SqlLedger]) -> None:
    ledgers = [opener() for _ in range(4)]
    for n in range(5):
        month = MARCH.plus(n)
        ledgers[0].save_result(result(month=month))
        with ThreadPoolExecutor(4) as pool:
            closed = list(pool.map(lambda x, m=month: x.close("a", m, signed_by="w"), ledgers))
        assert {r.number for r in closed} == {1}
        assert len(ledgers[0].revisions("a", month)) == 1


def test_saving_and_closing_at_once_lose_nothing(opener: Callable[[], SqlLedger]) -> None:
    """Whatever the order: what was signed is a result that was saved, and the last one saved is
    what stands or waits."""
    ledger = opener()
    ledger.save_result(result(0.0))

    def save(n: int) -> None:
        opener().save_result(result(float(n)))

    def close(n: int) -> None:
        opener().close("a", MARCH, signed_by=str(n))

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(job, n) for n in range(1, 9) for job in (save, close)]:
            done.result()
    revisions = ledger.revisions("a", MARCH)
    assert [r.number for r in revisions] == list(range(1, len(revisions) + 1))
    assert all(r.digest == digest(r.result) for r in revisions)
    assert ledger.results() == [revisions[-1].result]


def test_readers_never_see_half_a_result(opener: Callable[[], SqlLedger]) -> None:
    writer, reader = opener(), opener()

    def sized(n: int) -> MonthResult:
        return replace(FULL, institution="a", figures=tuple(figure(n, str(i)) for i in range(n)))

    writer.save_result(sized(20))
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(lambda: [writer.save_result(sized(20 + n % 7)) for n in range(60)])
        while not writing.done():
            (found,) = reader.results()
            assert {f.value for f in found.figures} == {float(len(found.figures))}
        writing.result()


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
    monkeypatch.setattr("store.sql_engine._BUSY_TIMEOUT_S", 0.05)
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
