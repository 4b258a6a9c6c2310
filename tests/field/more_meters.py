"""Meters and inverters once more: what was found in the trackers of neighbouring systems later on."""

from collections.abc import Iterator

import numpy as np

from domain.places import Carrier, PvSystem
from tests.field.case import (
    Case,
    Floats,
    Source,
    at_hour,
    clock,
    inverter,
    meter,
    office,
    register,
    september,
    sun,
    taps,
)

AT = clock()
USE = office(9.0, 26.0)
GOOD = register(41_870.0, USE, 3)
PEAK_KW = 48.0
SUN = sun(PEAK_KW)


def _electric(name: str, did: str, source: Source, said: Floats, **right: object) -> Case:
    series = {"energy_import_kwh": (AT, np.round(said, 3))}
    return Case(
        name,
        did,
        source,
        meter(name),
        series,
        "electricity_use_kwh",
        september(USE),
        **right,  # type: ignore[arg-type]
    )


def _generated(name: str, did: str, source: Source, said: Floats, **right: object) -> Case:
    system: PvSystem = inverter(name, 50.0)
    series = {"pv_energy_kwh": (AT, said)}
    return Case(
        name,
        did,
        source,
        system,
        series,
        "pv_generation_kwh",
        september(SUN),
        **right,  # type: ignore[arg-type]
    )


def _electricity() -> Iterator[Case]:
    rng = np.random.default_rng(21)
    again = np.sort(rng.choice(np.arange(at_hour(31), at_hour(61)), 60, replace=False))
    at = np.concatenate((AT, AT[again] + 10_000))
    said = np.concatenate((GOOD, GOOD[again] - 0.001))
    order = np.argsort(at)
    device = meter("one-unit-back")
    yield Case(
        device.institution,
        "ten seconds after a message the sum over channels is one unit lower, 60 times",
        Source("Lamarqe/ha_openems", 50, "taken for a new meter; the statistics begin anew"),
        device,
        {"energy_import_kwh": (at[order], np.round(said[order], 3))},
        "electricity_use_kwh",
        september(USE),
    )
    said = GOOD.copy()
    said[at_hour(44, 10) : at_hour(44, 14)] = 0.0
    said[at_hour(44, 14) : at_hour(45, 2)] -= 130.0
    yield _electric(
        "zero-then-an-old-height",
        "after a power cut 0, then for half a day the height of days before, then the right one",
        Source("gurrier/esphome-powerpal_ble", 66, "a lifetime's energy on one day"),
        said,
        told=("reading_dropped",),
    )
    said = GOOD.copy()
    said[at_hour(45) :] = 0.0
    yield _electric(
        "zero-for-good",
        "since an update the total is read where the device keeps none: 0 for good",
        Source("Koenkk/zigbee2mqtt", 33044, "no use at all from then on"),
        said,
        verdict="known in part",
        least_missing=0.5,
    )
    said = GOOD.copy()
    said[at_hour(45) :] = said[at_hour(45)]
    yield _electric(
        "stands-still-for-good",
        "the total stands still for months while power flows",
        Source("Koenkk/zigbee2mqtt", 24522, "no use at all from then on"),
        said,
        verdict="known in part",
        least_missing=0.5,
        told=("use_doubtful", "meter_silent", "use_incomplete"),
    )


def _water_and_heat() -> Iterator[Case]:
    use = taps(11.0)
    good = register(1_402.3, use, 3)
    rng = np.random.default_rng(22)
    said = good.copy()
    wrong = rng.choice(good.size - 2, good.size // 256, replace=False) + 1
    said[wrong] = np.round(rng.uniform(0.0, 4e5, wrong.size), 3)
    yield Case(
        "garbled-telegram",
        "one telegram in 256 is decoded although it is encrypted: any number at all",
        Source("wmbusmeters/wmbusmeters", 2025, "shown with status OK"),
        meter("garbled-telegram", Carrier.WATER),
        {"water_m3": (AT, said)},
        "water_use_m3",
        september(use),
        told=("reading_dropped",),
    )
    use = office(0.08, 0.1)
    ours, theirs = register(412.0, use, 2), register(486.7, 0.6 * use, 2)
    said = ours.copy()
    other = rng.choice(ours.size - 2, ours.size // 12, replace=False) + 1
    said[other] = theirs[other]
    yield Case(
        "value-of-the-neighbour",
        "one message in twelve brings what another meter said, which is higher and grows as well",
        Source("wmbusmeters/wmbusmeters", 1529, "the other meter's value under this one's id"),
        meter("value-of-the-neighbour", Carrier.HEAT),
        {"heat_gj": (AT, said)},
        "heat_use_gj",
        september(use),
        told=("reading_dropped",),
    )


def _inverters() -> Iterator[Case]:
    lifetime = register(13_050.0, SUN, 1)
    yield _generated(
        "two-bytes-of-four",
        "two bytes of the total's four are read: in tenths it begins anew after 6,553.5 kWh",
        Source("graham0/ginlong-wifi", 6, "the total goes awry, unnoticed for five years"),
        np.round(lifetime % 6553.6, 1),
        told=("register_reset", "register_rollover"),
        within=0.02,
    )
    yield _generated(
        "steps-of-ten",
        "the total comes in whole tens of kWh",
        Source("hultenvp/solis-sensor", 297, "hours of nothing beside hours of 10 kWh"),
        np.floor(lifetime / 10.0) * 10.0,
    )


def more() -> Iterator[Case]:
    yield from _electricity()
    yield from _water_and_heat()
    yield from _inverters()
