"""What the model card promises is planted, and must be proven as often as it says."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from processing.savings.assessment import beside
from processing.savings.conformal import calibrate, provable_widths, scores, widths_needed
from processing.savings.engine import assess, fit_baseline
from processing.savings.explain import model_card
from processing.savings.inputs.rollup import daily_use, daily_weather
from processing.savings.intervals import POWER, Calibration, calibration_of, provable_ratio
from processing.savings.placebo import FEW, Archive, Cell, cells
from tests.paths import SHARED

CAMBRIDGE = SHARED / "data" / "cambridge"
NORMAL = 1.5117
"""Half-widths that normal errors need for four times in five at 90 %."""


def test_the_promise_is_the_size_that_four_in_five_needed() -> None:
    needed = [1.0 + 0.1 * i for i in range(19)]
    assert provable_widths(needed) == pytest.approx(2.5)  # the 16th of 19
    assert provable_widths([0.0] * 19) == pytest.approx(NORMAL, abs=1e-3)


def test_what_findings_withhold_counts_against_the_promise() -> None:
    withheld = [1.0] * 15 + [float("inf")] * 4
    assert provable_widths(withheld) == float("inf")
    assert provable_widths([1.0, 1.0]) == float("inf")  # two years carry no four in five


def _year(year: int, seed: int, level: float) -> tuple[pd.DataFrame, list[str]]:
    days = pd.date_range(f"{year}-01-01", f"{year}-12-31", freq="D")
    rng = np.random.default_rng([seed, year])
    kinds = ["weekend" if d.weekday() >= 5 else "working" for d in days.date]
    season = -np.cos(2 * np.pi * (days.day_of_year.to_numpy() - 15) / 365.25)
    temperature = 11 + 9 * season + rng.normal(0, 2.5, len(days))
    use = 800 - 250 * (np.array(kinds) == "weekend") + 15 * np.maximum(15 - temperature, 0)
    use = use * level * rng.normal(1, 0.05, len(days))
    return pd.DataFrame({"use": use, "temperature_c": temperature}, index=days), kinds


def test_a_promised_saving_is_proven_in_buildings_that_drift_as_the_calibration_knows() -> None:
    """Year-on-year drift of 4 %, as in the buildings the calibration was made of; planted: just
    what the card says."""
    proven = 0
    for seed in range(40):
        rng = np.random.default_rng(1000 + seed)
        base, kinds = _year(2022, seed, 1.0)
        model = fit_baseline(base, day_types=kinds)
        promised = provable_ratio(model, calibration_of(model), 0.90)
        level = (1 + rng.normal(0, 0.04)) * (1 - promised)
        after, kinds = _year(2023, seed, level)
        seen = assess(model, after, day_types=kinds)
        proven += seen.period(date(2023, 1, 1), date(2024, 1, 1)).verdict == "proven"
    assert proven >= POWER * 40


def test_nothing_is_promised_of_a_baseline_that_proves_nothing() -> None:
    base, kinds = _year(2022, 1, 1.0)
    base.loc["2022-07-04":, "use"] *= 0.7
    model = fit_baseline(base, day_types=kinds)
    assert provable_ratio(model, calibration_of(model), 0.90) == float("inf")
    assert not any("smallest saving" in line for line in model_card(model, "en"))


def test_a_planted_saving_is_sought_from_below() -> None:
    base, kinds = _year(2022, 3, 1.0)
    model = fit_baseline(base, day_types=kinds)
    after, kinds = _year(2023, 3, 1.0)
    needed = widths_needed(assess(model, after, day_types=kinds))
    assert 0.5 < needed < 1.5  # no error to speak of: about one half-width
    more, kinds = _year(2023, 3, 1.05)
    assert widths_needed(assess(model, more, day_types=kinds)) > needed


PAIRS = ((2017, 2018), (2018, 2017), (2018, 2019), (2019, 2018), (2021, 2022), (2022, 2021))


@pytest.fixture(scope="module")
def placebo_years() -> dict[str, list[Cell]]:
    use = pd.read_parquet(CAMBRIDGE / "hourly_tenths_kwh_2017_2022.parquet")
    sky = pd.read_parquet(CAMBRIDGE / "bedford_weather_hourly_2017_2022.parquet")
    zone = "Europe/London"
    archive = Archive(daily_use(use, zone), daily_weather(sky, zone), "gb")
    return {f: [c for p in PAIRS for c in cells(archive, f, *p)] for f in archive.fuels()}


@pytest.mark.long
@pytest.mark.skipif(not CAMBRIDGE.exists(), reason="the measured archive is not on this machine")
@pytest.mark.parametrize("fuel", ["electricity", "gas"])
def test_the_promise_is_kept_in_buildings_it_was_not_made_of(
    fuel: str, placebo_years: dict[str, list[Cell]]
) -> None:
    """Of each building's years by the calibration, and the promise, of all the others."""
    found = placebo_years[fuel]
    known = [scores(c.building, c.seen) for c in found]
    of = {
        b: calibrate(found[0].seen.calibration, known, without=b)
        for b in {c.building for c in found}
    }
    sound = [c for c in found if not any(f.severity == "serious" for f in c.model.findings)]
    needed = [
        (c.building, widths_needed(beside(c.model, c.seen.days, 0.90, of[c.building])))
        for c in sound
    ]
    kept = 0
    for cell in sound:
        others = provable_widths([w for b, w in needed if b != cell.building])
        calibration = replace(of[cell.building], provable=others)
        kept += _proven(cell, provable_ratio(cell.model, calibration, 0.90), calibration)
    assert kept >= 0.80 * len(sound)


@pytest.mark.long
@pytest.mark.skipif(not CAMBRIDGE.exists(), reason="the measured archive is not on this machine")
def test_gas_savings_are_proven_and_no_more_falsely_than_one_in_twenty(
    placebo_years: dict[str, list[Cell]],
) -> None:
    """Withheld for steps at the turn of the season, 43 and 61 % were proven; 4.1 % falsely. Now
    22 and 31 of 49 are: 44.9 and 63.3 %.

    As in the placebo test, each building by the others of its pair of years; pairs of fewer than ten
    buildings by those of all pairs.
    """
    found = placebo_years["gas"]
    known = [(c.fit_year, c.year, scores(c.building, c.seen)) for c in found]
    share = {}
    for saved in (0.0, 0.15, 0.20):
        told = []
        for c in found:
            of_pair = [s for a, b, s in known if (a, b) == (c.fit_year, c.year)]
            judges = of_pair if len(of_pair) >= FEW else [s for _, _, s in known]
            told.append(
                _proven(c, saved, calibrate(c.seen.calibration, judges, without=c.building))
            )
        share[saved] = sum(told) / len(told)
    assert share[0.0] <= 0.05
    assert share[0.15] >= 0.44 and share[0.20] >= 0.60


def _proven(cell: Cell, saved: float, calibration: Calibration) -> bool:
    days = cell.seen.days.assign(observed=cell.seen.days["observed"] * (1 - saved))
    seen = beside(cell.model, days, 0.90, calibration)
    return seen.period(date(cell.year, 1, 1), date(cell.year + 1, 1, 1)).verdict == "proven"
