"""How far errors go together: little in ordinary years, much in a shock that stays uncorrected."""

import numpy as np
import pytest

from processing.savings.peers.correlation import Correlation, correlation
from processing.savings.peers.group import LEAST_PEERS, Group, Shift
from tests.unit.processing.savings.peers.test_group import MONTHS, city

NOTHING = [Shift(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 12)] * 12


def together(seed: int, common: float, *, corrected: bool) -> Correlation:
    peers = city(seed, 20, common=dict.fromkeys(range(12), common))
    group = Group.of(peers, MONTHS)
    found = correlation(group, group.shifts() if corrected else NOTHING)
    assert found is not None
    return found


def test_an_ordinary_year_is_nearly_independent() -> None:
    assert np.mean([together(s, 0.0, corrected=True).so_far for s in range(20)]) < 0.1


@pytest.mark.parametrize("size", [-0.2, 0.2])
def test_a_shock_that_nobody_corrects_makes_errors_one(size: float) -> None:
    for seed in range(5):
        found = together(seed, size, corrected=False)
        assert found.so_far > 0.8
        assert found.month > 0.7


def test_what_is_corrected_is_not_common_any_more() -> None:
    for seed in range(5):
        assert together(seed, -0.2, corrected=True).so_far < 0.2


def test_few_peers_say_nothing() -> None:
    group = Group.of(city(1, LEAST_PEERS - 1), MONTHS)
    assert correlation(group, group.shifts()) is None
