"""What peers have in common: found where there is something, nought where there is nothing."""

import numpy as np
import pandas as pd
import pytest

from processing.savings.peers.group import LEAST_PEERS, Group, Months, PeerMonth

MONTHS = list(pd.period_range("2026-01", periods=12, freq="M"))
REFERENCE = 1000.0


def city(
    seed: int,
    peers: int = 12,
    own: float = 0.05,
    common: dict[int, float] | None = None,
    monthly: float = 0.05,
) -> list[Months]:
    """Peers that drift by `own` of a year and scatter by `monthly`; `common` is the share by which
    all of them are off in some months."""
    rng = np.random.default_rng(seed)
    found: list[Months] = []
    for _ in range(peers):
        drift, months = rng.normal(0, own), rng.normal(0, monthly, len(MONTHS))
        off = [drift + months[m] + (common or {}).get(m, 0.0) for m in range(len(MONTHS))]
        found.append(
            {
                month: PeerMonth(REFERENCE * (1 + o), REFERENCE, REFERENCE, 30)
                for month, o in zip(MONTHS, off, strict=True)
            }
        )
    return found


def ratios(peers: list[Months]) -> list[float]:
    return [s.ratio for s in Group.of(peers, MONTHS).shifts()]


def test_where_nothing_is_common_next_to_nothing_is_said() -> None:
    """Null: of 40 cities without a common shock the mean shift is a small part of the drift, and
    most months have none at all."""
    said = np.array([ratios(city(seed)) for seed in range(40)])
    assert np.mean(said == 0) > 0.85
    assert np.abs(said).mean() < 0.003
    assert abs(said.mean()) < 0.002


@pytest.mark.parametrize("size", [-0.20, 0.15])
def test_a_common_shock_is_said_from_its_month_on(size: float) -> None:
    """Planted: from March on all are off by as much; January and February know nothing of it."""
    said = np.array(
        [ratios(city(seed, common=dict.fromkeys(range(2, 12), size))) for seed in range(8)]
    )
    assert np.abs(said[:, :2]).max() < 0.05
    assert said[:, 3:].mean() == pytest.approx(size, abs=0.03)


def test_what_one_of_them_saves_does_not_leak() -> None:
    """One peer, and then a sixth of them, save a third: the others are told of next to nothing."""
    for savers in (1, 2):
        said = []
        for seed in range(20):
            peers = city(seed)
            for k in range(savers):
                peers[k] = {
                    m: PeerMonth(p.observed * 0.67, p.counterfactual, p.reference, p.days)
                    for m, p in peers[k].items()
                }
            said.append(ratios(peers))
        assert np.abs(np.array(said)).mean() < 0.005


def test_few_peers_say_nothing() -> None:
    shock = dict.fromkeys(range(12), -0.3)
    assert ratios(city(1, LEAST_PEERS - 1, common=shock)) == [0.0] * 12
    assert min(ratios(city(1, LEAST_PEERS, common=shock))) < -0.2


def test_later_months_change_nothing_of_earlier_ones() -> None:
    peers = city(3, common=dict.fromkeys(range(2, 12), -0.2))
    whole = Group.of(peers, MONTHS).shifts()
    assert Group.of(peers, MONTHS[:5]).shifts() == whole[:5]


def test_a_peer_without_a_month_is_left_out_of_it_alone() -> None:
    peers = city(4, common=dict.fromkeys(range(12), -0.2))
    gone = [dict(p) for p in peers]
    del gone[0][MONTHS[4]]
    shifts = Group.of(gone, MONTHS).shifts()
    assert [s.peers for s in shifts] == [12] * 4 + [11] + [12] * 7
    assert shifts[4].ratio == pytest.approx(-0.2, abs=0.06)
