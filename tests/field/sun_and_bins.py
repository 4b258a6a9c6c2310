"""Inverters and bins, as public reports tell of them; numbers are our own."""

from collections.abc import Iterator

import numpy as np

from tests.field.case import (
    Case,
    Floats,
    Source,
    Weighed,
    at_hour,
    bin_,
    clock,
    inverter,
    register,
    september,
    sun,
    weighed,
)

PEAK_KW = 48.0
SUN = sun(PEAK_KW)
LIFETIME = register(118_400.0, SUN, 1)
AT = clock()
NIGHT = np.concatenate(([True], SUN <= 0))
TRUE = september(SUN)
HALF = 0.5
AT_HALF = clock(HALF)
POWER = np.concatenate(([0.0], sun(PEAK_KW, HALF) / HALF)) * 1000.0


def _counted(name: str, did: str, source: Source, said: Floats, **right: object) -> Case:
    series = {"pv_energy_kwh": (AT, said)}
    return Case(
        name,
        did,
        source,
        inverter(name, 50.0),
        series,
        "pv_generation_kwh",
        TRUE,
        **right,  # type: ignore[arg-type]
    )


def _by_power(name: str, did: str, source: Source, said: Floats, **right: object) -> Case:
    series = {"pv_power_w": (AT_HALF, said)}
    device = inverter(name, 50.0, 1800)
    return Case(name, did, source, device, series, "pv_generation_kwh", TRUE, within=0.02, **right)  # type: ignore[arg-type]


def inverters() -> Iterator[Case]:
    said = LIFETIME.copy()
    said[NIGHT] = 0.0
    yield _counted(
        "nothing-at-night",
        "the lifetime total is 0 all night and back in the morning",
        Source("WillCodeForCats/solaredge-modbus-multi", 874, "every morning a lifetime's yield"),
        said,
        most_missing=0.02,
    )
    said = LIFETIME.copy()
    said[NIGHT] = float(0xFFFFFFFF) / 1000
    yield _counted(
        "largest-number-at-night",
        "the largest 32-bit number all night",
        Source("binsentsu/home-assistant-solaredge-modbus", 127, "an exception in the log"),
        said,
        most_missing=0.02,
    )
    said = LIFETIME.copy()
    rng = np.random.default_rng(6)
    dips = rng.choice(np.flatnonzero(~NIGHT), 25, replace=False)
    said[dips] = np.round(said[dips] * rng.uniform(0.2, 0.9, dips.size), 1)
    yield _counted(
        "falls-at-random",
        "falls to a random height and is back in the next message, 25 times",
        Source("home-assistant/core", 78949, "the energy dashboard is ruined"),
        said,
        told=("reading_dropped",),
    )
    said = LIFETIME.copy()
    dips = rng.choice(np.flatnonzero(~NIGHT), 40, replace=False)
    said[dips] -= 2.5
    yield _counted(
        "dips-between-good-ones",
        "a little lower between two good messages, 40 times",
        Source("wlcrs/huawei_solar", 711, "peaks that people mend by hand"),
        said,
        told=("reading_dropped",),
    )
    said = LIFETIME.copy()
    new = at_hour(47, 11)
    said[new:] = said[new:] - said[new] + 5.0
    yield _counted(
        "inverter-replaced",
        "a new inverter in the middle of the month begins at 5 kWh; nobody registered it",
        Source("home-assistant/core", 86508, "every value after it thrown away as invalid"),
        said,
        told=("register_reset",),
        within=0.02,
    )
    said = LIFETIME - LIFETIME[0]
    for day in (34, 41, 53):
        said[at_hour(day, 21) :] = np.maximum(
            0.0, LIFETIME[at_hour(day, 21) :] - LIFETIME[at_hour(day, 21)]
        )
    yield _counted(
        "zero-at-each-restart-of-the-host",
        "counted by the host, which begins at 0 after each of three restarts",
        Source("TypQxQ/Sigenergy-Local-Modbus", 97),
        np.round(said, 1),
        told=("register_reset",),
        most_missing=0.02,
    )
    said = POWER.copy()
    said[at_hour(31, 20, HALF) :: 48] = float(2**31 - 1) / 10
    yield _by_power(
        "largest-power-at-dusk",
        "the largest signed number once every evening, power only",
        Source("OpenInverterGateway/OpenInverterGateway", 342),
        said,
        told=("reading_dropped",),
    )
    said = POWER.copy()
    noon = [at_hour(day, 13, HALF) for day in (33, 38, 44, 57)]
    said[noon] *= 65_536.0
    yield _by_power(
        "words-shifted",
        "a read that began one word late: power times 65,536, four times",
        Source("0xAHA/Growatt_ModbusTCP", 349, "withheld by a check on the words, later"),
        said,
        told=("reading_dropped",),
    )
    said = POWER.copy()
    said[at_hour(40, 0, HALF) : at_hour(43, 0, HALF)] = 158_728_192.0
    yield _by_power(
        "stuck-at-megawatts",
        "158 MW, day and night, for three days",
        Source("mkaiser/Sungrow-SHx-Inverter-Modbus-Home-Assistant", 98),
        said,
        verdict="known in part",
        least_missing=0.09,
        told=("reading_dropped",),
    )
    said = POWER.copy()
    said[POWER == 0] = -3_200_000.0
    yield _by_power(
        "minus-megawatts-at-night",
        "minus megawatts where it should say 0, every night",
        Source("0xAHA/Growatt_ModbusTCP", 447),
        said,
        verdict="known in part",
        told=("reading_dropped",),
    )


TARE = 12.0
FILLED: Weighed = weighed(14.0, TARE)
PER_KG = 24_000.0
"""A converter's counts for a kilogramme."""


def _bin(name: str, did: str, source: Source, said: Floats, **right: object) -> Case:
    device = bin_(name, TARE, 80.0)
    right = {"within": 0.03, **right}
    series = {"mass_kg": (AT_HALF, said)}
    return Case(
        name,
        did,
        source,
        device,
        series,
        "waste_mass_kg",
        september(FILLED.deposits),
        **right,  # type: ignore[arg-type]
    )


def bins() -> Iterator[Case]:
    rng = np.random.default_rng(4)
    said = FILLED.gross.copy()
    wrong = rng.choice(said.size, 80, replace=False)
    said[wrong] = (2.0 ** rng.integers(20, 24, wrong.size) - 1) / PER_KG
    yield _bin(
        "ones-in-every-bit",
        "2ⁿ − 1 of the converter at random, two in a hundred readings: 350, 175, 87 or 44 kg",
        Source("bogde/HX711", 83),
        said,
    )
    said = FILLED.gross.copy()
    said[at_hour(49, 11, HALF) : at_hour(49, 13, HALF)] = (2**23 - 1) / PER_KG
    yield _bin(
        "converter-at-its-end",
        "the converter at its upper end for two hours",
        Source("tatobari/hx711py", 7),
        said,
    )
    said = FILLED.gross.copy()
    said[rng.choice(said.size, 60, replace=False)] = -143.37
    yield _bin(
        "far-below-nothing",
        "a spike far below zero between good readings, 60 times",
        Source("bogde/HX711", 216, "a median filter is advised"),
        said,
    )
    said = FILLED.gross.copy()
    said[at_hour(52, 9, HALF) : at_hour(55, 9, HALF)] = -(2**23) / PER_KG
    yield _bin(
        "wire-off",
        "the converter at its lower end for three days: a wire is off",
        Source("bogde/HX711", 131),
        said,
        verdict="known in part",
        least_missing=0.08,
        told=("reading_dropped", "use_incomplete"),
    )
    said = FILLED.gross.copy()
    drift = np.linspace(0.0, -2.6, said.size)
    yield _bin(
        "creeps",
        "the scale creeps down by 2.6 kg in ten weeks",
        Source("olkal/HX711_ADC", 64, "no quick fix is known"),
        np.round(said + drift, 3),
    )
