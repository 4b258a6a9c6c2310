"""Golden results of the R package nmecr (kW-Labs, MIT), to 1e-6 relative."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from processing.savings.intervals import nominal_half_width
from processing.savings.models.towt import TowtModel, fit_towt
from tests.paths import SHARED

NMECR = SHARED / "data" / "nmecr"

needs_data = pytest.mark.skipif(
    not NMECR.exists(), reason="the measured building of nmecr is not on this machine"
)


def _read(name: str, column: str) -> pd.Series:
    table = pd.read_csv(NMECR / name, parse_dates=["time"]).set_index("time")[column]
    # The archive labels days by their start; nmecr's results label them by their end.
    table.index = table.index + pd.Timedelta(days=1)
    return table


@pytest.fixture(scope="module")
def building() -> pd.DataFrame:
    use, fahrenheit = _read("daily_use.csv", "eload"), _read("daily_temperature_f.csv", "temp")
    return pd.DataFrame({"use": use, "temperature_c": (fahrenheit - 32) * 5 / 9})


@pytest.fixture(scope="module")
def baseline(building: pd.DataFrame) -> pd.DataFrame:
    return building["2012-03-02":"2013-02-28"]


@pytest.fixture(scope="module")
def model(baseline: pd.DataFrame) -> TowtModel:
    return fit_towt(
        pd.DatetimeIndex(baseline.index),
        baseline.use.to_numpy(),
        baseline.temperature_c.to_numpy(),
        "day",
    )


def _predict(model: TowtModel, days: pd.DataFrame) -> np.ndarray:
    return model.predict(pd.DatetimeIndex(days.index), days.temperature_c.to_numpy())


@needs_data
def test_savings_of_the_year_and_of_each_day(model: TowtModel, building: pd.DataFrame) -> None:
    expected = pd.read_csv(NMECR / "expected_savings_by_day.csv", parse_dates=["time"])
    summary = pd.read_csv(NMECR / "expected_savings_summary.csv").iloc[0]
    days = building.loc[expected.time.iloc[0] : expected.time.iloc[-1]]
    predicted = _predict(model, days)
    np.testing.assert_allclose(predicted, expected.predictions, rtol=1e-6)
    saved = predicted.sum() - days.use.sum()
    assert saved == pytest.approx(summary.savings, rel=1e-6)
    assert saved == pytest.approx(408_141.594, rel=1e-6)


@needs_data
def test_statistics_and_uncertainty(model: TowtModel, baseline: pd.DataFrame) -> None:
    expected = pd.read_csv(NMECR / "expected_model_statistics.csv").set_index("Model Name")
    residuals = baseline.use.to_numpy() - _predict(model, baseline)
    r_squared = 1 - (residuals**2).sum() / ((baseline.use - baseline.use.mean()) ** 2).sum()
    assert r_squared == pytest.approx(expected.loc["TOWT", "R_squared"], rel=1e-6)
    assert model.parameters == expected.loc["TOWT", "#Parameters"]
    cv = np.sqrt((residuals**2).sum() / (len(baseline) - model.parameters)) / baseline.use.mean()
    assert round(100 * cv, 2) == expected.loc["TOWT", "CVRMSE %"]


@needs_data
@pytest.mark.parametrize(
    ("file", "periods"),
    [("expected_savings_summary.csv", 365), ("expected_towt_savings_uncertainty.csv", 364)],
)
def test_fractional_savings_uncertainty(
    model: TowtModel, baseline: pd.DataFrame, file: str, periods: int
) -> None:
    expected = pd.read_csv(NMECR / file).iloc[0]
    residuals = baseline.use.to_numpy() - _predict(model, baseline)
    n, p = len(baseline), model.parameters
    rho = float(np.corrcoef(residuals[1:], residuals[:-1])[0, 1])
    effective = n * (1 - rho) / (1 + rho) if rho >= 0.5 else n
    cv = np.sqrt((residuals**2).sum() / (effective - p)) / baseline.use.mean()
    half = nominal_half_width(
        predicted=1.0,
        cvrmse_ratio=cv,
        parameters=p,
        baseline_periods=effective,  # nmecr puts the effective periods everywhere
        reporting_periods=periods,
        reporting_months=n / 30,
        confidence=expected.confidence_level / 100,
    )
    fraction = expected.savings_fraction  # rounded to two digits in the golden result
    assert half / fraction == pytest.approx(expected.savings_uncertainty, rel=1e-6)
    assert half / 0.5 == pytest.approx(expected.savings_frac_for_50pct_uncertainty, rel=1e-6)


@needs_data
def test_simple_regression_statistics(baseline: pd.DataFrame) -> None:
    expected = pd.read_csv(NMECR / "expected_model_statistics.csv").set_index("Model Name")
    line = stats.linregress(baseline.temperature_c, baseline.use)
    assert line.rvalue**2 == pytest.approx(expected.loc["SLR", "R_squared"], rel=1e-6)


def test_worked_example_of_the_uncertainty() -> None:
    """Predicted 42, measured 43, CV 0.5, p 2, n = m = 12, 80 %: ±11.321001 of the saving."""
    half = nominal_half_width(
        predicted=42,
        cvrmse_ratio=0.5,
        parameters=2,
        baseline_periods=12,
        reporting_periods=12,
        reporting_months=12,
        confidence=0.80,
        interval="guideline14",
    )
    assert half / abs(42 - 43) == pytest.approx(11.321001530179318, rel=1e-12)
