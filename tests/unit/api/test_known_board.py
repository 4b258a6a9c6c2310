"""The board that is kept says what a plain reading of results, registry and readings says."""

import random
import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.dependencies import Backend
from api.device_board import board_rows
from api.known_board import KnownBoard
from api.telemetry import Telemetry
from api.views import VIEWS
from domain.calendar import Month, from_ms, to_ms
from domain.figures import Figure, MonthResult, Shares
from domain.findings import Finding
from domain.places import (
    AnyDevice,
    Bin,
    Carrier,
    Institution,
    Meter,
    PvSystem,
    WasteStream,
    WeatherStation,
)
from domain.readings import Reading
from domain.registry import Registry
from domain.registry.unbounded import count_unbounded
from processing.quality.board import ORDERS, STATES, Board, BoardRow, board
from processing.quality.said import BOARD_NAMES
from processing.quality.silence import SILENT
from store.known_registry import KnownRegistry
from store.ledger.sql.ledger import SqlLedger
from store.opening import open_ledger
from store.readings.sqlite import SqliteReadingStore
from tests.plain_board import PLAIN_ORDERS, plain_board

JUNE = Month(2025, 6)
NOW = datetime(2025, 6, 20, 12, 0, 0, 500, tzinfo=UTC)
PLACES = ("a", "b", "c")
WATER = "water_m3"
REGISTERS = {"energy_import_kwh": Carrier.ELECTRICITY, WATER: Carrier.WATER}
CODES = [SILENT, "use_doubtful", "use_incomplete", "readings_missing", "bin_silent"]


def require_same(found: Board, plain: list[BoardRow]) -> None:
    """In every order, of every state, row by row."""
    assert list(found) == plain
    assert found.counts() == {s: sum(r.state == s for r in plain) for s in STATES}
    assert found.unbounded() == count_unbounded(r.device for r in plain)
    assert found.only(["zero", "never"])[:] == [r for r in plain if r.state in ("zero", "never")]
    for order in ORDERS:
        assert found.by(order)[:] == sorted(plain, key=PLAIN_ORDERS[order]), order


def test_ties_and_rounding_are_those_of_a_plain_sort() -> None:
    """Hundreds of devices with a few shares each, some apart by less than what counts."""
    chance = random.Random(1)
    meters = [
        Meter(id=f"m{k}", institution=chance.choice(PLACES), carrier=Carrier.WATER, register=WATER)
        for k in range(600)
    ]
    registry = Registry(tuple(Institution(p, p, p) for p in PLACES), (), tuple(meters))

    def figure(name: str, device: str) -> Figure:
        missing = chance.choice([0.0, 0.1, 0.10004, 0.10005, 0.10006, 0.3])
        estimated = chance.choice([0.0, 0.2, 0.20001])
        codes = chance.choices(CODES[1:], k=chance.choice([0, 0, 1, 2]))
        return Figure(
            name=name,
            subject=device,
            value=chance.choice([0.0, 719.99, 719.0, 720.0, 800.0]),
            shares=Shares(1 - missing - estimated, estimated, missing),
            method="m/1",
            findings=tuple(Finding(c, "info", device) for c in codes),
        )

    names = ("water_use_m3", "readings_expected_count", "readings_received_count")
    results = [
        MonthResult(
            institution=p,
            month=JUNE,
            figures=tuple(figure(n, m.id) for m in meters if m.institution == p for n in names),
        )
        for p in PLACES
    ]
    heard = {
        m.id: to_ms(NOW) - chance.choice([0, 7, 7, 98 * 3_600_000, 99 * 3_600_000])
        for m in meters[::2]
    }
    last_at = {d: from_ms(ms) for d, ms in heard.items()}
    require_same(board(registry, last_at, results, NOW), plain_board(registry, heard, results, NOW))


# Worlds


@st.composite
def devices(draw: st.DrawFn) -> AnyDevice:
    common: dict[str, Any] = {
        "institution": draw(st.sampled_from(PLACES)),
        "expected_interval_s": draw(st.sampled_from([900, 3600])),
        "in_service_until": draw(st.sampled_from([None, None, date(2025, 6, 1), date(2025, 5, 9)])),
    }
    # `food` is also a stream's name.
    name = draw(st.sampled_from(["m1", "m2", "m3", "pv", "food", "sky", "sum"]))
    if name == "pv":
        return PvSystem(id=name, capacity_kwp=9.0, **common)
    if name == "food":
        return Bin(
            id=name, stream=WasteStream.FOOD, tare_kg=draw(st.sampled_from([0, 2.0])), **common
        )
    if name == "sky":
        return WeatherStation(id=name, **common)
    register = draw(st.sampled_from([*REGISTERS]))
    formula = (("m1", 1.0),) if name == "sum" else ()
    bound = draw(st.sampled_from([None, 5.0]))
    return Meter(
        id=name,
        carrier=REGISTERS[register],
        register=register,
        formula=formula,
        max_rate_per_h=bound,
        **common,
    )


NAMES = st.sampled_from(["m1", "m2", "m3", "pv", "food", "sky", ""])
# Ties, and shares that differ by less than what counts.
SHARES = st.sampled_from([0.0, 0.1, 0.10004, 0.10005, 0.10006, 0.3]).flatmap(
    lambda missing: st.sampled_from([0.0, 0.2, 0.20001]).map(
        lambda estimated: Shares(1 - missing - estimated, estimated, missing)
    )
)
FINDINGS = st.lists(
    st.builds(
        Finding,
        st.sampled_from(CODES),
        st.sampled_from(["info", "serious"]),
        NAMES,
        st.sampled_from([{}, {"count": 3}, {"share": 0.5, "since": "三月"}]),
    ),
    max_size=3,
).map(tuple)
FIGURES = st.lists(
    st.builds(
        Figure,
        name=st.sampled_from([*BOARD_NAMES, "co2_kg"]),
        subject=NAMES,
        value=st.sampled_from([None, 0.0, 600.0, 719.6, 720.0]),
        shares=SHARES,
        method=st.just("m/1"),
        findings=FINDINGS,
    ),
    max_size=12,
    unique_by=lambda f: (f.name, f.subject),
).map(tuple)

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("compute"), st.sampled_from(PLACES), st.integers(-1, 1), FIGURES),
        st.tuples(st.just("close"), st.sampled_from(PLACES), st.integers(-1, 1)),
        st.tuples(st.just("register"), devices()),
        st.tuples(st.just("move"), st.sampled_from(PLACES), st.sampled_from(["UTC", "Asia/Tokyo"])),
        st.tuples(st.just("read"), NAMES.filter(bool), st.integers(-500, 300)),
        st.tuples(st.just("wait"), st.integers(1, 400)),
    ),
    min_size=3,
    max_size=14,
)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a registry of three institutions and one meter."""
    folder = tmp_path_factory.mktemp("empty")
    with _opened(folder) as (_, ledger):
        meter = Meter(id="m1", institution="a", carrier=Carrier.WATER, register="water_m3")
        ledger.save_registry(Registry(tuple(Institution(p, p, p) for p in PLACES), (), (meter,)))
    return folder


@contextmanager
def _opened(folder: Path) -> Iterator[tuple[SqliteReadingStore, SqlLedger]]:
    store = SqliteReadingStore(folder / "readings.db")
    ledger = open_ledger(f"sqlite:///{folder / 'ledger.db'}", lambda: VIEWS)
    try:
        yield store, ledger
    finally:
        store.close()
        ledger.close_connections()


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_the_board_is_what_a_plain_reading_says_after_any_course(
    empty: Path, tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[Any, ...]]
) -> None:
    """Computed, closed, restated, registered anew, read, or nothing but time: the kept board and
    one that has just begun say the same as results, registry and readings."""
    folder = tmp_path_factory.mktemp("world") / "files"
    shutil.copytree(empty, folder)
    with _opened(folder) as (store, ledger):
        kept = KnownBoard(store, ledger, heard_every_s=0.0)
        registries, now, heard = KnownRegistry(ledger), NOW, dict[str, int]()
        for step in steps:
            now = _take(step, store, ledger, heard, now)
            registry = registries.fresh()
            results = ledger.results(names=BOARD_NAMES, days=False)
            for known in (kept, KnownBoard(store, ledger)):
                _require_same(known, registry, results, heard, now)
            backend = Backend(store, ledger, registries, Telemetry(), now=lambda at=now: at)  # type: ignore[misc]
            _require_same_months(backend, results, heard)
    shutil.rmtree(folder)


def _take(
    step: tuple[Any, ...],
    store: SqliteReadingStore,
    ledger: SqlLedger,
    heard: dict[str, int],
    now: datetime,
) -> datetime:
    """Do one step; the time after it."""
    match step:
        case "compute", place, back, figures:
            ledger.save_result(
                MonthResult(institution=place, month=JUNE.plus(back), figures=figures)
            )
        case "close", place, back:
            if JUNE.plus(back) in ledger.months_known(place):
                ledger.close(place, JUNE.plus(back), signed_by="x")
        case "register", device:
            ledger.save_registry(Registry(devices=(device,)))
        case "move", place, timezone:
            until = date(2025, 6, 10) if timezone == "UTC" else None
            moved = Institution(place, place, place, timezone=timezone, in_service_until=until)
            ledger.save_registry(Registry(institutions=(moved,)))
        case "read", device, hours:
            at_ms = to_ms(NOW + timedelta(hours=hours))
            store.write([Reading(device, "power_w", at_ms, 1.0)])
            heard[device] = max(heard.get(device, at_ms), at_ms)
        case "wait", hours:
            return now + timedelta(hours=hours)
    return now


def _require_same(
    known: KnownBoard,
    registry: Registry,
    results: Sequence[MonthResult],
    heard: Mapping[str, int],
    now: datetime,
) -> None:
    plain = plain_board(registry, heard, results, now)
    require_same(known.latest(registry, now, registry.institution_by_id), plain)
    some = [r for r in plain if r.device.institution in ("a", "c")]
    assert list(known.latest(registry, now, {"a", "c"})) == some


def _require_same_months(
    backend: Backend, results: Sequence[MonthResult], heard: Mapping[str, int]
) -> None:
    """Of any month: institutions that have others only are left out."""
    registry, now = backend.registry, backend.now()
    others = set(registry.institution_by_id) - {r.institution for r in results}
    for month in (JUNE.plus(-1), JUNE, JUNE.plus(1)):
        part = [r for r in results if r.month == month]
        shown = {r.institution for r in part} | others
        devices = tuple(d for d in registry.devices if d.institution in shown)
        plain = plain_board(Registry(registry.institutions, (), devices), heard, part, now)
        require_same(board_rows(backend, registry.institution_by_id, month), plain)


class SlowStore(SqliteReadingStore):
    """One that waits with its answer, from the second question on."""

    asked = 0
    answered = threading.Event()

    def last_heard(self) -> dict[str, int]:
        self.asked += 1
        found = super().last_heard()
        if self.asked > 1:
            assert self.answered.wait(30)
        return found


def test_one_asks_for_last_readings_while_others_go_on(tmp_path: Path) -> None:
    store = SlowStore(tmp_path / "readings.db")
    store.answered = threading.Event()
    ledger = open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}", lambda: VIEWS)
    known = KnownBoard(store, ledger, heard_every_s=0.0)
    assert known.last_heard() == {}
    store.write([Reading("m1", WATER, 5, 1.0)])
    first: list[Mapping[str, int]] = []
    asking = threading.Thread(target=lambda: first.append(known.last_heard()))
    asking.start()
    while store.asked < 2:
        asking.join(0.01)
    assert known.last_heard() == {}, "what is known, without waiting"
    store.answered.set()
    asking.join()
    assert first == [{"m1": 5}] and store.asked == 2
    assert known.last_heard() == {"m1": 5}
    store.close()
    ledger.close_connections()


def test_last_readings_are_asked_for_now_and_then(tmp_path: Path) -> None:
    store = SqliteReadingStore(tmp_path / "readings.db")
    ledger = open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}", lambda: VIEWS)
    known = KnownBoard(store, ledger)
    assert known.last_heard() == {}
    store.write([Reading("m1", WATER, 5, 1.0)])
    assert known.last_heard() == {}, "asked a moment ago"
    assert KnownBoard(store, ledger).last_heard() == {"m1": 5}
    store.close()
    ledger.close_connections()
