"""Same-year calibration: wilder peers widen, calm or few ones change nothing."""

from datetime import date

import numpy as np
import pytest

from processing.savings.intervals import shipped_calibration
from processing.savings.models.frozen import FrozenModel, empty_model
from processing.savings.peers.group import LEAST_PEERS, Group
from processing.savings.peers.widening import Widening, widening
from tests.unit.processing.savings.peers.test_group import MONTHS, city

SHIPPED = shipped_calibration("electricity")


def model() -> FrozenModel:
    return empty_model("electricity", date(2025, 1, 1), date(2026, 1, 1), None)


def widened(own: float, peers: int = 12, seed: int = 1) -> Widening:
    group = Group.of(city(seed, peers, own, monthly=0.02), MONTHS)
    errors = group.corrected_errors(group.shifts())
    return widening([model()] * peers, group, errors, SHIPPED)


def test_a_calm_year_never_narrows() -> None:
    assert widened(0.001) == Widening(1.0, 1.0)


def test_a_wild_year_widens() -> None:
    wild = widened(0.25)
    assert wild.so_far > 1.5
    of = wild.of(SHIPPED)
    assert of.year == tuple(q * wild.so_far for q in SHIPPED.year)
    assert of.half_width_ratio(365, 0.9) > 1.4 * SHIPPED.half_width_ratio(365, 0.9)


def test_few_peers_widen_nothing() -> None:
    assert widened(0.25, LEAST_PEERS - 1) == Widening()


def test_one_upheaval_does_not_set_the_width() -> None:
    """A building that closed is one of twelve; the level is that of four in five."""
    peers = city(2, own=0.01, monthly=0.01)
    calm = Group.of(peers, MONTHS)
    upheaved = Group(calm.observed.copy(), calm.counterfactual, calm.reference, calm.days)
    upheaved.observed[:, 0] = 0.0
    said = [
        widening([model()] * 12, g, g.corrected_errors(g.shifts()), SHIPPED)
        for g in (calm, upheaved)
    ]
    assert said[1].so_far == pytest.approx(said[0].so_far, abs=0.05)
    assert np.isfinite(said[1].month)
