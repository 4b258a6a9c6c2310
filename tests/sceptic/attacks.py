"""Ways to have a saving that is none: each with the codes of which an expert wants at least one."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from domain.findings import Finding
from domain.places import Carrier, Dated, Measure
from processing.savings.doubts.case import EventKind, MeterEvent
from tests.sceptic.world import AFTER, DAYS, World, office


@dataclass(frozen=True)
class Attack:
    name: str
    make: Callable[[], World]
    wanted: frozenset[str]


def _after(world: World, factor: float | np.ndarray) -> World:
    return replace(world, use=np.where(AFTER, world.use * factor, world.use))


def _at(kind: EventKind, share: float, day: date = date(2025, 1, 1)) -> World:
    since = day <= DAYS.date
    world = office()
    fallen = np.where(since, world.use * (1 - share), world.use)
    return replace(world, use=fallen, events=(MeterEvent(kind, day, "main"),))


def _gas_to_heat_pumps() -> World:
    world = office("natural_gas")
    heat = np.maximum(world.use - 60, 0) * AFTER * 0.45
    power = world.others["electricity"] + heat * 0.9 / 3.0
    return replace(world, use=world.use - heat, others={**world.others, "electricity": power})


def _power_to_gas() -> World:
    """Electric heating and hot water moved to gas: a third of the electricity, made by gas."""
    world = office(saving=0.33)
    moved = world.use * 0.33 / 0.67 / 0.9 * AFTER
    more = world.others["natural_gas"] + moved
    return replace(world, others={**world.others, "natural_gas": more})


def _vacated(share: float = 0.3) -> World:
    world = office(saving=share)
    less = world.others["water"] * np.where(AFTER, 1 - share * 1.1, 1.0)
    return replace(world, others={**world.others, "water": less})


def _stuck() -> World:
    world = office(saving=0.2)
    return replace(world, use=np.where(AFTER, 900.0, world.use))


def _copied() -> World:
    world = office()
    use = world.use.copy()
    at = np.flatnonzero(AFTER)
    use[at] = np.round(use[at - 364] * 0.85, 2)
    return replace(world, use=use)


def _thin() -> World:
    world = office(saving=0.2)
    use = world.use.copy()
    use[np.flatnonzero(AFTER)[30:]] = np.nan
    return replace(world, use=use)


def _few_full_days() -> World:
    """Only days off are sent, and one in five working days."""
    world = office(saving=0.2)
    lost = AFTER & (np.arange(len(DAYS)) % 7 > 2)
    return replace(world, use=np.where(lost, np.nan, world.use))


def _thermometer(change: Callable[[np.ndarray], np.ndarray], *, when: str = "after") -> World:
    """A saving that would be proven, and a thermometer that is wrong."""
    world = office("natural_gas", 0.2)
    wrong = change(world.said_c)
    where = {"after": AFTER, "before": ~AFTER, "both": np.ones(len(DAYS), dtype=bool)}[when]
    return replace(world, said_c=np.where(where, wrong, world.said_c))


def _fahrenheit(c: np.ndarray) -> np.ndarray:
    return c * 1.8 + 32


def _peers(offset_c: float) -> World:
    world = office("natural_gas", 0.15)
    return replace(
        world,
        peer_c=world.said_c + np.random.default_rng(9).normal(0.4, 0.6, len(DAYS)),
        said_c=np.where(AFTER, world.said_c + offset_c, world.said_c),
    )


def _net_metered() -> World:
    world = office()
    sun = 1900 * np.random.default_rng(8).uniform(0.3, 1.0, len(DAYS))
    return replace(world, use=np.where(AFTER, world.use - sun, world.use))


def _net_baseline() -> World:
    world = office()
    sun = 1700 * np.random.default_rng(8).uniform(0.2, 1.0, len(DAYS))
    return replace(world, use=world.use - sun)


def _of_kind(saving: float, *measures: Measure) -> World:
    world = office(saving=saving)
    return replace(world, contract=replace(world.contract, measures=measures))


def _told(code: str, severity: str = "warning") -> World:
    world = office(saving=0.2)
    finding = Finding(code, severity, "main", {"count": 1, "amount": 1.0, "days": 9.0})  # type: ignore[arg-type]
    return replace(world, of_use=(finding,))


def _smaller(field: str, before: float, now: float) -> World:
    world = office(saving=0.2)
    history = (Dated(date(2023, 1, 1), before), Dated(date(2025, 2, 1), now))
    return replace(world, place=replace(world.place, **{field: history}))


def _dead_from(day: date) -> World:
    world = office(saving=0.15)
    return replace(world, use=np.where(day <= DAYS.date, 0.0, world.use))


def _estimated() -> World:
    return replace(office(saving=0.2), estimated=np.where(AFTER, 0.8, 0.0))


def _heat_pump_counted_alone() -> World:
    world = _gas_to_heat_pumps()
    pump = Measure(date(2025, 1, 1), "heat_pump")
    return replace(world, contract=replace(world.contract, measures=(pump,)))


LIGHT = Measure(date(2025, 1, 1), "lighting", Carrier.ELECTRICITY)
IMPOSSIBLE = "savings_reporting_climate_impossible"

ATTACKS = [
    # The issue's own.
    Attack(
        "meter dead from the first day",
        lambda: _after(office(), 0.0),
        frozenset({"savings_use_at_rest"}),
    ),
    Attack(
        "unit slip, ÷1000", lambda: _after(office(), 0.001), frozenset({"savings_beyond_measure"})
    ),
    Attack("CT ratio halved", lambda: _after(office(), 0.5), frozenset({"savings_beyond_measure"})),
    Attack(
        "gas replaced by heat pumps",
        _gas_to_heat_pumps,
        frozenset({"savings_switched_to_electricity"}),
    ),
    Attack("a wing vacated", _vacated, frozenset({"savings_water_fell_too"})),
    Attack("use stands still", _stuck, frozenset({"savings_use_stuck"})),
    Attack(
        "fall at an exchange", lambda: _at("exchange", 0.2), frozenset({"savings_fall_at_exchange"})
    ),
    Attack(
        "fall at a ratio's change",
        lambda: _at("multiplier", 0.2),
        frozenset({"savings_fall_at_multiplier"}),
    ),
    Attack(
        "fall after a gap",
        lambda: _at("gap", 0.25, date(2025, 3, 3)),
        frozenset({"savings_fall_at_gap"}),
    ),
    Attack("fall at a reset", lambda: _at("reset", 0.2), frozenset({"savings_fall_at_reset"})),
    Attack("fall at a jump", lambda: _at("jump", 0.2), frozenset({"savings_fall_at_jump"})),
    Attack(
        "fall at a correction",
        lambda: _at("correction", 0.2),
        frozenset({"savings_fall_at_correction"}),
    ),
    Attack("meter fell silent", lambda: _told("use_fell_silent"), frozenset({"use_fell_silent"})),
    Attack("register scaled", lambda: _told("register_scaled"), frozenset({"register_scaled"})),
    Attack("°F in reporting", lambda: _thermometer(_fahrenheit), frozenset({IMPOSSIBLE})),
    Attack(
        "°F in the baseline",
        lambda: _thermometer(_fahrenheit, when="before"),
        frozenset({"savings_baseline_climate_impossible"}),
    ),
    Attack("°F in both", lambda: _thermometer(_fahrenheit, when="both"), frozenset({IMPOSSIBLE})),
    Attack("tenths in reporting", lambda: _thermometer(lambda c: c * 10), frozenset({IMPOSSIBLE})),
    Attack(
        "tenths in both",
        lambda: _thermometer(lambda c: c * 10, when="both"),
        frozenset({IMPOSSIBLE}),
    ),
    Attack(
        "thermometer 5 °C off",
        lambda: _thermometer(lambda c: c - 5),
        frozenset({"savings_temperature_off_course"}),
    ),
    Attack(
        "thermometer stuck",
        lambda: _thermometer(lambda c: np.full(len(c), 4.0)),
        frozenset({"savings_reporting_thermometer_stuck"}),
    ),
    Attack("30 of 365 days", _thin, frozenset({"savings_thin_evidence"})),
    Attack("net-metered reporting", _net_metered, frozenset({"savings_negative_days"})),
    Attack("net-metered baseline", _net_baseline, frozenset({"savings_negative_days"})),
    # Ten and more of our own.
    Attack("last year copied, times 0.85", _copied, frozenset({"savings_use_copied"})),
    Attack(
        "lighting that saves 38 %",
        lambda: _of_kind(0.38, LIGHT),
        frozenset({"savings_beyond_measure"}),
    ),
    Attack(
        "headcount fell",
        lambda: _smaller("headcount", 400, 310),
        frozenset({"savings_smaller_headcount"}),
    ),
    Attack(
        "floor area fell",
        lambda: _smaller("floor_area_m2", 12e3, 9e3),
        frozenset({"savings_smaller_floor_area_m2"}),
    ),
    Attack(
        "meter dies in October",
        lambda: _dead_from(date(2025, 10, 1)),
        frozenset({"savings_use_at_rest"}),
    ),
    Attack("mostly filled in", _estimated, frozenset({"savings_mostly_estimated"})),
    Attack("three days in seven are sent", _few_full_days, frozenset({"savings_thin_evidence"})),
    Attack(
        "indoor thermometer",
        lambda: _thermometer(lambda c: 21 + 0.15 * (c - 13)),
        frozenset({"savings_temperature_off_course", IMPOSSIBLE}),
    ),
    Attack(
        "2.5 °C off its neighbours",
        lambda: _peers(-2.5),
        frozenset({"savings_temperature_off_peers"}),
    ),
    Attack(
        "electricity moved to gas", _power_to_gas, frozenset({"savings_switched_to_natural_gas"})
    ),
    Attack(
        "heat pump, gas counted alone",
        _heat_pump_counted_alone,
        frozenset({"savings_switched_to_electricity"}),
    ),
    Attack(
        "°F on summer's thermometer only",
        lambda: _thermometer(lambda c: np.where(c > 18, _fahrenheit(c), c)),
        frozenset({IMPOSSIBLE}),
    ),
]
