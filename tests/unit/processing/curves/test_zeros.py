"""Zeros that are no zeros are set aside; real zeros stay."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from domain.calendar import HOUR_MS, Month, to_ms
from domain.places import Carrier, Institution, Meter
from domain.registry import Registry
from processing.curves.curve import DOUBTFUL, on_grid
from processing.curves.registers import use_curve
from processing.curves.zeros import set_aside_zeros
from processing.months.month import month_result
from processing.months.site import build_site
from tests.paths import SHARED

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


def test_a_register_that_stands_still_and_catches_up_is_a_gap_of_known_use() -> None:
    use = load()
    stood = slice(1000, 1030)
    use[1030] += use[stood].sum()
    use[stood] = 0.0
    register = np.concatenate(([0.0], np.cumsum(use)))
    curve = use_curve(np.arange(register.size) * HOUR_MS, register)
    mended = set_aside_zeros(curve, EDGES)
    assert not (mended.segment == DOUBTFUL).any()
    assert [e.code for e in mended.events] == ["register_caught_up"]
    whole = on_grid(mended, EDGES[[0, -1]], 6 * HOUR_MS)
    assert whole.use[0] == pytest.approx(use.sum())
    assert whole.missing[0] == 0.0
    assert on_grid(mended, np.array([1001, 1020]) * HOUR_MS, 6 * HOUR_MS).missing[0] == 1.0


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


CAMBRIDGE = SHARED / "data" / "cambridge"


def hourly(fuel: str) -> Iterator[tuple[str, np.ndarray]]:
    """The measured hourly use of each Cambridge building (tenths of kWh), 2017–2022."""
    import pandas as pd

    table = pd.read_parquet(CAMBRIDGE / "hourly_tenths_kwh_2017_2022.parquet")
    table = table[table["fuel"] == fuel].sort_values("ts")
    for name, one in table.groupby("building", observed=True):
        yield str(name), one["tenths"].to_numpy(dtype=np.float64)


@pytest.mark.long
@pytest.mark.skipif(not CAMBRIDGE.exists(), reason="the shared measured data is absent")
def test_cambridge_gaps_written_as_zero_in_electricity_are_found() -> None:
    edges = np.arange(0, 75) * MONTH * HOUR_MS
    zeros = found = caught_up = 0
    for _, use in hourly("electricity"):
        curve = use_curve(
            np.arange(use.size + 1) * HOUR_MS, np.concatenate(([0.0], np.cumsum(use)))
        )
        judged = set_aside_zeros(curve, edges)
        doubtful = judged.at_ms[:-1][judged.segment == DOUBTFUL] // HOUR_MS
        assert not (use[doubtful] > 0).any()
        zeros += int((use == 0).sum())
        found += int(doubtful.size)
        # One meter stood for 22 hours and then showed five hours' use in one: a gap of known use.
        caught_up += use.size + 1 - judged.at_ms.size
    assert zeros > 1000
    assert (found, caught_up) == (zeros - 22, 22)


@pytest.mark.long
@pytest.mark.skipif(not CAMBRIDGE.exists(), reason="the shared measured data is absent")
def test_cambridge_gas_zeros_in_summer_stay_zeros() -> None:
    start_ms = to_ms(datetime(2017, 1, 1, tzinfo=UTC))
    for name, use in hourly("gas"):
        meter = Meter(id=name, institution="i", carrier=Carrier.NATURAL_GAS, register="gas_kwh")
        place = Institution(id="i", name_zh="", name_en="", timezone="Europe/London")
        at = start_ms + np.arange(use.size + 1) * HOUR_MS
        register = np.concatenate(([0.0], np.cumsum(use / 10)))
        site = build_site(
            Registry(institutions=(place,), devices=(meter,)),
            place,
            {(name, "gas_kwh"): (at, register)},
        )
        assert not (site.meters[0].curve.segment == DOUBTFUL).any()
        july = month_result(site, Month(2019, 7), int(at[-1]))
        (total,) = [f for f in july.figures if f.name == "natural_gas_use_kwh" and not f.subject]
        assert total.value is not None
        assert total.shares.measured == 1.0
