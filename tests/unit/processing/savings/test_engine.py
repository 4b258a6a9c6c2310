"""The engine on made-up buildings: nothing changed, a known change, gaps, calendars."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.texts import finding_text
from config.working_days import day_types
from domain.errors import ConfigError
from processing.savings.engine import assess, fit_baseline
from processing.savings.intervals import provable_ratio, shipped_calibration
from processing.savings.models.frozen import FrozenModel


def building(
    first: date, days: int, *, seed: int = 1, scale: float = 1.0, calendar: str = "cn"
) -> tuple[pd.DataFrame, list[str]]:
    """Daily use of an office with known physics and 4 % noise, and its day types."""
    rng = np.random.default_rng(seed)
    index = pd.DatetimeIndex([first + timedelta(days=i) for i in range(days)])
    season = -np.cos(2 * np.pi * (index.day_of_year.to_numpy() - 15) / 365.25)
    temperature = 13 + 13 * season + rng.normal(0, 3, days)
    known = day_types(list(index.date), calendar)
    kinds = [known[d] for d in index.date]
    off = np.array(kinds) != "working"
    use = 1000 - 350 * off + 12 * np.maximum(14 - temperature, 0)
    use = use + 20 * np.maximum(temperature - 22, 0)
    use *= scale * rng.normal(1, 0.04, days)
    return pd.DataFrame({"use": use, "temperature_c": temperature}, index=index), kinds


BASE = date(2023, 1, 1)
REPORT = date(2024, 1, 1)


@pytest.fixture(scope="module")
def model() -> FrozenModel:
    daily, kinds = building(BASE, 365)
    return fit_baseline(daily, day_types=kinds)


def test_nothing_changed_nothing_saved(model: FrozenModel) -> None:
    daily, kinds = building(REPORT, 366, seed=2)
    estimate = assess(model, daily, day_types=kinds).period(REPORT, date(2025, 1, 1))
    assert estimate.verdict == "not_proven"
    assert abs(estimate.avoided_ratio) < 0.01
    assert estimate.low < 0 < estimate.high
    assert estimate.days_observed == estimate.days_expected == 366


@pytest.mark.parametrize("saved", [0.10, 0.25, -0.15])
def test_a_planted_change_is_found(model: FrozenModel, saved: float) -> None:
    daily, kinds = building(REPORT, 366, seed=3, scale=1 - saved)
    estimate = assess(model, daily, day_types=kinds).period(REPORT, date(2025, 1, 1))
    assert estimate.avoided_ratio == pytest.approx(saved, abs=0.01)
    assert estimate.verdict == ("proven" if saved > 0 else "proven_increase")
    assert estimate.avoided == pytest.approx(estimate.counterfactual - estimate.observed)


def _shape(model: FrozenModel, temperatures: list[float]) -> list[float]:
    """Use on working days of one season at steady temperatures."""
    index = pd.date_range("2024-04-01", periods=15, freq="D")
    found = []
    for t in temperatures:
        daily = pd.DataFrame({"use": np.nan, "temperature_c": t}, index=index)
        days = assess(model, daily, day_types=["working"] * 15).days
        found.append(float(days.counterfactual.iloc[-1]))
    return found


def test_change_points_and_slopes_are_recovered(model: FrozenModel) -> None:
    cold, at_point, middle, at_other, hot = _shape(model, [0.0, 14.0, 18.0, 22.0, 30.0])
    assert (cold - at_point) / 14 == pytest.approx(12, abs=4)
    assert (hot - at_other) / 8 == pytest.approx(20, abs=8)  # the waves take part of it
    assert abs(at_point - middle) < 40 and abs(at_other - middle) < 40


def test_a_curve_that_no_two_change_points_make_is_followed() -> None:
    """Heating that saturates in the cold: one straight slope would overshoot there."""
    index = pd.date_range("2023-01-01", periods=365, freq="D")
    rng = np.random.default_rng(5)
    t = 11 - 10 * np.cos(2 * np.pi * np.arange(365) / 365) + rng.normal(0, 3, 365)
    use = 100 + 30 * np.clip(16 - t, 0, 6) + rng.normal(0, 5, 365)
    daily = pd.DataFrame({"use": use, "temperature_c": t}, index=index)
    model = fit_baseline(daily, day_types=["working"] * 365, carrier="natural_gas")
    freezing, cold, mild, warm = _shape(model, [0.0, 8.0, 12.0, 16.0])
    assert (mild - warm) / 4 > 2 * (freezing - cold) / 8


def test_use_never_falls_towards_the_cold() -> None:
    """A building that used less on its cold days: not the cold's doing, so not carried on."""
    index = pd.date_range("2023-01-01", periods=365, freq="D")
    rng = np.random.default_rng(6)
    t = 11 - 10 * np.cos(2 * np.pi * np.arange(365) / 365) + rng.normal(0, 3, 365)
    use = 500 - 12 * np.maximum(12 - t, 0) + rng.normal(0, 10, 365)
    daily = pd.DataFrame({"use": use, "temperature_c": t}, index=index)
    model = fit_baseline(daily, day_types=["working"] * 365)
    zero, twenty_below = _shape(model, [0.0, -20.0])
    assert twenty_below >= zero - 1e-9


def test_a_missing_day_yields_no_saving(model: FrozenModel) -> None:
    daily, kinds = building(REPORT, 366, seed=2)
    gap = daily.copy()
    gap.loc["2024-03-05":"2024-03-14", "use"] = np.nan
    march = (date(2024, 3, 1), date(2024, 4, 1))
    whole = assess(model, daily, day_types=kinds).period(*march)
    part = assess(model, gap, day_types=kinds).period(*march)
    days = assess(model, daily, day_types=kinds).days.loc["2024-03-05":"2024-03-14"]
    assert part.days_observed == 21 and part.days_expected == 31
    assert part.counterfactual == pytest.approx(whole.counterfactual - days.counterfactual.sum())
    assert part.observed == pytest.approx(whole.observed - days.observed.sum())
    assert "savings_days_missing" in [f.code for f in part.findings]


def test_a_month_without_data_says_nothing(model: FrozenModel) -> None:
    daily, kinds = building(REPORT, 31)
    estimate = assess(model, daily, day_types=kinds).period(date(2024, 2, 1), date(2024, 3, 1))
    assert np.isnan(estimate.avoided) and estimate.verdict == "not_proven"
    assert estimate.days_observed == 0


def test_zero_is_data_and_missing_is_not_zero() -> None:
    daily, kinds = building(BASE, 365)
    zero, missing = daily.copy(), daily.copy()
    zero.loc["2023-06-01":"2023-06-30", "use"] = 0.0
    missing.loc["2023-06-01":"2023-06-30", "use"] = np.nan
    with_zero = fit_baseline(zero, day_types=kinds)
    with_gap = fit_baseline(missing, day_types=kinds)
    assert with_zero.days_used == 365 and with_gap.days_used == 335
    assert with_zero.mean_per_day < with_gap.mean_per_day
    assert "savings_zero_days" in [f.code for f in with_zero.findings]


def test_make_up_days_count_as_working_days() -> None:
    daily, kinds = building(BASE, 365)
    by_weekday = ["weekend" if d.weekday() >= 5 else "working" for d in daily.index.date]
    chinese = fit_baseline(daily, day_types=kinds)
    plain = fit_baseline(daily, day_types=by_weekday)
    assert chinese.cv_day_ratio < 0.9 * plain.cv_day_ratio


def test_a_frozen_model_survives_as_json(model: FrozenModel) -> None:
    again = FrozenModel.from_json(model.to_json())
    assert again == model and again.digest == model.digest
    daily, kinds = building(REPORT, 60)
    one = assess(model, daily, day_types=kinds).days
    two = assess(again, daily, day_types=kinds).days
    pd.testing.assert_frame_equal(one, two, check_exact=True)


def test_fitting_twice_gives_the_same_model(model: FrozenModel) -> None:
    daily, kinds = building(BASE, 365)
    assert fit_baseline(daily, day_types=kinds).to_json() == model.to_json()


def test_an_unreadable_model_says_what_to_do() -> None:
    with pytest.raises(ConfigError, match="savings fit"):
        FrozenModel.from_json('{"format": "civicmeter-baseline/99"}')


def test_outliers_hardly_move_the_model(model: FrozenModel) -> None:
    daily, kinds = building(BASE, 365)
    daily.loc[["2023-02-01", "2023-05-10", "2023-10-20"], "use"] *= 8
    spoiled = fit_baseline(daily, day_types=kinds)
    test, test_kinds = building(REPORT, 366, seed=5)
    year = (REPORT, date(2025, 1, 1))
    clean = assess(model, test, day_types=test_kinds).period(*year)
    moved = assess(spoiled, test, day_types=test_kinds).period(*year)
    assert moved.counterfactual == pytest.approx(clean.counterfactual, rel=0.01)
    assert "savings_extreme_days" in [f.code for f in spoiled.findings]


def test_no_temperature_leaves_day_types_and_season() -> None:
    daily, kinds = building(BASE, 365)
    water = fit_baseline(daily[["use"]], day_types=kinds, carrier="water")
    assert not water.needs_temperature
    test, test_kinds = building(REPORT, 366, seed=5)
    estimate = assess(water, test[["use"]], day_types=test_kinds).period(REPORT, date(2025, 1, 1))
    assert abs(estimate.avoided_ratio) < 0.05


def test_thin_baselines_prove_nothing() -> None:
    daily, kinds = building(BASE, 90)
    thin = fit_baseline(daily, day_types=kinds)
    test, test_kinds = building(REPORT, 366, scale=0.5)
    estimate = assess(thin, test, day_types=test_kinds).period(REPORT, date(2025, 1, 1))
    assert estimate.verdict == "not_proven"
    assert "savings_baseline_short" in [f.code for f in estimate.findings]
    empty = fit_baseline(daily.assign(use=np.nan), day_types=kinds)
    nothing = assess(empty, test, day_types=test_kinds).period(REPORT, date(2025, 1, 1))
    assert nothing.verdict == "not_proven" and np.isnan(nothing.avoided)


def test_every_finding_has_both_languages(model: FrozenModel) -> None:
    daily, kinds = building(BASE, 60)
    daily.iloc[:20, 0] = np.nan
    daily.iloc[30, 0] = 1e6
    daily.iloc[31, 1] = np.nan
    thin = fit_baseline(daily, day_types=kinds)
    hot = daily.assign(temperature_c=60.0)
    estimate = assess(thin, hot, day_types=kinds).period(BASE, date(2023, 3, 2))
    for finding in (*thin.findings, *estimate.findings):
        assert finding_text(finding, "zh") and finding_text(finding, "en")


@settings(max_examples=25, deadline=None)
@given(
    missing=st.sets(st.integers(0, 364), max_size=200),
    unit=st.sampled_from([1e-3, 1.0, 3.6e6]),
)
def test_units_do_not_matter_and_predictions_are_finite(missing: set[int], unit: float) -> None:
    daily, kinds = building(BASE, 365)
    daily.iloc[sorted(missing), 0] = np.nan
    one = fit_baseline(daily, day_types=kinds)
    other = fit_baseline(daily.assign(use=daily.use * unit), day_types=kinds)
    a = assess(one, daily, day_types=kinds).days.counterfactual.to_numpy()
    b = assess(other, daily, day_types=kinds).days.counterfactual.to_numpy()
    assert np.isfinite(a).all() and (a >= 0).all()
    np.testing.assert_allclose(b, a * unit, rtol=1e-6)


@given(st.dates(date(2023, 1, 1), date(2023, 11, 30)), st.integers(1, 30))
@settings(max_examples=25, deadline=None)
def test_days_add_up_and_longer_sums_are_relatively_surer(start: date, length: int) -> None:
    daily, kinds = building(BASE, 365)
    seen = assess(_FITTED, daily, day_types=kinds)
    end = start + timedelta(days=length)
    whole = seen.period(start, end)
    parts = [
        seen.period(start + timedelta(days=i), start + timedelta(days=i + 1)) for i in range(length)
    ]
    assert whole.avoided == pytest.approx(sum(p.avoided for p in parts), abs=1e-6)
    width = whole.high - whole.low
    assert width <= sum(p.high - p.low for p in parts) * 1.0000001


_FITTED = fit_baseline(building(BASE, 365)[0], day_types=building(BASE, 365)[1])


def test_a_provable_saving_is_proven_four_times_in_five(model: FrozenModel) -> None:
    """Placebo errors as the calibration says them, a saving of just that size planted."""
    calibration = shipped_calibration("electricity")
    half = calibration.half_width_ratio(365, 0.90) * calibration.scale(model, 365, 0.0, 0)
    smallest = provable_ratio(model, calibration, 0.90)
    assert smallest > half
    error = np.random.default_rng(9).normal(0, half / 1.6449, 20_000)
    assert 0.795 < np.mean(smallest + error > half) < 0.85
    assert np.mean(half + error > half) == pytest.approx(0.50, abs=0.01)
