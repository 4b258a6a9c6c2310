"""Bins: what goes in comes out or is still there; the scale says so within its noise."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.calendar import Month
from domain.places import WasteStream
from simulators.devices.bins import DRIFT_KG, NOISE_KG, WRONG_SHARES, BinSpec, bin_month, truth_of
from simulators.devices.block import Carry
from simulators.devices.grid import Grid

GRID = Grid(Month(2025, 5), "Asia/Shanghai", 3600)
PEOPLE = np.where((GRID.hour_of_day > 8) & (GRID.hour_of_day < 18), 300.0, 5.0)


@settings(max_examples=25, deadline=None)
@given(
    which=st.sampled_from(list(WasteStream)),
    seed=st.integers(0, 1000),
    left=st.floats(0, 30),
)
def test_mass_is_conserved(which: WasteStream, seed: int, left: float) -> None:
    carry: Carry = {"b/kg": left}
    done = bin_month(BinSpec("b", which, 1.0, 14.0, 120.0), GRID, PEOPLE, 0.05, carry, seed)
    inside = left + done.deposited_kg.sum() - done.collected_kg.sum()
    assert carry["b/kg"] == pytest.approx(inside, abs=1e-6)
    assert carry["b/kg"] >= -1e-9
    assert (done.wrong_kg <= done.deposited_kg + 1e-9).all()


def test_the_scale_shows_tare_plus_what_is_inside() -> None:
    carry: Carry = {}
    done = bin_month(BinSpec("b", WasteStream.FOOD, 1.0, 14.0, 120.0), GRID, PEOPLE, 0.05, carry, 1)
    last = done.blocks[0].values[-1, 0]
    assert last == pytest.approx(14.0 + carry["b/kg"], abs=DRIFT_KG + 6 * NOISE_KG)
    assert (done.blocks[0].values[:, 1] >= 0).all()


def test_an_unused_bin_stays_empty_and_is_never_collected() -> None:
    nobody = np.zeros(GRID.steps)
    done = bin_month(
        BinSpec("b", WasteStream.RESIDUAL, 1.0, 14.0, 120.0), GRID, nobody, 0.05, {}, 1
    )
    assert done.deposited_kg.sum() == 0 and done.collections.sum() == 0


def test_daily_rounds_empty_the_food_bin_daily_and_the_hazardous_one_at_most_monthly() -> None:
    food = bin_month(BinSpec("f", WasteStream.FOOD, 1.0, 14.0, 120.0), GRID, PEOPLE, 0.05, {}, 1)
    hazardous = bin_month(
        BinSpec("h", WasteStream.HAZARDOUS, 1.0, 14.0, 60.0), GRID, PEOPLE, 0.05, {}, 1
    )
    assert food.collections.sum() >= 29
    assert hazardous.collections.sum() <= 2


def test_sorting_mistakes_have_the_planted_share() -> None:
    spec = BinSpec("b", WasteStream.RESIDUAL, 1.0, 14.0, 120.0)
    done = bin_month(spec, GRID, PEOPLE * 20, 0.05, {}, 3)
    share = done.wrong_kg.sum() / done.deposited_kg.sum()
    assert share == pytest.approx(WRONG_SHARES[WasteStream.RESIDUAL], rel=0.1)


def test_truth_sums_bins_of_a_stream_and_the_whole() -> None:
    specs = [
        BinSpec(i, which, 0.5, 14.0, 120.0)
        for i, which in (
            ("a", WasteStream.FOOD),
            ("b", WasteStream.FOOD),
            ("c", WasteStream.RESIDUAL),
        )
    ]
    months = [(s, bin_month(s, GRID, PEOPLE, 0.05, {}, 1)) for s in specs]
    truth = {(t.subject, t.name): t.per_day.sum() for t in truth_of("i", GRID, months)}
    assert truth["", "waste_mass_kg"] == pytest.approx(
        truth["food", "waste_mass_kg"] + truth["residual", "waste_mass_kg"]
    )
    assert truth["food", "waste_mass_kg"] == pytest.approx(
        sum(m.deposited_kg.sum() for s, m in months if s.stream is WasteStream.FOOD)
    )
