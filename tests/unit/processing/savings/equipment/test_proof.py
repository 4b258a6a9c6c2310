"""What would prove an expected saving: the formula, and the saving it promises, planted."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from config.working_days import day_types
from domain.places import Measure
from processing.savings.engine import assess, fit_baseline
from processing.savings.equipment.isolation import on_off_test
from processing.savings.equipment.proof import Proof, proof_of, sample_size, switching_days
from processing.savings.intervals import calibration_of, promised_half_width, provable_ratio
from processing.savings.models.frozen import FrozenModel

DAYS = pd.date_range("2024-01-01", "2025-12-31", freq="D")
TYPES = day_types(list(DAYS.date), "cn")
AFTER = pd.Timestamp("2025-01-01") <= DAYS
LIGHTS = (Measure(date(2025, 1, 1), "lighting"),)


def office(seed: int, mean_kwh: float = 1000.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    warmth = 13 - 14 * np.cos(2 * np.pi * (DAYS.day_of_year.to_numpy() - 20) / 365)
    warmth = warmth + rng.normal(0, 3, len(DAYS))
    off = np.array([TYPES[d] != "working" for d in DAYS.date])
    use = mean_kwh * (1 - 0.4 * off + 0.03 * np.maximum(warmth - 20, 0))
    return pd.DataFrame(
        {"use": use * rng.normal(1, 0.04, len(DAYS)), "temperature_c": warmth}, index=DAYS
    )


def baseline(table: pd.DataFrame) -> FrozenModel:
    return fit_baseline(table[~AFTER], day_types=TYPES)


def proof(expected: float | None, model: FrozenModel, **about: object) -> Proof:
    return proof_of(model, calibration_of(model), expected, **about)  # type: ignore[arg-type]


def test_the_share_of_a_sub_meter_follows_from_what_a_baseline_proves() -> None:
    model = baseline(office(1))
    smallest = provable_ratio(model, calibration_of(model), 0.9)
    found = proof(0.05, model, measures=LIGHTS)
    assert found.answer == "submeter" and found.provable_ratio == pytest.approx(smallest)
    assert found.most_share == pytest.approx(0.05 / smallest)
    assert found.least_share == pytest.approx(0.05 / 0.85), "lighting saves 85 % of itself at most"
    half = promised_half_width(model, calibration_of(model), 0.9)
    assert found.half_width_kwh(0.2) == pytest.approx(0.2 * half * found.year_kwh)
    assert found.expected_kwh == pytest.approx(0.05 * model.mean_per_day * 365)


def test_what_is_promised_of_the_sub_meter_is_proven_and_of_the_whole_is_not() -> None:
    """Twenty offices that save 3 %, all of it in equipment with a share halfway in the range; its use
    drifts from year to year by as much as placebo buildings do (5 %)."""
    rng = np.random.default_rng(5)
    proven = {"whole": 0, "sub": 0}
    for seed in range(20):
        whole = office(seed)
        found = proof(0.03, baseline(whole), measures=LIGHTS)
        assert found.answer == "submeter" and found.least_share and found.most_share
        share = (found.least_share + found.most_share) / 2
        for name, table, saved in (
            ("whole", whole, 0.03),
            ("sub", office(100 + seed, 1000 * share), 0.03 / share),
        ):
            drift = np.where(AFTER, rng.normal(1, 0.05), 1.0)
            left = np.where(AFTER, 1 - saved, 1.0)
            less = table.assign(use=table["use"] * left * drift)
            seen = assess(baseline(table), less[AFTER], day_types=TYPES)
            low = seen.period(date(2025, 1, 1), date(2026, 1, 1)).low
            proven[name] += low > 0
    assert proven["sub"] >= 16 and proven["whole"] <= 10, proven


def test_the_present_meters_may_be_enough_and_may_not_be_asked() -> None:
    model = baseline(office(2))
    assert proof(0.5, model).answer == "enough"
    assert proof(None, model).answer == "unknown"
    assert proof(0.05, model, isolated=True).answer == "test"
    assert proof(0.001, model).answer in ("submeter", "none")


def test_measures_that_cannot_save_so_much_of_equipment_need_a_test() -> None:
    model = replace(baseline(office(3)), cv_month_ratio=1.5)
    found = proof(0.05, model, measures=LIGHTS)
    assert found.answer == "test" and found.most_share is None and found.switching_days


def test_a_baseline_that_withholds_every_verdict_promises_nothing() -> None:
    table = office(4)
    short = fit_baseline(table[:120], day_types=TYPES)
    assert proof(0.2, short).answer == "baseline"
    nothing = fit_baseline(table.assign(use=np.nan)[~AFTER], day_types=TYPES)
    assert proof(0.2, nothing).answer == "baseline" and proof(None, nothing).answer == "baseline"


def test_samples_are_those_of_the_guideline() -> None:
    assert sample_size(0.90) == 68
    assert sample_size(0.80, precision_ratio=0.20) == 11
    assert sample_size(0.90, of=20) < 20


def test_so_many_days_of_switching_show_the_effect_and_nothing_shows_none() -> None:
    model = baseline(office(6))
    days = switching_days(model, 0.03, 0.9)
    assert days is not None and days % 14 == 0
    assert switching_days(model, 0.06, 0.9) <= days  # type: ignore[operator]
    assert switching_days(model, 0.0001, 0.9) is None
    shown = {0.0: 0, 0.03: 0}
    for seed in range(40):
        table = office(200 + seed)[:days]
        on = (np.arange(days) // 7) % 2 == 1
        off = [float(TYPES[d] != "working") for d in table.index.date]
        for saved in shown:
            tested = table.assign(use=table["use"] * np.where(on, 1 - saved, 1.0), on=on, off=off)
            shown[saved] += on_off_test(tested).verdict == "proven"
    assert shown[0.03] >= 26 and shown[0.0] <= 8, shown
