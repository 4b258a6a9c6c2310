"""Proposed bounds: of planted courses in a known range, and none of a short or poisoned history."""

from dataclasses import replace

import numpy as np
import pytest

from domain.calendar import Month, to_ms
from domain.places import Bin, Carrier, Meter, PvSystem, WasteStream
from processing.bounds.proposing import (
    Floats,
    Ints,
    Months,
    Proposal,
    propose_masses,
    propose_peak,
    propose_rate,
    propose_rates,
    readings_within,
)
from processing.curves.meter_use import meter_uses
from processing.solar.source import pv_source

ZONE = "Asia/Shanghai"
HOUR = 3_600_000
METER = Meter(id="m", institution="i", carrier=Carrier.ELECTRICITY, register="energy_import_kwh")
PEAK_KW = 60.0


def months(count: int) -> Months:
    found = [Month(2025, 1).plus(k).interval(ZONE) for k in range(count)]
    return [(to_ms(start), to_ms(end)) for start, end in found]


def clock(count: int, step_h: float = 1.0) -> Ints:
    whole = months(count)
    return np.arange(whole[0][0], whole[-1][1] + 1, round(step_h * HOUR), dtype=np.int64)


def load_kwh(at: Ints) -> Floats:
    """Use of each step: by day up to PEAK_KW, more in summer, never two days alike."""
    length_h = np.diff(at) / HOUR
    hour = (at[:-1] / HOUR + 8) % 24
    season = 0.8 + 0.2 * np.cos((at[:-1] - at[0]) / (365 * 24 * HOUR) * 2 * np.pi)
    daily = np.clip(np.sin((hour - 6) / 14 * np.pi), 0.05, None)
    uneven = np.random.default_rng(2).uniform(0.9, 1.0, daily.size)
    return np.asarray(PEAK_KW * season * daily * uneven * length_h)


def register(use: Floats, start: float = 7_000.0, digits: int = 2) -> Floats:
    return np.round(start + np.concatenate(([0.0], np.cumsum(use))), digits)


def proposed(at: Ints, value: Floats, over: Months, meter: Meter = METER) -> Proposal:
    (use,) = meter_uses(meter, {("m", meter.register): (at, value)}, ZONE)
    return propose_rate(use, readings_within(at, over), over)


@pytest.mark.parametrize("count", [3, 12])
@pytest.mark.parametrize("step_h", [0.25, 1.0])
def test_a_planted_course_has_a_proposal_above_its_peak_and_not_far(
    count: int, step_h: float
) -> None:
    at = clock(count, step_h)
    found = proposed(at, register(load_kwh(at)), months(count))
    assert found.value is not None and 1.2 * PEAK_KW <= found.value <= 2.2 * PEAK_KW
    assert found.whole_year == (count == 12)
    assert found.days == pytest.approx(sum(b - a for a, b in months(count)) / 24 / HOUR, abs=1)


def test_once_registered_it_refuses_nothing_of_the_course_it_came_from() -> None:
    """Also of a coarse register that is read often: its steps are of whole units."""
    for step_h, digits in ((1.0, 2), (1 / 12, 0)):
        at = clock(3, step_h)
        value = register(load_kwh(at), digits=digits)
        found = proposed(at, value, months(3))
        bounded = replace(METER, max_rate_per_h=found.value)
        before, after = (
            meter_uses(m, {("m", m.register): (at, value)}, ZONE)[0].curve for m in (METER, bounded)
        )
        assert after.events == before.events == ()
        assert np.array_equal(after.step, before.step)


def test_the_multiplier_is_in_it() -> None:
    from datetime import date

    from domain.places import Dated

    at = clock(3)
    meter = replace(METER, multiplier=(Dated(date(2020, 1, 1), 40.0),))
    plain = proposed(at, register(load_kwh(at), digits=4), months(3))
    found = proposed(at, register(load_kwh(at) / 40, digits=6), months(3), meter)
    assert found.value == pytest.approx(plain.value, rel=0.05)


def test_a_few_wrong_readings_change_nothing() -> None:
    at = clock(12)
    good = register(load_kwh(at))
    said = good.copy()
    said[np.random.default_rng(1).choice(at.size - 2, 40, replace=False) + 1] = 0.0
    said[5_000] = 4_294_967.295
    assert proposed(at, said, months(12)).value == proposed(at, good, months(12)).value


@pytest.mark.parametrize("poison", ["unit", "many", "jump", "month"])
def test_a_poisoned_history_proposes_nothing(poison: str) -> None:
    at = clock(12)
    use = load_kwh(at)
    said = register(use)
    if poison == "unit":  # from the eighth month on in tenths
        said[5_500:] *= 10.0
    elif poison == "many":
        said[::20] = 0.0
    elif poison == "jump":
        said[6_000:] += 4e6
    else:  # one month in another unit, which began and ended with a replacement nobody registered
        said = register(np.where((at[:-1] - at[0]) // (30 * 24 * HOUR) == 5, 50.0, 1.0) * use)
    found = proposed(at, said, months(12))
    assert (found.value, found.why) == (None, "in_doubt"), poison


def test_a_short_or_mostly_unknown_history_proposes_nothing() -> None:
    at = clock(1)
    assert proposed(at, register(load_kwh(at)), months(1)).why == "too_short"
    at = clock(12)
    keep = np.random.default_rng(3).uniform(size=at.size // 24 + 1).repeat(24)[: at.size] < 0.5
    assert proposed(at[keep], register(load_kwh(at))[keep], months(12)).why == "no_history"
    assert proposed(at, np.full(at.size, 7.0), months(12)).why == "too_short", "never in use"
    assert proposed(at, register(load_kwh(at)), []).why == "no_history"


def test_a_two_way_meter_gets_both_or_none() -> None:
    at = clock(12)
    sold = register(3.0 * load_kwh(at), 100.0)
    samples = {("m", "energy_import_kwh"): (at, register(load_kwh(at)))}
    both = samples | {("m", "energy_export_kwh"): (at, sold)}
    uses = meter_uses(METER, both, ZONE)
    main, other = propose_rates(uses, at.size, months(12))
    assert other.field == "export_max_rate_per_h"
    assert main.value is not None and other.value is not None
    assert other.value == pytest.approx(3 * main.value, rel=0.1)
    sold[6_000:] *= 10.0
    uses = meter_uses(METER, both | {("m", "energy_export_kwh"): (at, sold)}, ZONE)
    (alone,) = propose_rates(uses, at.size, months(12))
    assert (alone.field, alone.value, alone.why) == ("max_rate_per_h", None, "in_doubt")


def test_a_p0_that_history_contradicts_is_told() -> None:
    at = clock(12)
    value = register(load_kwh(at))  # some 57 kW in the best hours

    def of(capacity: float, over: int = 12) -> Proposal:
        system = PvSystem(id="p", institution="i", capacity_kwp=capacity)
        source = pv_source(system, {("p", "pv_energy_kwh"): (at, value)})
        assert source is not None
        return propose_peak(system, source.generation, at.size, months(over))

    assert of(75.0).why == "fits"
    found = of(700.0)
    assert found.value is not None and 65 <= found.value <= 80
    assert of(700.0, over=3).why == "too_short", "half a year may lack the summer"
    assert of(20.0).value is None and of(20.0).why == "in_doubt", "what it refuses is no history"


def emptied_daily(count: int, tare: float, fill: float) -> tuple[Ints, Floats]:
    at = clock(count, 0.5)
    rng = np.random.default_rng(5)
    share = ((at / HOUR + 8) % 24) / 24  # empty at midnight
    size = rng.uniform(0.6, 1.0, at.size // 48 + 2)[((at - at[0]) // (24 * HOUR)).astype(int)]
    return at, np.round(tare + fill * size * share + 0.03 * rng.standard_normal(at.size), 3)


def test_a_bin_is_told_by_its_fills_and_its_tare_by_what_stays() -> None:
    bin_ = Bin(id="b", institution="i", stream=WasteStream.FOOD)
    at, mass = emptied_daily(3, 12.0, 40.0)
    capacity, tare = propose_masses(bin_, at, mass, months(3))
    assert capacity.value is not None and 40.0 <= capacity.value <= 60.0
    assert tare.value == pytest.approx(12.0, abs=1.0)
    (only,) = propose_masses(replace(bin_, tare_kg=12.0), at, mass, months(3))
    assert only.field == "capacity_kg" and only.value == pytest.approx(capacity.value, rel=0.1)
    for proposal in propose_masses(bin_, at[: 48 * 10], mass[: 48 * 10], months(1)):
        assert (proposal.value, proposal.why) == (None, "too_short")
    poisoned = mass.copy()
    poisoned[np.random.default_rng(6).choice(at.size, at.size // 20, replace=False)] = 8_388.607
    assert {p.why for p in propose_masses(bin_, at, poisoned, months(3))} == {"in_doubt"}
