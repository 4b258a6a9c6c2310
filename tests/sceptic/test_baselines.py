"""What a sceptic does to a baseline, and the verdict an expert wants.

Buildings of known physics with 4 % noise; nothing is ever saved after the baseline unless a test
plants it, so whoever is called proven is falsely so.
"""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from config.texts import finding_text
from config.working_days import day_types
from processing.savings.assessment import Estimate
from processing.savings.engine import assess, fit_baseline
from processing.savings.explain import model_card
from processing.savings.models.frozen import FrozenModel

BASE, REPORT, END = date(2023, 1, 1), date(2024, 1, 1), date(2025, 1, 1)


def building(start: date, end: date, carrier: str = "electricity", seed: int = 1) -> pd.DataFrame:
    """Daily use and temperature of an office, or of its boiler, in a northern climate."""
    days = pd.date_range(start, end, inclusive="left")
    rng = np.random.default_rng(seed)
    season = -np.cos(2 * np.pi * (days.day_of_year.to_numpy() - 15) / 365.25)
    temperature = 13 + 13 * season + rng.normal(0, 3, len(days))
    off = np.array([d.weekday() >= 5 for d in days.date])
    cold, hot = np.maximum(14 - temperature, 0), np.maximum(temperature - 22, 0)
    use = 60 * cold + 30 if carrier == "natural_gas" else 1000 - 350 * off + 12 * cold + 20 * hot
    use = use * rng.normal(1, 0.04, len(days))
    return pd.DataFrame({"use": use, "temperature_c": temperature}, index=days)


def frozen(daily: pd.DataFrame, carrier: str = "electricity") -> FrozenModel:
    kinds = day_types(list(pd.DatetimeIndex(daily.index).date), "cn")
    return fit_baseline(daily, day_types=kinds, carrier=carrier)


def judged(
    model: FrozenModel, daily: pd.DataFrame, start: date = REPORT, end: date = END
) -> Estimate:
    kinds = day_types(list(pd.DatetimeIndex(daily.index).date), "cn")
    return assess(model, daily, day_types=kinds).period(start, end)


def found(model: FrozenModel | Estimate, code: str) -> str | None:
    """The severity of a finding; None where it is not there. Its text exists in both languages."""
    for finding in model.findings:
        if finding.code == code:
            assert all(finding_text(finding, lang) for lang in ("zh", "en"))
            return finding.severity
    return None


def cut(daily: pd.DataFrame, since: str, share: float) -> pd.DataFrame:
    """The use less a share from a day on."""
    factor = np.where(daily.index >= pd.Timestamp(since), 1 - share, 1.0)
    return daily.assign(use=daily["use"] * factor)


@pytest.mark.parametrize("carrier", ["electricity", "natural_gas"])
@pytest.mark.parametrize("since", ["2023-07-03", "2023-11-06"])
def test_a_retrofit_inside_the_baseline_proves_nothing_afterwards(carrier: str, since: str) -> None:
    """In its middle, and in its last two months: what it saves was saved before the contract."""
    carrier_base = building(BASE, REPORT, carrier)
    after = building(REPORT, END, carrier, seed=2)
    model = frozen(cut(carrier_base, since, 0.25), carrier)
    assert found(model, "savings_baseline_step") == "serious"
    assert judged(model, cut(after, "2024-01-01", 0.25)).verdict == "not_proven"


def test_the_step_is_told_with_date_and_size_on_the_card() -> None:
    model = frozen(cut(building(BASE, REPORT), "2023-08-14", 0.25))
    (step,) = [f for f in model.findings if f.code == "savings_baseline_step"]
    assert abs((date.fromisoformat(str(step.numbers["on"])) - date(2023, 8, 14)).days) <= 14
    assert float(step.numbers["percent"]) == pytest.approx(-25, abs=4)
    for lang in ("zh", "en"):
        card = "\n".join(model_card(model, lang))
        assert str(step.numbers["on"]) in card and str(step.numbers["percent"]) in card
    assert any(
        "No saving of a whole year can be proven" in line for line in model_card(model, "en")
    )


def test_a_ramp_in_the_baseline_proves_nothing_afterwards() -> None:
    """Controls tuned week by week until a third is gone, and the contract signed then."""
    ramp = building(BASE, REPORT)
    ramp["use"] *= np.linspace(1, 0.65, len(ramp))
    model = frozen(ramp)
    assert judged(model, cut(building(REPORT, END, seed=2), "2024-01-01", 0.35)).verdict != "proven"


def test_a_rise_that_was_only_in_the_baseline_is_no_saving_when_it_goes() -> None:
    """A site kitchen, or heaters left on: the baseline is fattened for its last half year."""
    model = frozen(cut(building(BASE, REPORT), "2023-06-26", -0.3))
    assert found(model, "savings_baseline_step") == "serious"
    assert judged(model, building(REPORT, END, seed=2)).verdict == "not_proven"


def test_of_two_years_the_one_after_the_step_is_the_baseline() -> None:
    long = cut(building(date(2022, 1, 1), REPORT), "2022-09-05", 0.25)
    model = frozen(long)
    assert found(model, "savings_baseline_shortened") == "warning"
    assert found(model, "savings_baseline_step") is None
    assert abs((model.baseline_start - date(2022, 9, 5)).days) <= 14
    after = cut(building(REPORT, END, seed=2), "2024-01-01", 0.25)
    assert judged(model, after).verdict == "not_proven"
    assert judged(model, after.assign(use=after["use"] * 0.8)).verdict == "proven"
    assert f"around {model.baseline_start}" in "\n".join(model_card(model, "en"))


@pytest.mark.parametrize("carrier", ["electricity", "natural_gas"])
def test_an_undisturbed_baseline_has_no_step_and_a_saving_is_proven(carrier: str) -> None:
    for seed in range(1, 13):
        model = frozen(building(BASE, REPORT, carrier, seed), carrier)
        assert [f for f in model.findings if f.severity != "info"] == []
        after = building(REPORT, END, carrier, seed + 50)
        assert judged(model, after).verdict == "not_proven"
        assert judged(model, after.assign(use=after["use"] * 0.8)).verdict == "proven"


def test_nearly_half_of_the_baseline_missing_proves_nothing() -> None:
    base = building(BASE, REPORT)
    base.loc[np.random.default_rng(3).random(len(base)) < 0.47, "use"] = np.nan
    model = frozen(base)
    assert found(model, "savings_baseline_gaps") == "serious"
    after = cut(building(REPORT, END, seed=2), "2024-01-01", 0.3)
    assert judged(model, after).verdict == "not_proven"


def test_a_gas_baseline_without_a_winter_proves_only_what_it_saw() -> None:
    base = building(date(2023, 3, 1), date(2023, 11, 1), "natural_gas")
    model = frozen(base, "natural_gas")
    assert model.months_unseen == (1, 2, 11, 12)
    assert found(model, "savings_baseline_months_unseen") == "warning"
    after = building(REPORT, END, "natural_gas", seed=2)
    after["use"] *= 0.6
    year = judged(model, after)
    assert (year.verdict, found(year, "savings_months_unseen")) == ("not_proven", "serious")
    winter = judged(model, after, date(2024, 1, 1), date(2024, 2, 1))
    assert (winter.verdict, found(winter, "savings_months_unseen")) == ("not_proven", "serious")
    seen = judged(model, after, date(2024, 3, 1), date(2024, 11, 1))
    assert (seen.verdict, found(seen, "savings_months_unseen")) == ("proven", None)


def test_a_cooling_baseline_without_a_summer_proves_nothing_of_the_year() -> None:
    base = building(BASE, REPORT)
    base.loc["2023-06-01":"2023-08-31", "use"] = np.nan
    model = frozen(base)
    assert model.months_unseen == (6, 7, 8)
    after = cut(building(REPORT, END, seed=2), "2024-01-01", 0.3)
    assert judged(model, after).verdict == "not_proven"


def test_one_month_missing_is_bridged_by_its_neighbours() -> None:
    base = building(BASE, REPORT)
    base.loc["2023-05-01":"2023-05-31", "use"] = np.nan
    model = frozen(base)
    assert model.months_unseen == ()
    after = cut(building(REPORT, END, seed=2), "2024-01-01", 0.2)
    assert judged(model, after).verdict == "proven"


def test_a_missing_temperature_is_not_a_missing_use() -> None:
    model = frozen(building(BASE, REPORT))
    after = building(REPORT, END, seed=2)
    none = judged(model, after.assign(temperature_c=np.nan))
    assert found(none, "savings_temperature_missing") and not found(none, "savings_days_missing")
    after.loc["2024-03-01":"2024-03-10", "temperature_c"] = np.nan
    after.loc["2024-05-01":"2024-05-03", "use"] = np.nan
    some = {f.code: dict(f.numbers) for f in judged(model, after).findings}
    assert some["savings_temperature_missing"] == {"missing": 10, "days": 366}
    assert some["savings_days_missing"] == {"missing": 3, "days": 366}


def test_a_model_without_temperature_says_so_beside_every_figure() -> None:
    model = frozen(building(BASE, REPORT).assign(temperature_c=np.nan))
    assert found(model, "savings_baseline_gaps") is None  # its use is known on every day
    seen = judged(model, building(REPORT, END, seed=2))
    assert found(seen, "savings_not_weather_normalised") == "warning"
    assert "Not weather-normalised" in "\n".join(model_card(model, "en"))


def test_many_days_without_temperature_thin_a_baseline_as_days_without_use_do() -> None:
    base = building(BASE, REPORT)
    base.loc["2023-04-01":"2023-07-31", "temperature_c"] = np.nan
    assert found(frozen(base), "savings_no_temperature") == "serious"


def test_a_load_of_nought_is_data() -> None:
    nought = building(BASE, REPORT).assign(use=0.0)
    model = frozen(nought)
    assert found(model, "savings_baseline_gaps") is None
    assert found(model, "savings_baseline_no_data") is None
    seen = judged(model, building(REPORT, END, seed=2).assign(use=0.0))
    assert (seen.days_observed, seen.observed, seen.verdict) == (366, 0.0, "not_proven")
    assert found(seen, "savings_days_missing") is None


def test_a_model_beyond_guideline_14_says_so() -> None:
    base = building(BASE, REPORT)
    rng = np.random.default_rng(5)
    base["use"] *= np.exp(rng.normal(0, 0.6, len(base)))
    model = frozen(base)
    assert found(model, "savings_fit_scatters") == "warning"
    assert found(model, "savings_fit_explains_little") == "info"
    assert "Guideline 14" in "\n".join(finding_text(f, "en") for f in model.findings)


def test_the_bias_over_its_own_baseline_is_on_the_card() -> None:
    """A few days of triple use count less in the fit, so the model says less than was used."""
    base = building(BASE, REPORT)
    base.iloc[::40, 0] *= 3
    model = frozen(base)
    kinds = day_types(list(pd.DatetimeIndex(base.index).date), "cn")
    days = assess(model, base, day_types=kinds).days
    share = days["counterfactual"].sum() / days["observed"].sum() - 1
    assert model.bias_ratio == pytest.approx(share, abs=1e-9) and share < -0.02
    assert f"{100 * share:+.1f} %" in "\n".join(model_card(model, "en"))


def test_what_a_model_did_not_know_is_not_in_its_json_and_old_models_are_read() -> None:
    model = frozen(building(BASE, REPORT))
    assert "months_unseen" not in model.to_json()
    assert FrozenModel.from_json(model.to_json()) == model
    short = frozen(building(BASE, BASE + timedelta(days=240)))
    assert FrozenModel.from_json(short.to_json()) == short and short.months_unseen
