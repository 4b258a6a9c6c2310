"""Bill models recover the buildings they were made from, and sort out bad bills."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from config.texts import finding_text
from processing.savings.models.monthly import BillModel, fit_bills, usable_bills

DAYS = pd.date_range("2022-12-01", "2024-12-31", freq="D")


def weather(seed: int = 0) -> pd.Series:
    rng = np.random.default_rng(seed)
    season = -np.cos(2 * np.pi * (DAYS.day_of_year.to_numpy() - 15) / 365.25)
    return pd.Series(13 + 14 * season + rng.normal(0, 3, len(DAYS)), index=DAYS)


def bills(use_per_day: pd.Series, first: str, months: int) -> pd.DataFrame:
    starts = pd.date_range(first, periods=months + 1, freq="MS")
    rows = [
        {"start": a, "end": b, "use": float(use_per_day[a : b - pd.Timedelta(days=1)].sum())}
        for a, b in pairwise(starts)
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("form", "heating", "cooling"),
    [("mean", 0.0, 0.0), ("heating", 9.0, 0.0), ("cooling", 0.0, 7.0), ("both", 9.0, 7.0)],
)
def test_degree_days_find_the_form_and_the_next_year(
    form: str, heating: float, cooling: float
) -> None:
    t = weather()
    use = 100 + heating * np.maximum(15 - t, 0) + cooling * np.maximum(t - 21, 0)
    use *= np.random.default_rng(3).normal(1, 0.01, len(use))
    model = fit_bills(bills(use, "2023-01-01", 12), t)
    assert model.form == form
    assert model.heating == pytest.approx(heating, rel=0.15, abs=0.01)
    assert model.cooling == pytest.approx(cooling, rel=0.25, abs=0.01)
    later = bills(use, "2024-01-01", 12)
    assert model.predict(later, t).sum() == pytest.approx(later.use.sum(), rel=0.01)


@pytest.mark.parametrize("form", ["2P", "3PH", "3PC", "5P"])
def test_change_points_find_the_form(form: str) -> None:
    t = weather(1)
    first = bills(t, "2023-01-01", 12)
    mean = first.use / (first.end - first.start).dt.days
    cold, hot = np.maximum(12 - mean, 0), np.maximum(mean - 20, 0)
    per_day = {
        "2P": 60 + 3 * mean,
        "3PH": 100 + 6 * cold,
        "3PC": 100 + 6 * hot,
        "5P": 100 + 6 * cold + 5 * hot,
    }[form]
    first["use"] = per_day * (first.end - first.start).dt.days
    model = fit_bills(first, t, "change-point")
    assert model.form == form
    np.testing.assert_allclose(model.predict(first, t), first.use, rtol=0.02)


def test_the_planted_saving_and_nothing() -> None:
    t = weather(2)
    use = 100 + 9 * np.maximum(15 - t, 0)
    use *= np.random.default_rng(4).normal(1, 0.02, len(use))
    model = fit_bills(bills(use, "2023-01-01", 12), t)
    later = bills(use, "2024-01-01", 12)
    predicted = model.predict(later, t).sum()
    assert predicted - later.use.sum() == pytest.approx(0, abs=0.02 * predicted)
    assert predicted - 0.8 * later.use.sum() == pytest.approx(0.2 * predicted, rel=0.1)


def test_bad_bills_are_told_and_estimated_ones_merged() -> None:
    t = weather()
    table = bills(t * 0 + 10, "2023-01-01", 12).assign(estimated=False)
    table.loc[2, "estimated"] = True  # March is estimated: it goes with April
    table.loc[6, "end"] = table.loc[6, "start"] + pd.Timedelta(days=10)
    table.loc[9, "use"] = np.nan
    good, findings = usable_bills(table)
    assert len(good) == 9 and (good.parts == 2).sum() == 1
    merged = good[good.parts == 2].iloc[0]
    assert merged.use == pytest.approx(610) and (merged.end - merged.start).days == 61
    assert {f.code for f in findings} == {"savings_bill_length", "savings_bill_unknown"}
    model = fit_bills(table, t)
    assert all(finding_text(f, lang) for f in model.findings for lang in ("zh", "en"))


def test_a_bill_without_weather_is_not_predicted() -> None:
    t = weather()
    model = fit_bills(bills(t * 0 + 10, "2023-01-01", 12), t)
    future = bills(t * 0 + 10, "2024-01-01", 2)
    assert np.isnan(model.predict(future, t[:"2024-01-15"])).tolist() == [True, True]


def test_a_bill_model_survives_as_json() -> None:
    t = weather()
    model = fit_bills(bills(100 + 9 * np.maximum(15 - t, 0), "2023-01-01", 9), t)
    assert BillModel.from_json(model.to_json()) == model
