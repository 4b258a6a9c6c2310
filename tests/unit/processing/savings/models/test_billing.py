"""The model of bills recovers the buildings it was made from, and says where it is thin."""

from datetime import date
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from config.texts import finding_text
from processing.savings.engine import assess, billed_days, fit_again
from processing.savings.explain import PARTS, contributions, model_card
from processing.savings.intervals import calibration_of, shipped_calibration
from processing.savings.models.billing import fit_bills
from processing.savings.models.frozen import BILLING_FORMAT, FrozenModel
from processing.savings.normalised import normalised_saving

DAYS = pd.date_range("2022-12-01", "2024-12-31", freq="D")
START, END = date(2023, 1, 1), date(2024, 1, 1)
YEAR = date(2024, 1, 1), date(2025, 1, 1)


def weather(seed: int = 0) -> pd.Series:
    rng = np.random.default_rng(seed)
    season = -np.cos(2 * np.pi * (DAYS.day_of_year.to_numpy() - 15) / 365.25)
    return pd.Series(13 + 14 * season + rng.normal(0, 3, len(DAYS)), index=DAYS)


def bills(use_per_day: pd.Series, first: str, months: int = 12) -> pd.DataFrame:
    starts = pd.date_range(first, periods=months + 1, freq="MS")
    rows = [
        {"start": a, "end": b, "use": float(use_per_day[a : b - pd.Timedelta(days=1)].sum())}
        for a, b in pairwise(starts)
    ]
    return pd.DataFrame(rows)


def fitted(use: pd.Series, t: pd.Series) -> FrozenModel:
    return fit_bills(bills(use, "2023-01-01"), t, "electricity", START, END)


def heated(seed: int = 2, noise: float = 0.02) -> tuple[pd.Series, pd.Series]:
    t = weather(seed)
    use = 100 + 9 * np.maximum(15 - t, 0)
    return t, use * np.random.default_rng(4).normal(1, noise, len(use))


@pytest.mark.parametrize(("heating", "cooling"), [(0.0, 0.0), (9.0, 0.0), (0.0, 7.0), (9.0, 7.0)])
def test_the_form_is_found_and_the_next_year_predicted(heating: float, cooling: float) -> None:
    t = weather()
    use = 100 + heating * np.maximum(15 - t, 0) + cooling * np.maximum(t - 21, 0)
    use *= np.random.default_rng(3).normal(1, 0.01, len(use))
    model = fitted(use, t)
    slopes = {x["kind"]: c for x, c in zip(model.terms, model.coefficients, strict=True)}
    assert slopes.get("heating", 0.0) == pytest.approx(heating, rel=0.15, abs=0.01)
    assert slopes.get("cooling", 0.0) == pytest.approx(cooling, rel=0.25, abs=0.01)
    later = bills(use, "2024-01-01")
    days = billed_days(model, later, t["2024-01-01":].to_frame("temperature_c"))  # type: ignore[misc]
    seen = assess(model, days, day_types=["working"] * len(days)).period(*YEAR)
    assert seen.counterfactual == pytest.approx(later.use.sum(), rel=0.01)
    assert seen.observed == pytest.approx(later.use.sum(), rel=1e-9)


@pytest.mark.parametrize(("saving", "verdict"), [(0.0, "not_proven"), (0.25, "proven")])
def test_the_planted_saving_is_found_and_nothing_else(saving: float, verdict: str) -> None:
    t, use = heated()
    model = fitted(use, t)
    later = bills(use * (1 - saving), "2024-01-01")
    days = billed_days(model, later, t["2024-01-01":].to_frame("temperature_c"))  # type: ignore[misc]
    seen = assess(model, days, day_types=["working"] * len(days))
    year = seen.period(*YEAR)
    assert year.avoided_ratio == pytest.approx(saving, abs=0.02)
    assert year.low < saving * year.counterfactual < year.high
    assert year.verdict == verdict and seen.changes == []
    # A month is its bill, and its interval is wider than that of the year.
    march = seen.period(date(2024, 3, 1), date(2024, 4, 1))
    assert march.observed == pytest.approx(later.use[2]) and march.days_observed == 31
    assert (march.high - march.low) / march.counterfactual > (
        year.high - year.low
    ) / year.counterfactual


def test_a_missing_bill_is_no_saving() -> None:
    t, use = heated()
    model = fitted(use, t)
    later = bills(use, "2024-01-01")
    later.loc[6, "use"] = np.nan
    days = billed_days(model, later, t["2024-01-01":].to_frame("temperature_c"))  # type: ignore[misc]
    seen = assess(model, days, day_types=["working"] * len(days))
    july = seen.period(date(2024, 7, 1), date(2024, 8, 1))
    assert july.days_observed == 0 and np.isnan(july.avoided) and july.verdict == "not_proven"
    whole = seen.period(*YEAR)
    assert (whole.days_observed, whole.days_expected) == (335, 366)
    assert "savings_days_missing" in [f.code for f in whole.findings]


def test_months_count_by_their_days() -> None:
    """The same use a day gives a leap February its 29 days and no model of the season."""
    t = weather()
    model = fitted(t * 0 + 10.0, t)
    assert [x["kind"] for x in model.terms] == ["level"] and model.coefficients[0] == pytest.approx(
        10
    )
    days = billed_days(
        model,
        bills(t * 0 + 10.0, "2024-02-01", 1),
        t["2024-02-01":"2024-02-29"].to_frame("temperature_c"),
    )  # type: ignore[misc]
    seen = assess(model, days, day_types=["working"] * 29)
    february = seen.period(date(2024, 2, 1), date(2024, 3, 1))
    assert (february.days_observed, february.counterfactual) == (29, pytest.approx(290))
    assert february.avoided == pytest.approx(0, abs=1e-6)


def test_thin_baselines_say_so() -> None:
    t, use = heated()
    table = bills(use, "2023-01-01", 9)
    table.loc[8, "end"] += pd.Timedelta(days=20)  # longer than a bill may be
    thin = fit_bills(table, t, "electricity", START, END)
    codes = {f.code: f for f in thin.findings}
    assert set(codes) == {
        "savings_bill_length",
        "savings_few_bills",
        "savings_baseline_gaps",
        "savings_baseline_months_unseen",
    }
    assert all(finding_text(f, lang) for f in thin.findings for lang in ("zh", "en"))
    cold = t.copy()
    cold["2023-03-10"] = np.nan
    (told,) = [f for f in fitted(use, cold).findings if f.code == "savings_bill_weather"]
    assert told.numbers == {"bills": 1} and finding_text(told, "en")
    half = fit_bills(table[:4], t, "electricity", START, date(2023, 5, 1))
    assert any(f.severity == "serious" for f in half.findings)
    nothing = fit_bills(table[:2], t, "electricity", START, date(2023, 3, 1))
    assert nothing.terms == () and nothing.bills == 0 and nothing.format == BILLING_FORMAT


def test_it_freezes_as_its_own_kind_and_has_its_own_calibration() -> None:
    model = fitted(*heated()[::-1])
    assert (model.format, model.bills) == (BILLING_FORMAT, 12)
    assert FrozenModel.from_json(model.to_json()) == model
    own = calibration_of(model)
    assert own == shipped_calibration("electricity", "billing")
    assert own != shipped_calibration("electricity") and own.day == own.month
    assert "monthly" in own.source


def test_the_card_speaks_of_bills_and_the_parts_add_up() -> None:
    t, use = heated()
    model = fitted(use, t)
    zh, en = (model_card(model, lang) for lang in ("zh", "en"))
    assert "12 bills" in en[0] and "12张账单" in zh[0]
    assert any("mean of the day)" in line for line in en)
    table = t["2024-01-01":].to_frame("temperature_c")  # type: ignore[misc]
    parts = contributions(model, table, ["working"] * len(table))
    assert parts[list(PARTS)].sum(axis=1).to_numpy() == pytest.approx(parts["total"].to_numpy())
    assert parts["heating"].sum() > 0


def test_two_models_of_bills_give_a_normalised_saving() -> None:
    t, use = heated()
    before = fitted(use, t)
    table = t["2024-01-01":].to_frame("temperature_c")  # type: ignore[misc]
    days = billed_days(before, bills(use * 0.8, "2024-01-01"), table)
    after = fit_again(before, days, day_types=["working"] * len(days))
    assert after.bills == 12
    found = normalised_saving(before, after, [table], day_types=["working"] * len(table))
    assert found.saved == pytest.approx(0.2 * found.before, rel=0.1)
