"""A drifting thermometer is found by its neighbours; a station that merely stands elsewhere is not."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from config.processing import processing_settings
from config.texts import LANGUAGES, finding_text
from domain.calendar import Month
from domain.places import Institution, WeatherStation
from domain.registry import Registry
from processing.curves.days import day_edges
from processing.curves.measured_states import integral_curve
from processing.months.month import month_result
from processing.months.site import build_site, wanted_series
from processing.quality.weather_drift import _smooth, drift_findings, drift_of, neighbour_stations

ZONE = "Asia/Shanghai"
MONTH = Month(2026, 9)
DAYS = 60
FIRST = 30
HOUR_MS = 3_600_000


def weather(seed: int) -> np.ndarray:
    """Daily means of a city: a course of the year, and weather that lasts."""
    noise = np.random.default_rng(seed)
    days = np.arange(DAYS)
    return 20 - 0.15 * days + wandering(noise, 2.5, 0.7, 1)[0]


def wandering(
    noise: np.random.Generator, sd_c: float, persistence: float, stations: int
) -> np.ndarray:
    """What makes stations differ: each its own, lasting from day to day."""
    own = np.zeros((stations, DAYS))
    shocks = noise.standard_normal((stations, DAYS)) * sd_c
    own[:, 0] = shocks[:, 0]
    for day in range(1, DAYS):
        kept = persistence * own[:, day - 1]
        own[:, day] = kept + np.sqrt(1 - persistence**2) * shocks[:, day]
    return own


def city(
    seed: int, stations: int, sd_c: float = 0.4, persistence: float = 0.5
) -> tuple[np.ndarray, np.random.Generator]:
    """Daily means of its stations, each with an offset of its own."""
    noise = np.random.default_rng(1_000 + seed)
    offsets = noise.normal(0, 1.5, (stations, 1))
    return weather(seed) + offsets + wandering(noise, sd_c, persistence, stations), noise


def drift(per_day: float, start: int, end: int = DAYS) -> np.ndarray:
    days = np.arange(DAYS)
    return np.where((days >= start) & (days < end), per_day * (days - start), 0.0)


@pytest.mark.parametrize(("sd_c", "persistence"), [(0.2, 0.3), (0.5, 0.5), (0.8, 0.7)])
def test_nothing_is_found_where_nothing_drifts(sd_c: float, persistence: float) -> None:
    for seed in range(150):
        means, _ = city(seed, 2 + seed % 4, sd_c, persistence)
        assert drift_of(means[0], means[1:], FIRST) is None, seed


def test_the_seasons_between_coast_and_land_are_no_drift() -> None:
    for seed in range(50):
        means, _ = city(seed, 4)
        means[0] += 3.0 * np.sin(2 * np.pi * np.arange(DAYS) / 365.0)
        assert drift_of(means[0], means[1:], FIRST) is None, seed


@pytest.mark.parametrize("neighbours", [2, 3, 4])
@pytest.mark.parametrize("per_day", [0.4, -0.4])
def test_a_planted_drift_is_found_within_the_month(neighbours: int, per_day: float) -> None:
    found = 0
    for seed in range(60):
        means, noise = city(seed, neighbours + 1)
        start = int(noise.integers(FIRST + 1, FIRST + 16))
        means[0] += drift(per_day, start)
        result = drift_of(means[0], means[1:], FIRST)
        if result is not None:
            found += 1
            assert np.sign(result.growth_c) == np.sign(per_day)
            grown = abs(per_day) * min(14, DAYS - start)
            assert 2.0 <= abs(result.growth_c) < grown + 2.0
            assert result.neighbours == neighbours
    assert found >= 57


@pytest.mark.parametrize("neighbours", [2, 3, 4])
def test_the_stations_around_a_drifting_one_are_not_blamed(neighbours: int) -> None:
    for seed in range(60):
        means, _ = city(seed, neighbours + 1)
        means[-1] += drift(0.4, FIRST + seed % 15)
        assert drift_of(means[0], means[1:], FIRST) is None, seed


def test_one_neighbour_cannot_say_who_is_wrong() -> None:
    means, _ = city(1, 2)
    means[0] += drift(0.4, FIRST)
    assert drift_of(means[0], means[1:], FIRST) is None


def test_a_step_and_what_went_off_before_are_no_growth() -> None:
    for seed in range(40):
        means, _ = city(seed, 4)
        stepped = means[0] + np.where(np.arange(DAYS) >= FIRST + 12, 5.0, 0.0)
        assert drift_of(stepped, means[1:], FIRST) is None, seed
        # A drift that was over three weeks before the month, and stayed.
        stayed = means[0] + np.minimum(drift(0.6, 0), 0.6 * 8)
        assert drift_of(stayed, means[1:], FIRST) is None, seed


def test_gaps_make_no_drift_and_hide_few() -> None:
    found = 0
    for seed in range(60):
        means, noise = city(seed, 4)
        gone = noise.random(means.shape) < 0.1
        for station in range(4):  # and an outage of some days each
            start = int(noise.integers(DAYS - 4))
            gone[station, start : start + 4] = True
        holes = np.where(gone, np.nan, means)
        assert drift_of(holes[0], holes[1:], FIRST) is None, seed
        found += drift_of(holes[0] + drift(0.4, FIRST + 5), holes[1:], FIRST) is not None
    assert found >= 48


def test_without_any_common_day_nothing_is_said() -> None:
    means, _ = city(3, 4)
    silent = np.full_like(means[0], np.nan)
    assert drift_of(silent, means[1:], FIRST) is None
    means[1:, :] = np.nan
    assert drift_of(means[0] + drift(0.4, FIRST), means[1:], FIRST) is None
    short = means[:, :3]
    assert drift_of(short[0], short[1:], 2) is None


@given(
    hnp.arrays(
        np.float64,
        (3, 12),
        elements=st.one_of(st.just(np.nan), st.floats(-50, 50, allow_nan=False)),
    )
)
def test_what_is_smoothed_is_the_median_of_the_days_that_are_known(apart: np.ndarray) -> None:
    rules = processing_settings().weather_drift
    smooth = _smooth(apart, rules)
    for row in range(3):
        for day in range(12):
            window = apart[row, max(0, day - rules.smoothed_days + 1) : day + 1]
            known = window[~np.isnan(window)]
            if len(known) < rules.known_days:
                assert np.isnan(smooth[row, day])
            else:
                assert smooth[row, day] == pytest.approx(np.median(known))


# -- from readings to the finding --------------------------------------------------------


def place(name: str, district: str, station: str = "") -> Institution:
    return Institution(
        id=name,
        name_zh=name,
        name_en=name,
        building_type="A",
        timezone=ZONE,
        calendar="cn",
        origin="simulated",
        weather_device=station,
        district_code=district,
    )


def registry(*districts: str) -> Registry:
    """A station at each institution; the first one's is the one looked at."""
    stations = tuple(
        WeatherStation(id=f"w{i}", institution=f"p{i}", name_zh="", name_en="")
        for i in range(len(districts))
    )
    places = tuple(place(f"p{i}", d, f"w{i}") for i, d in enumerate(districts))
    return Registry(institutions=places, devices=stations).check()


def hourly(per_day: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Readings every hour with a daily course around the days' means."""
    first = MONTH.first_day - timedelta(days=FIRST)
    edges = day_edges(first, first + timedelta(days=DAYS), ZONE)
    at = np.arange(edges[0], edges[-1], HOUR_MS, dtype=np.int64)
    hours = np.arange(at.size)
    return at, np.repeat(per_day, 24)[: at.size] + 5 * np.sin(2 * np.pi * hours / 24)


def test_neighbours_are_the_stations_of_the_same_city_those_of_the_district_first() -> None:
    known = registry("370502", "370503", "370502", "110101", "", "370505", "370521", "370522")
    assert neighbour_stations(known, "w0") == ("w2", "w1", "w5", "w6")
    assert neighbour_stations(known, "w3") == neighbour_stations(known, "w4") == ()
    assert neighbour_stations(known, "") == neighbour_stations(known, "no-such") == ()
    wanted = [s.device for s in wanted_series(known, known.institutions[0])]
    assert wanted == ["w0", "w0", "w2", "w1", "w5", "w6"]


def test_a_month_says_that_its_thermometer_drifts() -> None:
    known = registry("370502", "370502", "370503")
    means, _ = city(7, 3)
    drifting = [means[0] + drift(0.4, FIRST + 10), means[1], means[2]]
    for planted, expected in ((list(means), 0), (drifting, 1)):
        samples = {(f"w{i}", "outdoor_temperature_c"): hourly(m) for i, m in enumerate(planted)}
        site = build_site(known, known.institutions[0], samples)
        end_ms = int(day_edges(MONTH.end_day, MONTH.end_day, ZONE)[0])
        (figure,) = [
            f
            for f in month_result(site, MONTH, end_ms).figures
            if f.name == "outdoor_temperature_mean_c"
        ]
        assert len(figure.findings) == expected
        for finding in figure.findings:
            assert (finding.code, finding.subject) == ("sensor_drift", "w0")
            assert finding.numbers["neighbours"] == 2
            assert 2.0 <= float(finding.numbers["growth_c"]) <= 8.0
            assert all("w0" in finding_text(finding, lang) for lang in LANGUAGES)


def test_a_running_month_is_judged_by_the_days_that_are_over() -> None:
    curves = [
        integral_curve(*hourly(m + d))
        for m, d in zip(city(7, 3)[0], (drift(0.4, FIRST + 10), 0.0, 0.0), strict=True)
    ]
    args = ("w0", curves[0], curves[1:], MONTH.first_day)
    assert drift_findings(*args, MONTH.first_day, ZONE) == ()
    assert drift_findings(*args, date(2026, 9, 13), ZONE) == ()
    assert len(drift_findings(*args, date(2026, 9, 25), ZONE)) == 1
