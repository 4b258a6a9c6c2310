"""What the ledger promises, run on SQLite and on a real PostgreSQL."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import event

from domain.errors import CivicmeterError, ConfigError
from domain.figures import MonthResult
from domain.findings import Finding
from domain.registry import Registry
from store.ledger.canonical import digest
from store.ledger.port import AsideEntry
from store.ledger.sql.ledger import SqlLedger
from tests.ledger_sample import FULL, MARCH, REGISTRY, figure, result

AT = datetime(2026, 3, 1, tzinfo=UTC)


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


def test_a_flood_of_bad_devices_is_few_statements(ledger: SqlLedger) -> None:
    """Beyond a thousand groups of a source they are one group, and counted at once."""
    statements: list[str] = []

    @event.listens_for(ledger._engine, "before_cursor_execute")
    def note(_c: object, _k: object, statement: str, *_: object) -> None:
        statements.append(statement)

    entries = [
        AsideEntry(
            source="g",
            code="bad_value",
            device=f"d{k:04}",
            detail=f"the {k}.",
            first_at=AT + timedelta(seconds=k % 7),
            last_at=AT + timedelta(seconds=k),
        )
        for k in range(5_000)
    ]
    ledger.keep_aside(entries)
    assert len(statements) < 2 * 1_001 and sum("INSERT" in s for s in statements) < 1_002
    groups = {e.device: e for e in ledger.aside()}
    assert len(groups) == 1_001 and sum(e.count for e in groups.values()) == 5_000
    rest = groups[""]
    assert (rest.count, rest.detail) == (4_000, "the 4999.")
    assert (rest.first_at, rest.last_at) == (AT, AT + timedelta(seconds=4_999))
