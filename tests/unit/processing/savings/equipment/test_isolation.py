"""Normalised savings, option B and the on/off test: null and planted."""

import numpy as np
import pandas as pd
import pytest

from domain.errors import ConfigError
from processing.savings.engine import fit_baseline
from processing.savings.equipment.isolation import before_after, on_off_test
from processing.savings.explain import contributions, model_card
from processing.savings.models.frozen import FrozenModel
from processing.savings.normalised import normalised_saving

DAYS = pd.date_range("2023-01-01", "2023-12-31", freq="D")
KINDS = ["weekend" if d.weekday() >= 5 else "working" for d in DAYS.date]


def year(scale: float, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    season = -np.cos(2 * np.pi * DAYS.day_of_year.to_numpy() / 365)
    t = 13 + 13 * season + rng.normal(0, 3, len(DAYS))
    use = (800 - 200 * (np.array(KINDS) != "working") + 15 * np.maximum(15 - t, 0)) * scale
    return pd.DataFrame(
        {"use": use * rng.normal(1, 0.04, len(DAYS)), "temperature_c": t}, index=DAYS
    )


def fitted(scale: float, seed: int) -> FrozenModel:
    return fit_baseline(year(scale, seed), day_types=KINDS)


TYPICAL = year(1.0, 99)
TYPES = dict(zip(DAYS.date, KINDS, strict=True))


def test_normalised_savings_find_what_was_planted_and_nothing_else() -> None:
    found = normalised_saving(fitted(1.0, 1), fitted(0.75, 2), [TYPICAL], day_types=TYPES)
    assert found.saved / found.before == pytest.approx(0.25, abs=0.01)
    assert found.verdict == "proven" and found.days == 365
    none = normalised_saving(fitted(1.0, 1), fitted(1.0, 3), [TYPICAL], day_types=TYPES)
    assert none.verdict == "not_proven" and none.low < 0 < none.high


def test_a_typical_year_is_of_no_time_a_trend_within_the_baseline_is_carried_to_its_end() -> None:
    """A building that grew by a tenth in its baseline year and by nothing since saved nothing,
    whichever years make the typical one."""
    grown, steady = year(1.0, 6), year(1.05, 7)
    grown["use"] *= 1 + 0.1 * (np.arange(365) / 364 - 0.5)
    later = pd.date_range("2024-01-01", periods=365, freq="D")
    kinds = ["weekend" if d.weekday() >= 5 else "working" for d in later.date]
    before = fit_baseline(grown, day_types=KINDS)
    after = fit_baseline(steady.set_axis(later), day_types=kinds)
    types = TYPES | dict(zip(later.date, kinds, strict=True))
    assert any(t["kind"] == "trend" for t in before.terms)
    for typical in (TYPICAL, TYPICAL.set_axis(later)):
        found = normalised_saving(before, after, [typical], day_types=types)
        assert found.saved / found.before == pytest.approx(0.0, abs=0.025)


def test_contributions_add_up_and_know_heating() -> None:
    model = fitted(1.0, 4)
    parts = contributions(model, TYPICAL, KINDS)
    summed = parts.drop(columns="total").sum(axis=1)
    np.testing.assert_allclose(summed, parts.total)
    expected = 15 * np.maximum(15 - TYPICAL.temperature_c, 0).sum()
    # The season's waves may carry a little of it.
    assert parts.heating.sum() == pytest.approx(expected, rel=0.25)
    assert parts.day_types.sum() == pytest.approx(
        -200 * sum(k != "working" for k in KINDS), rel=0.2
    )


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_model_card_says_the_essentials(lang: str) -> None:
    card = "\n".join(model_card(fitted(1.0, 5), lang))
    assert "2023-01-01" in card and "2023-12-31" in card and "365" in card
    assert "Guideline 14" in card


def on_off(effect: float, seed: int, run: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    days = pd.date_range("2024-05-01", periods=84, freq="D")
    on = (np.arange(84) // run) % 2 == 1
    t = rng.normal(20, 4, 84)
    drift = np.cumsum(rng.normal(0, 1, 84))
    use = 500 + 10 * t + drift - effect * on + rng.normal(0, 10, 84)
    return pd.DataFrame({"use": use, "on": on, "temperature_c": t}, index=days)


def test_the_on_off_test_finds_the_planted_effect() -> None:
    found = on_off_test(on_off(60, 1))
    assert found.verdict == "proven" and found.low < 60 < found.high
    assert on_off_test(on_off(-60, 2)).verdict == "proven_increase"


def test_the_on_off_test_is_seldom_wrong_when_nothing_is_saved() -> None:
    proven = [on_off_test(on_off(0, seed)).verdict != "not_proven" for seed in range(200)]
    assert np.mean(proven) < 0.17  # 10 % are due at 90 % confidence


def test_too_few_switches_are_refused() -> None:
    with pytest.raises(ConfigError, match="switch"):
        on_off_test(on_off(60, 1, run=40))


def equipment(effect: float, seed: int, first: str) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    days = pd.date_range(first, periods=70, freq="D")
    hours = rng.uniform(6, 14, 70)
    use = (20 + 8 * hours) * (1 - effect) + rng.normal(0, 3, 70)
    return pd.DataFrame({"use": use, "hours": hours}, index=days)


def test_option_b_at_the_conditions_of_after() -> None:
    before = equipment(0, 1, "2024-01-01")
    after = equipment(0.2, 2, "2024-05-01")
    after["hours"] += 2  # it runs longer, which is no loss
    after["use"] += 8 * 2 * 0.8
    found = before_after(before, after)
    assert found.ratio == pytest.approx(0.2, abs=0.02) and found.verdict == "proven"
    same = [before_after(before, equipment(0, s, "2024-05-01")).verdict for s in range(40)]
    assert np.mean([v != "not_proven" for v in same]) <= 0.25
    with pytest.raises(ConfigError, match="four weeks"):
        before_after(before.iloc[:10], after)
