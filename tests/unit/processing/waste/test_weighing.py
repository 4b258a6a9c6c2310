"""Bins: what went in and what was taken comes out, through noise, drift, gaps and faults."""

import numpy as np
import pytest

from domain.calendar import HOUR_MS
from domain.places import Bin, WasteStream
from processing.waste.streams import stream_month, waste_figures
from processing.waste.weighing import bin_history

DAY = 24
BIN = Bin(id="b", institution="i", stream=WasteStream.FOOD, tare_kg=12.0, capacity_kg=120.0)


def simulate(
    days: int, *, noise: float = 0.04, drift: float = 0.0, per_day: float = 20.0, seed: int = 1
) -> tuple[np.ndarray, np.ndarray, float, int]:
    """(at_ms, gross, truly deposited, collections): emptied every day at six."""
    rng = np.random.default_rng(seed)
    hours = np.arange(days * DAY)
    open_h = (hours % DAY >= 8) & (hours % DAY < 20)
    deposits = np.where(open_h, rng.gamma(2.0, per_day / 24, hours.size), 0.0)
    level, net = 0.0, np.empty(hours.size)
    collections = 0
    for k in hours:
        level += deposits[k]
        if k % DAY == 6 and level > 1.0:
            level, collections = 0.1, collections + 1
        net[k] = level
    drifting = drift * np.sin(2 * np.pi * hours / (DAY * 37))
    gross = BIN.tare_kg + net + drifting + noise * rng.standard_normal(hours.size)
    return (hours + 1) * HOUR_MS, gross, float(deposits.sum()), collections


def mass(at: np.ndarray, gross: np.ndarray) -> tuple[float, int]:
    edges = np.sort(at)[[0, -1]]
    month = stream_month(BIN.stream, [bin_history(BIN, at, gross)], edges)
    return float(month.period.whole.use[0]), month.collections


@pytest.mark.parametrize("drift", [0.0, 0.3])
@pytest.mark.parametrize("noise", [0.0, 0.04, 0.2])
def test_planted_masses_and_collections_are_recovered(noise: float, drift: float) -> None:
    at, gross, truth, collections = simulate(30, noise=noise, drift=drift)
    found, counted = mass(at, gross)
    assert found == pytest.approx(truth, rel=0.02)
    assert counted == collections


def test_nothing_thrown_in_is_nothing_found() -> None:
    rng = np.random.default_rng(2)
    at = np.arange(1, 30 * DAY) * HOUR_MS
    found, counted = mass(at, 12.0 + 0.05 * rng.standard_normal(at.size))
    assert found == pytest.approx(0.0, abs=0.3)
    assert counted == 0


def test_a_person_leaning_and_a_lifted_bin_are_not_waste() -> None:
    at, gross, truth, collections = simulate(10)
    gross[[50, 123, 206]] += 35.0
    gross[[75, 76]] = 0.0
    found, counted = mass(at, gross)
    assert found == pytest.approx(truth, rel=0.03)
    assert counted == collections


def test_a_fall_hidden_in_a_gap_is_missing_and_not_zero() -> None:
    at, gross, truth, _ = simulate(10)
    kept = (at < at[60]) | (at > at[100])
    month = stream_month(BIN.stream, [bin_history(BIN, at[kept], gross[kept])], at[[0, -1]])
    assert month.period.whole.missing[0] > 0.1
    assert month.period.whole.use[0] < truth


def test_order_of_arrival_does_not_matter() -> None:
    at, gross, _, _ = simulate(10)
    order = np.random.default_rng(3).permutation(at.size)
    assert mass(at[order], gross[order]) == mass(at, gross)


def test_a_scale_that_repeats_itself_is_called_stuck_and_a_silent_bin_silent() -> None:
    at, gross, _, _ = simulate(30)
    gross[20 * DAY :] = gross[20 * DAY]
    month = stream_month(BIN.stream, [bin_history(BIN, at, gross)], at[[0, -1]])
    assert "bin_stuck" in {f.code for f in month.period.findings}
    early = at < 20 * DAY * HOUR_MS
    silent = stream_month(BIN.stream, [bin_history(BIN, at[early], gross[early])], at[[0, -1]])
    assert "bin_silent" in {f.code for f in silent.period.findings}
    assert silent.period.whole.missing[0] == pytest.approx(1 / 3, abs=0.01)


def test_shares_of_streams_sum_to_one_and_name_what_was_collected() -> None:
    months = []
    for seed, stream in enumerate(WasteStream):
        bin_ = Bin(id=stream.value, institution="i", stream=stream, tare_kg=12.0)
        at, gross, _, _ = simulate(30, seed=seed, per_day=5.0 * (seed + 1))
        months.append(stream_month(stream, [bin_history(bin_, at, gross)], at[[0, -1]]))
    figures = waste_figures(months, registered=5, reported=4)
    values = {(f.name, f.subject): f.value for f in figures}
    shares = [v for (name, _), v in values.items() if name == "waste_share_ratio"]
    assert sum(s for s in shares if s is not None) == pytest.approx(1.0)
    assert values[("waste_bin_coverage_ratio", "")] == 0.8
    assert values[("waste_collections_count", "food")] == 29


def test_a_stream_that_says_nothing_leaves_the_shares_unknown() -> None:
    at, gross, _, _ = simulate(10)
    heard = stream_month(WasteStream.FOOD, [bin_history(BIN, at, gross)], at[[0, -1]])
    mute = Bin(id="m", institution="i", stream=WasteStream.RESIDUAL)
    silent = stream_month(WasteStream.RESIDUAL, [bin_history(mute, [], [])], at[[0, -1]])
    values = {(f.name, f.subject): f.value for f in waste_figures([heard, silent], 2, 1)}
    assert values[("waste_mass_kg", "residual")] is None
    assert values[("waste_mass_kg", "")] is None
    assert values[("waste_share_ratio", "food")] is None


def test_numbers_that_come_again_to_the_last_digit_are_as_if_they_had_not_come() -> None:
    at, good, _, _ = simulate(30)
    gross, rng = good.copy(), np.random.default_rng(6)
    for number, share in ((143.314, 0.2), (87.5, 0.02)):
        gross[rng.random(gross.size) < share] = number
    came = gross == good
    assert mass(at, gross) == mass(at[came], good[came])
    history = bin_history(BIN, at, gross)
    assert sum(e.code == "reading_dropped" for e in history.deposits.events) == (~came).sum()


def test_a_converter_that_repeats_one_number_for_days_is_missing_and_not_zero() -> None:
    at, gross, _, _ = simulate(20)
    gross[200:272] = 140.0
    history = bin_history(BIN, at, gross)
    month = stream_month(BIN.stream, [history], np.sort(at)[[0, -1]])
    assert month.period.whole.missing[0] == pytest.approx(73 / (at.size - 1))


def test_the_same_mass_after_some_days_of_silence_is_a_coincidence() -> None:
    at, gross, _, _ = simulate(20, noise=0.0)
    level = gross.copy()
    level[297] = level[200]
    silent = np.ones(at.size, dtype=bool)
    silent[201:297] = False
    history = bin_history(BIN, at[silent], level[silent])
    month = stream_month(BIN.stream, [history], np.sort(at)[[0, -1]])
    assert month.period.whole.missing[0] == pytest.approx(97 / (at.size - 1))


@pytest.mark.parametrize("number", [12.5, 34.0])
def test_a_scale_that_was_stuck_for_over_a_week_knew_nothing_meanwhile(number: float) -> None:
    at, gross, truth, _ = simulate(40)
    gross[10 * DAY : 20 * DAY] = number
    month = stream_month(BIN.stream, [bin_history(BIN, at, gross)], at[[0, -1]])
    assert month.period.whole.missing[0] == pytest.approx(10 / 40, abs=0.01)
    assert month.period.whole.use[0] == pytest.approx(truth * 30 / 40, rel=0.05)


def test_a_scale_without_noise_may_rest_for_a_week() -> None:
    at, gross, _, _ = simulate(40, noise=0.0)
    gross[15 * DAY : 25 * DAY] = gross[15 * DAY]
    month = stream_month(BIN.stream, [bin_history(BIN, at, gross)], at[[0, -1]])
    assert month.period.whole.missing[0] == 0.0


def test_a_number_repeated_while_the_bin_was_emptied_is_no_waste() -> None:
    at, gross, truth, _ = simulate(30)
    gross[16 * DAY + 20 : 17 * DAY + 9] = BIN.tare_kg + 60.0
    history = bin_history(BIN, at, gross)
    month = stream_month(BIN.stream, [history], at[[0, -1]])
    assert len([e for e in history.deposits.events if e.code == "reading_dropped"]) == 13
    assert month.period.whole.missing[0] == pytest.approx(14 / (30 * DAY), abs=0.002)
    assert month.period.whole.use[0] == pytest.approx(truth, rel=0.03)


def test_a_heavy_deposit_that_lies_still_overnight_is_waste() -> None:
    at, gross, truth, _ = simulate(30, noise=0.0)
    evening, morning = 16 * DAY + 20, 17 * DAY + 6
    gross[evening:morning] += 40.0
    assert mass(at, gross)[0] == pytest.approx(truth + 40.0, rel=0.02)


def test_a_number_that_noise_repeats_by_chance_is_no_number_of_the_converter() -> None:
    for seed in range(10):
        at, gross, _, _ = simulate(40, noise=0.02, seed=seed)
        gross = np.round(gross, 2)
        # An evening's last deposit, said four times over, and a morning's, before it is emptied.
        evening = 10 * DAY + 19
        gross[evening : evening + 4] = gross[evening]
        gross[30 * DAY + 3 : 30 * DAY + 6] = gross[30 * DAY + 2] + 5.0
        assert not bin_history(BIN, at, gross).deposits.events, seed


def test_a_bin_that_is_slowly_filled_far_beyond_its_capacity_holds_what_it_shows() -> None:
    at, gross, truth, _ = simulate(30, noise=0.02, per_day=300.0)
    assert gross.max() > BIN.tare_kg + 3 * (BIN.capacity_kg or 0.0)
    assert not bin_history(BIN, at, gross).deposits.events
    assert mass(at, gross)[0] == pytest.approx(truth, rel=0.02)


def test_a_number_said_five_times_while_the_bin_was_emptied_is_no_waste_either() -> None:
    at, gross, truth, _ = simulate(60, noise=0.02, per_day=4.0)
    gross = np.round(gross, 2)
    gross[40 * DAY + 3 : 40 * DAY + 6] = gross[40 * DAY + 6 : 40 * DAY + 8] = BIN.tare_kg + 16.0
    month = stream_month(BIN.stream, [bin_history(BIN, at, gross)], at[[0, -1]])
    assert month.period.whole.use[0] == pytest.approx(truth, rel=0.01)


def test_a_number_repeated_after_somebody_leaned_on_the_bin_is_no_waste() -> None:
    at, gross, truth, _ = simulate(60, noise=0.02, per_day=4.0)
    gross = np.round(gross, 2)
    gross[40 * DAY + 7], gross[40 * DAY + 8 : 41 * DAY + 9] = 147.0, 127.0
    month = stream_month(BIN.stream, [bin_history(BIN, at, gross)], at[[0, -1]])
    assert month.period.whole.use[0] == pytest.approx(truth, rel=0.03)


def test_a_dip_from_which_a_bin_comes_back_as_full_as_before_is_no_collection() -> None:
    at, gross, truth, _ = simulate(60, noise=0.02)
    night = 40 * DAY + 22
    gross[night] = gross[night - 1] - 9.0
    assert mass(at, gross) == (
        pytest.approx(truth, rel=0.01),
        mass(*simulate(60, noise=0.02)[:2])[1],
    )
    # One that is filled with something else is emptied.
    gross[night + 1 :] -= np.where(np.arange(night + 1, gross.size) < 41 * DAY + 6, 5.0, 0.0)
    assert mass(at, gross)[0] == pytest.approx(truth + 4.0, rel=0.01)
