"""An institution that cannot be computed costs only itself, whatever the reason."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from domain.calendar import Month, to_ms
from domain.errors import StoreUnavailableError
from domain.figures.failing import FAILED, failure_of
from domain.places import AnyDevice, Bin, Carrier, Institution, Meter, WasteStream
from domain.readings import Reading, Series
from domain.registry import Registry
from processing.months.job import process, process_touched
from store.late_readings import NotingStore
from store.ledger.sql.ledger import SqlLedger
from store.readings.sqlite import SqliteReadingStore

MARCH, APRIL = Month(2026, 3), Month(2026, 4)
NOW = datetime(2026, 4, 20, tzinfo=UTC)
GOOD = ("a", "z")


def _meter(institution: str) -> Meter:
    return Meter(
        id=f"{institution}-m",
        institution=institution,
        carrier=Carrier.WATER,
        register="water_m3",
        expected_interval_s=86_400,
        in_service_from=date(2026, 3, 1),
    )


def _readings(name: str) -> list[Reading]:
    start = to_ms(MARCH.interval("Asia/Shanghai")[0])
    return [Reading(f"{name}-m", "water_m3", start + d * 86_400_000, float(d)) for d in range(45)]


class Place:
    """Three institutions over embedded stores; `b` is the one that breaks."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = SqliteReadingStore(folder / "readings.db")
        self.ledger = SqlLedger(f"sqlite:///{folder / 'ledger.db'}")
        self.save(Institution("b", "乙", "B"), _meter("b"))
        for name in (*GOOD, "b"):
            self.store.write(_readings(name))

    def save(self, broken: Institution, device: AnyDevice) -> None:
        """Not checked: as an older version, or somebody else, may have left it."""
        institutions = (*(Institution(n, n, n) for n in GOOD), broken)
        devices = (*(_meter(n) for n in GOOD), device)
        self.ledger.save_registry(Registry(institutions, (), devices))

    def process(self, months: list[Month] | None) -> dict[tuple[str, Month], str]:
        found = process(self.store, self.ledger, months=months, now=NOW)
        return {(r.institution, r.month): failure_of(r) for r in found}

    def use(self, institution: str) -> float | None:
        (result,) = self.ledger.results(institution, MARCH, APRIL)
        return next((f.value for f in result.figures if f.name == "water_use_m3"), None)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    made.store.close()
    made.ledger.close_connections()


BROKEN: list[tuple[Institution, AnyDevice, str]] = [
    (
        Institution("b", "乙", "B", timezone="Asia/Beijing"),
        _meter("b"),
        "'Asia/Beijing', which is no time zone: write Asia/Shanghai",
    ),
    (
        Institution("b", "乙", "B"),
        replace(_meter("b"), expected_interval_s=0),
        "expected_interval_s",
    ),
    (Institution("b", "乙", "B"), replace(_meter("b"), swaps=(1,)), "AttributeError"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("institution", "device", "says"), BROKEN)
@pytest.mark.parametrize("months", [[MARCH], None])
def test_the_broken_one_is_named_and_the_others_are_computed(
    place: Place,
    monkeypatch: pytest.MonkeyPatch,
    institution: Institution,
    device: AnyDevice,
    says: str,
    months: list[Month] | None,
) -> None:
    if "swaps" in says or device.swaps:  # type: ignore[union-attr]
        given = Registry(
            (*(Institution(n, n, n) for n in GOOD), institution), (), (*map(_meter, GOOD), device)
        )
        monkeypatch.setattr(place.ledger, "registry", lambda: given)
    else:
        place.save(institution, device)
    told = place.process(months)
    failures = {i: error for (i, _), error in told.items() if error}
    assert set(failures) == {"b"} and says in failures["b"]
    assert {i: place.use(i) for i in GOOD} == {"a": pytest.approx(31.0), "z": pytest.approx(31.0)}
    kept = [f for r in place.ledger.results("b") for f in r.findings]
    assert {(f.code, f.severity) for f in kept} == {(FAILED, "serious")}


def test_figures_of_before_stay_until_it_is_mended(place: Place) -> None:
    place.process([MARCH])
    place.save(Institution("b", "乙", "B", timezone="Asia/Beijing"), _meter("b"))
    place.process([MARCH])
    (result,) = place.ledger.results("b", MARCH, APRIL)
    assert failure_of(result)
    assert place.use("b") == pytest.approx(31.0)
    place.process([MARCH])
    assert place.ledger.results("b", MARCH, APRIL) == [result]
    place.save(Institution("b", "乙", "B"), _meter("b"))
    place.process([MARCH])
    (mended,) = place.ledger.results("b", MARCH, APRIL)
    assert failure_of(mended) == ""


def test_a_closed_month_is_left_alone(place: Place) -> None:
    place.process([MARCH])
    place.ledger.close("b", MARCH, signed_by="me")
    place.save(Institution("b", "乙", "B"), replace(_meter("b"), expected_interval_s=0))
    place.process([MARCH])
    (march, april) = place.ledger.statuses("b")
    assert (march.state, april.month) == ("closed", APRIL)
    (told,) = place.ledger.results("b", APRIL, APRIL.plus(1))
    assert failure_of(told)


def test_what_cannot_be_committed_costs_only_itself(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = place.ledger.save_result

    def refusing(result: object) -> object:
        if result.institution == "b" and not failure_of(result):  # type: ignore[attr-defined, arg-type]
            raise ValueError("out of range")
        return save(result)  # type: ignore[arg-type]

    monkeypatch.setattr(place.ledger, "save_result", refusing)
    told = place.process([MARCH])
    assert told[("b", MARCH)] == "ValueError: out of range"
    assert {told[(i, MARCH)] for i in GOOD} == {""}


def test_a_store_that_is_away_ends_the_round_and_blames_nobody(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> object:
        raise StoreUnavailableError("the disk is full")

    monkeypatch.setattr(place.store, "scan", away)
    with pytest.raises(StoreUnavailableError):
        place.process([MARCH])
    assert place.ledger.statuses() == []


def test_late_readings_of_a_broken_institution_stop_neither_collecting_nor_the_others(
    place: Place,
) -> None:
    place.process([MARCH])
    # What an institution that is not there does to whoever looks it up.
    with sqlite3.connect(place.folder / "ledger.db") as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("UPDATE device SET institution = 'ghost' WHERE id = 'b-m'")
    connection.close()
    noting = NotingStore(place.store, place.ledger, lambda: to_ms(NOW))
    at = _readings("a")[3].at_ms + 1000
    noting.write([Reading("b-m", "water_m3", at, 3.0), Reading("a-m", "water_m3", at, 3.0)])
    months = {(r.institution, r.month) for r in process_touched(place.store, place.ledger, now=NOW)}
    assert ("a", MARCH) in months
    (waiting,) = place.ledger.late()
    assert waiting.series == Series("b-m", "water_m3")


def test_touched_months_of_a_broken_institution_stay_touched(place: Place) -> None:
    place.save(Institution("b", "乙", "B", timezone="Asia/Beijing"), _meter("b"))
    place.ledger.touch([("a", MARCH), ("b", MARCH)])
    told = {
        r.institution: failure_of(r) for r in process_touched(place.store, place.ledger, now=NOW)
    }
    assert told["a"] == "" and "Asia/Shanghai" in told["b"]
    assert [t.institution for t in place.ledger.touched()] == ["b"]


def test_counts_that_break_arithmetic_cost_their_institution_only(place: Place) -> None:
    """As an older version may have stored them."""
    bins = [Bin(id=f"b{k}", institution="b", stream=WasteStream.FOOD) for k in range(2)]
    institutions = tuple(Institution(n, n, n) for n in (*GOOD, "b"))
    place.ledger.save_registry(Registry(institutions, (), (*bins, *map(_meter, GOOD))))
    start = to_ms(MARCH.interval("Asia/Shanghai")[0])
    place.store.write(
        [
            Reading(b.id, f"inspection_{what}_count", start + d * 86_400_000, 1.7e308 * (d > 1))
            for b in bins
            for what in ("correct", "total")
            for d in range(5)
        ]
    )
    told = place.process([MARCH])
    assert {i: error for (i, _), error in told.items() if i in GOOD} == {"a": "", "z": ""}
    assert place.use("a") == pytest.approx(31.0)
