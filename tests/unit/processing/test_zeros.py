"""Zeros that are no zeros are set aside; real zeros stay."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from processing.curves import DOUBTFUL, on_grid
from processing.registers import HOUR_MS, use_curve
from processing.zeros import set_aside_zeros

MONTH = 30 * 24
EDGES = np.arange(0, 5) * MONTH * HOUR_MS


def load(hours: int = 4 * MONTH, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    clock = np.arange(hours) % 24
    return np.where((clock >= 8) & (clock < 18), 60.0, 20.0) * rng.uniform(0.8, 1.2, hours)


def doubtful_hours(use: np.ndarray) -> np.ndarray:
    register = np.concatenate(([0.0], np.cumsum(use)))
    curve = use_curve(np.arange(register.size) * HOUR_MS, register)
    return np.flatnonzero(set_aside_zeros(curve, EDGES).segment == DOUBTFUL)


def test_a_standing_load_never_stops_dead() -> None:
    use = load()
    use[1000:1010] = 0.0
    assert doubtful_hours(use).tolist() == list(range(1000, 1010))


def test_plain_data_has_nothing_doubtful() -> None:
    assert doubtful_hours(load()).size == 0


def test_a_circuit_that_is_off_every_night_stays_as_it_is() -> None:
    use = load()
    clock = np.arange(use.size) % 24
    use[(clock < 6)] = 0.0
    assert doubtful_hours(use).size == 0


def test_a_use_that_fades_out_in_summer_stays_zero() -> None:
    hours = np.arange(4 * MONTH)
    season = np.clip(np.cos(hours / hours.size * np.pi), 0, None)
    rng = np.random.default_rng(3)
    assert doubtful_hours(season * rng.gamma(1.0, 20.0, hours.size) // 5).size == 0


def test_what_comes_in_later_months_changes_nothing_before() -> None:
    use = load()
    use[1000:1010] = 0.0
    early = doubtful_hours(use[: 2 * MONTH])
    use[3 * MONTH :] = 0.0
    late = doubtful_hours(use)
    assert late[late < 2 * MONTH].tolist() == early.tolist()


def test_doubtful_time_counts_as_missing_and_is_named() -> None:
    use = load()
    use[1000:1010] = 0.0
    register = np.concatenate(([0.0], np.cumsum(use)))
    curve = use_curve(np.arange(register.size) * HOUR_MS, register)
    curve = replace(curve, segment=set_aside_zeros(curve, EDGES).segment)
    grid = on_grid(curve, np.array([984, 1008, 1032]) * HOUR_MS, 0)
    assert grid.doubtful == pytest.approx([8 / 24, 2 / 24])
    assert (grid.measured + grid.estimated + grid.missing) == pytest.approx([1.0, 1.0])
    assert grid.code.tolist() == ["doubtful", "doubtful"]


SHARED = Path(__file__).parents[4] / "shared" / "data" / "cambridge"


@pytest.mark.long
@pytest.mark.skipif(not SHARED.exists(), reason="the shared measured data is absent")
def test_cambridge_gaps_written_as_zero_are_found_and_gas_zeros_are_left_alone() -> None:
    """Every run of six and more zero hours in electricity with a standing load is set aside.

    Gas is never judged: its zeros in summer are real.
    """
    import pandas as pd

    table = pd.read_parquet(SHARED / "hourly_tenths_kwh_2017_2022.parquet")
    power = table[table["fuel"].str.startswith("elec")]
    found = planted = 0
    for _, one in power.groupby("building"):
        use = one.sort_values("ts").iloc[:, -1].to_numpy(dtype=float)[: 8760 * 2]
        if np.quantile(use, 0.05) < 0.2 * np.median(use):
            continue
        rng = np.random.default_rng(5)
        start = int(rng.integers(3000, 15000))
        use[start : start + 12] = 0.0
        planted += 1
        register = np.concatenate(([0.0], np.cumsum(use)))
        curve = use_curve(np.arange(register.size) * HOUR_MS, register)
        edges = np.arange(0, 26) * MONTH * HOUR_MS
        marked = set_aside_zeros(curve, edges).segment == DOUBTFUL
        found += bool(marked[start : start + 12].all())
    assert planted >= 10
    assert found == planted
