"""What a baseline learns beside weather and calendar: how it drifts, and the sun's warmth."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from processing.savings.engine import assess, fit_baseline
from processing.savings.models.frozen import FrozenModel

YEAR = 365


def weather(first: str, days: int, seed: int, brighter: float = 0.0) -> pd.DataFrame:
    """Daily temperature and irradiance; `brighter` lifts the irradiance of spring (W/m²)."""
    rng = np.random.default_rng(seed)
    index = pd.date_range(first, periods=days, freq="D")
    angle = 2 * np.pi * index.day_of_year.to_numpy() / 365
    temperature = 10 - 7 * np.cos(angle - 0.5) + rng.normal(0, 2, days)  # lags the sun
    sun = 125 - 95 * np.cos(angle + 0.17) + rng.normal(0, 30, days)
    sun += brighter * np.asarray((index.month >= 3) & (index.month <= 5))
    return pd.DataFrame(
        {"temperature_c": temperature, "irradiance_w_per_m2": np.maximum(sun, 5)}, index=index
    )


def boiler(sky: pd.DataFrame, seed: int, sun: float = 1.0) -> pd.DataFrame:
    """Gas that follows the air and the sun (°C for each 100 W/m²)."""
    rng = np.random.default_rng(seed)
    felt = sky["temperature_c"] + sun * (sky["irradiance_w_per_m2"] - 125) / 100
    use = 60 + 25 * np.maximum(15 - felt, 0)
    return sky.assign(use=use * rng.normal(1, 0.03, len(sky)))


def fit(daily: pd.DataFrame, carrier: str) -> FrozenModel:
    return fit_baseline(daily, day_types=["working"] * len(daily), carrier=carrier)


def spring(model: FrozenModel, daily: pd.DataFrame) -> float:
    seen = assess(model, daily, day_types=["working"] * len(daily))
    return seen.period(date(2023, 3, 1), date(2023, 6, 1)).avoided_ratio


def test_a_bright_spring_is_no_saving() -> None:
    baseline = boiler(weather("2022-01-01", YEAR, 1), 2)
    bright = boiler(weather("2023-01-01", YEAR, 3, brighter=60), 4)
    model = fit(baseline, "natural_gas")
    blind = fit(baseline.drop(columns="irradiance_w_per_m2"), "natural_gas")
    assert model.sun is not None and blind.sun is None
    assert abs(spring(model, bright)) < 0.025
    assert spring(blind, bright) > 2 * abs(spring(model, bright))


def test_a_saving_under_a_bright_spring_is_recovered() -> None:
    model = fit(boiler(weather("2022-01-01", YEAR, 1), 2), "natural_gas")
    bright = boiler(weather("2023-01-01", YEAR, 3, brighter=60), 4)
    saved = bright.assign(use=bright["use"] * 0.88)
    assert spring(model, saved) == pytest.approx(0.12, abs=0.02)


def test_unknown_irradiance_is_taken_as_usual_for_the_season() -> None:
    model = fit(boiler(weather("2022-01-01", YEAR, 1), 2), "natural_gas")
    usual = boiler(weather("2023-01-01", YEAR, 3), 4)
    unknown = usual.assign(irradiance_w_per_m2=np.nan)
    assert abs(spring(model, unknown)) < 0.02
    assert (
        not assess(model, unknown, day_types=["working"] * YEAR).days["counterfactual"].isna().any()
    )


def test_a_baseline_that_hardly_knows_the_sun_counts_none() -> None:
    baseline = boiler(weather("2022-01-01", YEAR, 1), 2)
    baseline.loc[baseline.index[:200], "irradiance_w_per_m2"] = np.nan
    assert fit(baseline, "natural_gas").sun is None


def test_electricity_counts_no_sun() -> None:
    assert fit(boiler(weather("2022-01-01", YEAR, 1), 2), "electricity").sun is None


def office(first: str, days: int, seed: int, start: float, end: float) -> pd.DataFrame:
    """Electricity whose level goes from `start` to `end` within the days."""
    rng = np.random.default_rng(seed)
    sky = weather(first, days, seed)
    level = np.linspace(start, end, days) + 10 * np.maximum(12 - sky["temperature_c"], 0)
    return sky.assign(use=level * rng.normal(1, 0.03, days))


def share(model: FrozenModel, daily: pd.DataFrame) -> float:
    seen = assess(model, daily, day_types=["working"] * len(daily))
    first = daily.index[0].date()
    return seen.period(first, first.replace(year=first.year + 1)).avoided_ratio


def test_drift_within_the_baseline_is_carried_on_from_its_end() -> None:
    """A level that rose by a fifth stays there: its mean would be 9 % false use, half of it stays."""
    model = fit(office("2022-01-01", YEAR, 1, 900, 1100), "electricity")
    after = office("2023-01-01", YEAR, 2, 1100, 1100)
    assert abs(share(model, after)) < 0.055
    assert abs(share(model, after.assign(use=after["use"] * 0.9)) - 0.1) < 0.055


def test_a_steady_baseline_shows_no_drift() -> None:
    model = fit(office("2022-01-01", YEAR, 1, 1000, 1000), "electricity")
    trend = [
        c for t, c in zip(model.terms, model.coefficients, strict=True) if t["kind"] == "trend"
    ]
    assert all(abs(c) < 20 for c in trend)
    assert abs(share(model, office("2023-01-01", YEAR, 2, 1000, 1000))) < 0.01


def test_days_before_the_baseline_have_its_first_level() -> None:
    model = fit(office("2022-01-01", YEAR, 1, 900, 1100), "electricity")
    before = office("2021-01-01", YEAR, 2, 900, 900)
    assert abs(share(model, before)) < 0.055


def test_half_a_year_cannot_tell_drift_from_season() -> None:
    model = fit(office("2022-01-01", 200, 1, 900, 1100), "electricity")
    assert not [t for t in model.terms if t["kind"] == "trend"]
