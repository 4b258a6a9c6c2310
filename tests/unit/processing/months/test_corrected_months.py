"""Months of corrected readings: what people say stands, and is told apart."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.texts import finding_text
from domain.calendar import Month
from domain.corrections import Correction
from domain.figures import Figure, MonthResult
from domain.places import Bin, Carrier, Contract, PvSystem, WasteStream
from domain.readings import Reading, Series
from domain.registry import Registry
from processing.curves.curve import UNKNOWN
from processing.months.bookkeeping import Planner
from processing.months.compute import compute
from processing.months.site import Site
from processing.quality.corrections import amendments
from processing.solar.source import pv_source
from processing.waste.weighing import bin_history
from store.ledger.canonical import digest
from store.ledger.port import Ledger
from store.opening import open_ledger
from store.readings.sqlite import SqliteReadingStore
from tests.unit.processing.quality.test_corrections import (
    DAY_MS,
    END,
    HOUR_MS,
    MARCH,
    NOW,
    REGISTRY,
    START,
    M,
    correction,
)


class Place:
    """An embedded store and ledger; what is computed comes of the job's own reader."""

    def __init__(self, folder: Path, ledger: Ledger, registry: Registry = REGISTRY) -> None:
        self.store = SqliteReadingStore(folder / "readings.db")
        self.ledger = ledger
        self.registry = registry

    def months(
        self, corrections: list[Correction], months: list[Month] | None
    ) -> dict[Month, MonthResult]:
        hall = self.registry.institutions[0]
        planner = Planner(
            self.store, self.ledger, self.registry, [hall], months, NOW, amendments(corrections)
        )
        return {r.month: r for r in compute(planner.plan(hall)).results}

    def site(self, corrections: list[Correction]) -> Site:
        """All of its history as computed from."""
        hall = self.registry.institutions[0]
        planner = Planner(
            self.store, self.ledger, self.registry, [hall], None, NOW, amendments(corrections)
        )
        return planner.plan(hall).site

    def march(self, *corrections: Correction) -> MonthResult:
        return self.months(list(corrections), [MARCH])[MARCH]


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    """Nothing is kept in it here: it says that there are no models."""
    opened = open_ledger(f"sqlite:///{tmp_path_factory.mktemp('ledger') / 'ledger.db'}")
    yield opened
    opened.close_connections()


@pytest.fixture
def place(tmp_path: Path, ledger: Ledger) -> Iterator[Place]:
    made = Place(tmp_path, ledger)
    yield made
    made.store.close()


def hourly(start: int, end: int, per_hour: float = 2.0, first: float = 100.0) -> list[Reading]:
    at = range(start, end + 1, HOUR_MS)
    return [Reading(*M, t, first + per_hour * k) for k, t in enumerate(at)]


def figure(result: MonthResult, name: str = "electricity_use_kwh", subject: str = "m") -> Figure:
    (found,) = [f for f in result.figures if (f.name, f.subject) == (name, subject)]
    return found


def told(result: MonthResult, **which: str) -> list[float | int | str]:
    findings = figure(result, **which).findings
    return [f.numbers["count"] for f in findings if f.code == "reading_corrected"]


def without_traces(result: MonthResult) -> MonthResult:
    """The result as it would be had the readings been so from the beginning."""
    figures = tuple(
        replace(f, findings=tuple(x for x in f.findings if x.code != "reading_corrected"))
        for f in result.figures
    )
    days = tuple(
        replace(d, quality="measured") if d.quality == "corrected" else d for d in result.days
    )
    return replace(result, figures=figures, days=days)


def test_a_planted_spike_corrected_gives_the_true_use_and_is_told(place: Place) -> None:
    truth = hourly(START - DAY_MS, END + DAY_MS, first=1000.0)
    spiked = [r._replace(value=r.value + 30.0) if r.at_ms >= END - HOUR_MS else r for r in truth]
    # The spike is the last reading of the month: nothing contradicts it.
    spiked = [r._replace(value=r.value - 30.0) if r.at_ms > END else r for r in spiked]
    place.store.write([r for r in spiked if r.at_ms <= END])
    wrong = figure(place.march()).value
    assert wrong == pytest.approx(31 * 24 * 2.0 + 30.0)
    mended = place.march(
        correction(END - HOUR_MS, truth[-26].value), correction(END, truth[-25].value)
    )
    assert figure(mended).value == pytest.approx(31 * 24 * 2.0)
    assert told(mended) == [2]
    assert told(mended, subject="") == [2]
    assert told(mended, name="co2_kg", subject="") == [2]
    assert told(mended, subject="all") == [2]
    days = {d.day.day: d.quality for d in mended.days if d.subject == "m"}
    assert days[31] == "corrected"
    assert days[30] == "measured"
    (finding,) = [f for f in figure(mended).findings if f.code == "reading_corrected"]
    assert finding.severity == "info"
    assert "2" in finding_text(finding, "zh")
    assert "m: 2 readings" in finding_text(finding, "en")


def test_a_saving_tells_of_the_corrected_readings_it_rests_on(tmp_path: Path) -> None:
    contract = Contract(
        "c",
        "hall",
        "改造",
        "Retrofit",
        "shared",
        date(2026, 1, 1),
        date(2026, 3, 1),
        date(2026, 3, 1),
        carriers=(Carrier.ELECTRICITY,),
    )
    own = open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    place = Place(tmp_path, own, replace(REGISTRY, contracts=(contract,)).check())
    place.store.write(hourly(START - 60 * DAY_MS, END))
    saving = {"name": "avoided_energy_kwh", "subject": "c/electricity"}
    assert told(place.months([], None)[MARCH], **saving) == []
    middle = START + 10 * DAY_MS
    again = place.months([correction(middle, 100.0 + 70 * 24 * 2.0 + 1.0)], None)
    assert told(again[MARCH], **saving) == [1]
    assert told(place.months([correction(START - 40 * DAY_MS, None)], None)[MARCH], **saving) == []
    own.close_connections()
    place.store.close()


def test_null_a_correction_to_the_same_value_changes_nothing_at_all(place: Place) -> None:
    readings = hourly(START - DAY_MS, END + DAY_MS)
    place.store.write(readings)
    plain = place.march()
    same = place.march(*(correction(r.at_ms, r.value) for r in readings[::7]))
    assert digest(same) == digest(plain)
    assert digest(place.march(correction(START + 5, None))) == digest(plain)


def test_a_series_that_never_reported_can_be_entered_by_hand(place: Place) -> None:
    entered = [
        correction(t, v) for t, v in ((START, 10.0), (START + 5 * DAY_MS, 20.0), (END, 50.0))
    ]
    result = place.march(*entered)
    assert figure(result).value == 40.0
    assert told(result) == [3]


def test_a_neighbour_outside_what_is_read_may_be_left_out_or_nearer(place: Place) -> None:
    # One reading long before the month and its window, one long after: all that there is.
    far = [START - 200 * DAY_MS, START - 190 * DAY_MS, END + 40 * DAY_MS, END + 45 * DAY_MS]
    near = [START + DAY_MS, END - DAY_MS]
    place.store.write(
        [Reading(*M, t, v) for t, v in zip(sorted(far + near), range(100, 700, 100), strict=True)]
    )
    for corrections in (
        [],
        [correction(far[1], None)],
        [correction(far[1], 150.0), correction(far[2], 450.0)],
        [correction(far[0], None), correction(far[1], None), correction(far[2], None)],
        [correction(far[1] + DAY_MS, 230.0), correction(far[2] - DAY_MS, 470.0)],
        [correction(t, None) for t in far],
        [correction(START, 290.0), correction(START + DAY_MS, None)],
    ):
        whole = place.months(corrections, None)[MARCH]
        assert digest(place.march(*corrections)) == digest(whole), corrections


def test_only_the_readings_a_figure_rests_on_are_told(place: Place) -> None:
    place.store.write(hourly(START - 3 * DAY_MS, END + 3 * DAY_MS))
    early, late = START - 30 * HOUR_MS, END + 30 * HOUR_MS
    assert told(place.march(correction(early, 72.0), correction(late, None))) == []
    # Left out just before midnight: the day's edge is interpolated without it.
    gone = [correction(START - k * HOUR_MS, None) for k in (0, 1)]
    assert told(place.march(*gone)) == [2]
    assert told(place.march(correction(START, 106.5 + 100))) == [1]


def test_a_corrected_temperature_is_told_with_the_month(place: Place) -> None:
    sky = Series("sky", "outdoor_temperature_c")
    at = range(START, END + 1, HOUR_MS)
    place.store.write(hourly(START, END))
    place.store.write([Reading(*sky, t, 5.0) for t in at])
    result = place.march(correction(START + DAY_MS, 9.0, sky))
    assert [f.subject for f in result.findings if f.code == "reading_corrected"] == ["sky"]
    mean = figure(result, "outdoor_temperature_mean_c", "").value
    assert mean == pytest.approx(5.0 + 4.0 / (31 * 24))


def random_history(seed: int) -> list[Reading]:
    """Ninety days about March with gaps, resets, spikes, dips and repeated values."""
    rng = np.random.default_rng(seed)
    at = np.arange(START - 30 * DAY_MS, END + 30 * DAY_MS, 3 * HOUR_MS)
    value = 1000.0 + np.cumsum(np.round(rng.uniform(0, 12, at.size), 1))
    for _ in range(rng.integers(0, 3)):
        k = int(rng.integers(1, at.size))
        value[k:] -= value[k] if rng.random() < 0.5 else -500.0
    spikes = rng.random(at.size) < 0.01
    value[spikes] = np.maximum(value[spikes] + rng.choice([-300.0, 900.0]), 0.0)
    keep = rng.random(at.size) > 0.02
    for _ in range(rng.integers(0, 4)):
        k = int(rng.integers(0, at.size))
        keep[k : k + int(rng.integers(2, 60))] = False
    return [Reading(*M, int(t), float(v)) for t, v in zip(at[keep], value[keep], strict=True)]


RANDOM = settings(
    max_examples=25, deadline=timedelta(seconds=20), suppress_health_check=[HealthCheck.too_slow]
)


def some_places(raw: list[Reading], chance: Random) -> list[int]:
    """Instants of readings, and others about the month's edges."""
    near = [t for e in (START, END) for t in range(e - 3 * DAY_MS, e + 3 * DAY_MS, HOUR_MS)]
    return [chance.choice([r.at_ms for r in raw] + near) for _ in range(chance.randint(1, 40))]


@RANDOM
@given(st.integers(0, 10_000), st.randoms(use_true_random=False))
@pytest.mark.slow
def test_what_is_left_out_is_as_if_it_had_never_come(
    tmp_path_factory: pytest.TempPathFactory, ledger: Ledger, seed: int, chance: Random
) -> None:
    raw = random_history(seed)
    gone = set(some_places(raw, chance))
    folder = tmp_path_factory.mktemp("corrected")
    (folder / "a").mkdir()
    (folder / "b").mkdir()
    corrected, never_came = Place(folder / "a", ledger), Place(folder / "b", ledger)
    corrected.store.write(raw)
    never_came.store.write([r for r in raw if r.at_ms not in gone])
    whole = corrected.months([correction(t, None) for t in gone], None)
    expected = never_came.months([], None)
    assert {m: digest(without_traces(r)) for m, r in whole.items()} == {
        m: digest(r) for m, r in expected.items()
    }
    corrected.store.close()
    never_came.store.close()


@RANDOM
@given(st.integers(0, 10_000), st.randoms(use_true_random=False))
@pytest.mark.slow
def test_what_a_person_entered_stands_whatever_the_heuristics_say(
    tmp_path_factory: pytest.TempPathFactory, ledger: Ledger, seed: int, chance: Random
) -> None:
    """No value a person stands for is passed over, in whatever order it was entered and whether
    one month or all are computed; where its own step cannot be, that is told at its instant."""
    raw = random_history(seed)
    said = {r.at_ms: r.value for r in raw}
    entered: dict[int, float | None] = {}
    for t in some_places(raw, chance):  # some leave out, some only confirm what the device said
        wild = chance.uniform(0, 4000)
        entered[t] = chance.choice([None, wild, wild, said.get(t, wild)])
    list_ = [correction(t, v) for t, v in entered.items()]
    place = Place(tmp_path_factory.mktemp("corrected"), ledger)
    place.store.write(raw)
    whole = place.months(list_, None)
    shuffled = chance.sample(list_, len(list_))
    assert {m: digest(r) for m, r in place.months(shuffled * 2, None).items()} == {
        m: digest(r) for m, r in whole.items()
    }
    if MARCH in whole:
        assert digest(place.march(*list_)) == digest(whole[MARCH])
    (use,) = place.site(list_).meters
    curve = use.curve if use.unfilled is None else use.unfilled
    events = {e.at_ms for e in curve.events}
    for t, value in entered.items():
        if value is None:
            assert t not in curve.at_ms
            continue
        assert t in curve.at_ms, (t, value)
        k = int(np.searchsorted(curve.at_ms, t))
        if k and curve.segment[k - 1] == UNKNOWN:
            assert t in events, "an unknown step says why"
    place.store.close()


def test_a_value_that_a_device_would_not_be_believed_is_when_a_person_stands_for_it(
    place: Place,
) -> None:
    """Also where the person only confirms what came: the meter really was set back for an hour."""
    truth = hourly(START - 40 * DAY_MS, END + 10 * DAY_MS, first=5_000.0)
    odd = START + 10 * DAY_MS
    said = [r._replace(value=700.0) if r.at_ms == odd else r for r in truth]
    place.store.write(said)
    (use,) = place.site([]).meters
    assert odd not in use.curve.at_ms, "a device alone is not believed"
    for value in (700.0, 701.0):
        (use,) = place.site([correction(odd, value)]).meters
        curve = use.curve if use.unfilled is None else use.unfilled
        assert odd in curve.at_ms
        codes = {f.code for f in figure(place.march(correction(odd, value))).findings}
        assert codes & {"register_reset", "register_jump"}, "and the month says what it means"


def test_a_corrected_mass_or_power_is_believed_too() -> None:
    at = np.arange(START, START + 20 * DAY_MS, HOUR_MS)
    clock_h = (at - START) // HOUR_MS % 24
    mass = 12.0 + 1.0 * clock_h
    odd = int(np.flatnonzero(clock_h == 12)[5])
    mass[odd] = 75.0
    bin_ = Bin(id="b", institution="hall", stream=WasteStream.FOOD, tare_kg=12.0, capacity_kg=80.0)
    plain = bin_history(bin_, at, mass).deposits.use[-1]
    vouched = bin_history(bin_, at, mass, vouched_ms=at[[odd]]).deposits.use[-1]
    assert vouched > plain + 50.0, "thrown in, and taken out again"
    mass[odd] = 900.0
    assert not bin_history(bin_, at, mass, vouched_ms=at[[odd]]).deposits.events
    assert bin_history(bin_, at, mass).deposits.events

    system = PvSystem(id="p", institution="hall", capacity_kwp=30.0)
    power = np.where(at == at[odd], 90_000.0, 15_000.0)
    samples = {("p", "pv_power_w"): (at, power)}
    alone = pv_source(system, samples)
    by_hand = pv_source(system, samples, corrected={("p", "pv_power_w"): at[[odd]]})
    assert alone is not None and alone.generation.curve.events
    assert by_hand is not None and not by_hand.generation.curve.events
    more = by_hand.generation.curve.use[-1] - alone.generation.curve.use[-1]
    assert more == pytest.approx(75.0)
