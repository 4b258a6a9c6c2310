"""Corrections applied: as if the readings had been so from the beginning, and told apart."""

import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.texts import finding_text, refusal_text, texts
from domain.calendar import Month, from_ms, to_ms
from domain.corrections import Correction
from domain.figures import Figure, MonthResult
from domain.places import Carrier, Contract, Institution, Meter, PvSystem, WeatherStation
from domain.readings import Reading, Series
from domain.registry import Registry
from processing.months.bookkeeping import Planner
from processing.months.compute import compute
from processing.quality.corrections import Amended, amendments, apply, refusal, repeated
from store.ledger.canonical import digest
from store.ledger.port import Ledger
from store.opening import open_ledger
from store.readings.sqlite import SqliteReadingStore

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
TZ = "Asia/Shanghai"
MARCH = Month(2026, 3)
START = to_ms(MARCH.interval(TZ)[0])
END = to_ms(MARCH.interval(TZ)[1])
NOW = datetime(2026, 6, 10, tzinfo=UTC)
REGISTRY = Registry(
    institutions=(Institution("hall", "厅", "Hall", district_code="370502", weather_device="sky"),),
    devices=(
        Meter(
            id="m",
            institution="hall",
            carrier=Carrier.ELECTRICITY,
            register="energy_import_kwh",
            max_rate_per_h=50.0,
        ),
        Meter(
            id="all",
            institution="hall",
            carrier=Carrier.ELECTRICITY,
            register="energy_import_kwh",
            formula=(("m", 1.0),),
        ),
        PvSystem(id="pv", institution="hall", capacity_kwp=5.0),
        WeatherStation(id="sky", institution="hall"),
    ),
).check()
M = Series("m", "energy_import_kwh")


def correction(at_ms: int, value: float | None, series: Series = M, **other: object) -> Correction:
    one = Correction(
        device=series.device,
        quantity=series.quantity,
        at_ms=at_ms,
        value=value,
        author="王",
        reason="misread",
        entered_at=NOW,
    )
    return replace(one, **other)  # type: ignore[arg-type]


def test_the_last_correction_of_a_reading_stands() -> None:
    found = amendments([correction(5, 1.0), correction(3, 2.0), correction(5, None)])
    assert found[M].at_ms.tolist() == [3, 5]
    assert found[M].value[0] == 2.0
    assert math.isnan(found[M].value[1])
    assert found[M].left_out_ms.tolist() == [5]
    assert found[M].between(3, 5).at_ms.tolist() == [3]


def test_a_value_replaces_or_adds_and_none_leaves_out() -> None:
    at, value = np.array([10, 20, 30]), np.array([1.0, 2.0, 3.0])
    amended = amendments(
        [correction(t, v) for t, v in ((5, 0.5), (20, 9.0), (30, None), (31, None), (32, 7.0))]
    )
    found = apply(at, value, amended[M])
    assert found.at_ms.tolist() == [5, 10, 20, 32]
    assert found.value.tolist() == [0.5, 1.0, 9.0, 7.0]
    assert found.changed_ms.tolist() == [5, 20, 30, 32]  # nothing was at 31: no difference


def test_saying_what_the_device_said_is_no_difference() -> None:
    found = apply(np.array([10, 20]), np.array([1.0, 2.0]), amendments([correction(20, 2.0)])[M])
    assert found.at_ms.tolist() == [10, 20]
    assert found.value.tolist() == [1.0, 2.0]
    assert found.changed_ms.size == 0


_STAMPS = st.integers(0, 30)
_VALUES = st.none() | st.integers(0, 50).map(float)


@given(
    st.dictionaries(_STAMPS, st.integers(0, 50).map(float)),
    st.dictionaries(_STAMPS, _VALUES),
    st.randoms(),
)
def test_applying_is_having_had_them_so_whatever_the_order(
    raw: dict[int, float], entered: dict[int, float | None], chance: Random
) -> None:
    at = np.array(sorted(raw), np.int64)
    value = np.array([raw[t] for t in sorted(raw)])
    list_ = [correction(t, v) for t, v in entered.items()]
    chance.shuffle(list_)
    amended = amendments([*list_, *list_]).get(M, Amended(np.empty(0, np.int64), np.empty(0)))
    found = apply(at, value, amended)
    truth = {t: v for t, v in (raw | entered).items() if v is not None}
    assert dict(zip(found.at_ms.tolist(), found.value.tolist(), strict=True)) == truth
    assert found.at_ms.tolist() == sorted(truth)
    assert set(found.changed_ms.tolist()) == {
        t for t in raw.keys() | truth.keys() if raw.get(t) != truth.get(t)
    }
    again = apply(found.at_ms, found.value, amended)
    assert again.changed_ms.size == 0
    assert again.at_ms.tolist() == found.at_ms.tolist()


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"device": "ghost"}, "unknown_device"),
        ({"device": "all"}, "virtual_meter"),
        ({"quantity": "water_m3"}, "wrong_quantity"),
        ({"quantity": "voltage_a_v"}, "wrong_quantity"),
        ({"device": "sky", "quantity": "mass_kg"}, "wrong_quantity"),
        ({"value": math.nan}, "not_finite"),
        ({"value": math.inf}, "not_finite"),
        ({"value": -1.0}, "out_of_limits"),
        ({"device": "sky", "quantity": "outdoor_temperature_c", "value": 71.0}, "out_of_limits"),
        ({"quantity": "watts"}, "unknown_quantity"),
        ({"at_ms": to_ms(NOW) + 600_001}, "future_time"),
        ({"at_ms": START // 1000}, "ancient_time"),
        ({"author": " "}, "no_author"),
        ({"reason": ""}, "no_reason"),
    ],
)
def test_what_cannot_be_entered_says_what_to_do(wrong: dict[str, object], code: str) -> None:
    found = refusal(replace(correction(START, 5.0), **wrong), REGISTRY, to_ms(NOW))  # type: ignore[arg-type]
    assert found is not None
    assert found.code == code
    for lang in ("zh", "en"):
        assert refusal_text(found, lang)


@pytest.mark.parametrize(
    "series",
    [
        M,
        Series("m", "energy_export_kwh"),
        Series("pv", "pv_power_w"),
        Series("sky", "outdoor_temperature_c"),
    ],
)
def test_what_can_be_entered(series: Series) -> None:
    for value in (0.0, 5.0, None):
        assert refusal(correction(to_ms(NOW), value, series), REGISTRY, to_ms(NOW)) is None


def test_two_corrections_of_a_reading_in_one_batch_are_found() -> None:
    assert repeated([correction(1, 2.0), correction(2, 2.0), correction(1, None)]) == [2]
    assert "twice" in {k.rpartition(".")[2] for k in texts("intake")}


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
    for t in places:
        entered[t] = None if chance.random() < 0.4 else chance.uniform(0, 4000)
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


def test_the_sample_instants_are_what_they_say() -> None:
    assert from_ms(START).isoformat() == "2026-02-28T16:00:00+00:00"
