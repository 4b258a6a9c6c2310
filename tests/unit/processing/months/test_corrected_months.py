"""Months of corrected readings: as if they had been so from the beginning, and told apart."""

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
from domain.places import Carrier, Contract
from domain.readings import Reading, Series
from domain.registry import Registry
from processing.months.bookkeeping import Planner
from processing.months.compute import compute
from processing.quality.corrections import amendments
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


@settings(
    max_examples=25, deadline=timedelta(seconds=20), suppress_health_check=[HealthCheck.too_slow]
)
@given(st.integers(0, 10_000), st.randoms(use_true_random=False))
@pytest.mark.slow
def test_corrected_is_as_if_it_had_been_so_from_the_beginning(
    tmp_path_factory: pytest.TempPathFactory, ledger: Ledger, seed: int, chance: Random
) -> None:
    raw = random_history(seed)
    near = [t for e in (START, END) for t in range(e - 3 * DAY_MS, e + 3 * DAY_MS, HOUR_MS)]
    places = [chance.choice([r.at_ms for r in raw] + near) for _ in range(chance.randint(1, 40))]
    before = dict(sorted((r.at_ms, r.value) for r in raw))
    entered: dict[int, float | None] = {}
    only_left_out = chance.random() < 0.5  # what a person says stands, what a device says is judged
    for t in places:
        entered[t] = None if only_left_out or chance.random() < 0.4 else chance.uniform(0, 4000)
    truth = {t: v for t, v in (before | entered).items() if v is not None}
    list_ = [correction(t, v) for t, v in entered.items()]
    shuffled = chance.sample(list_, len(list_))

    folder = tmp_path_factory.mktemp("corrected")
    (folder / "a").mkdir()
    (folder / "b").mkdir()
    corrected, so_from_the_beginning = Place(folder / "a", ledger), Place(folder / "b", ledger)
    corrected.store.write(raw)
    so_from_the_beginning.store.write([Reading(*M, t, v) for t, v in truth.items()])
    expected = so_from_the_beginning.months([], None)
    whole = corrected.months(list_, None)
    if all(v is None for v in entered.values()):
        assert {m: digest(without_traces(r)) for m, r in whole.items()} == {
            m: digest(r) for m, r in expected.items()
        }
    assert {m: digest(r) for m, r in corrected.months(shuffled * 2, None).items()} == {
        m: digest(r) for m, r in whole.items()
    }
    if MARCH in whole:
        assert digest(corrected.march(*list_)) == digest(whole[MARCH])
    corrected.store.close()
    so_from_the_beginning.store.close()
