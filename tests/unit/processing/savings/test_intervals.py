"""Nominal widths of intervals, against a worked example."""

import pytest

from processing.savings.intervals import nominal_half_width


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
