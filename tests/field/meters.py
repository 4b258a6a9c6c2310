"""Meters of every carrier, as public reports tell of them; numbers are our own."""

from collections.abc import Iterator

import numpy as np

from domain.places import Carrier
from tests.field.case import (
    Case,
    Floats,
    Source,
    at_hour,
    clock,
    meter,
    office,
    register,
    september,
    taps,
)

USE = office(9.0, 26.0)
GOOD = register(41_870.0, USE, 1)
TRUE = september(USE)
AT = clock()
UINT32 = float(0xFFFFFFFF)


def _electric(name: str, did: str, source: Source, said: Floats, **right: object) -> Case:
    return Case(
        name,
        did,
        source,
        meter(name),
        {"energy_import_kwh": (AT, said)},
        "electricity_use_kwh",
        TRUE,
        **right,  # type: ignore[arg-type]
    )


def _other(
    name: str,
    did: str,
    source: Source,
    carrier: Carrier,
    use: Floats,
    said: Floats,
    **right: object,
) -> Case:
    device = meter(name, carrier)
    figure = {
        Carrier.WATER: "water_use_m3",
        Carrier.NATURAL_GAS: "natural_gas_use_m3",
        Carrier.HEAT: "heat_use_gj",
        Carrier.COOLING: "cooling_use_gj",
    }[carrier]
    at = clock(70 * 24 / use.size)
    series = {device.register: (at, said)}
    return Case(name, did, source, device, series, figure, september(use), **right)  # type: ignore[arg-type]


def electricity() -> Iterator[Case]:
    said = GOOD.copy()
    said[at_hour(33, 9)] = 0.0
    yield _electric(
        "zero-after-restart",
        "one 0 right after a restart, then the old height again",
        Source("Refoss/refoss_rpc", 14, "the way back up was booked as use"),
        said,
        told=("reading_dropped",),
    )
    said = GOOD.copy()
    said[at_hour(40, 20) : at_hour(41, 1)] = 0.0
    yield _electric(
        "zero-while-offline",
        "0 for five hours while the cloud was unreachable",
        Source("gvigroux/hon", 300, "the whole register was booked as use when it came back"),
        said,
        told=("reading_dropped",),
    )
    said = GOOD.copy()
    for day in range(32, 60, 4):
        said[at_hour(day, 3)] = 0.0
    yield _electric(
        "zero-at-each-restart",
        "a 0 at every restart of the gateway, seven times in the month",
        Source("rwoldberg/ldata-ha", 21, "a spike of a day's use and more at each restart"),
        said,
        told=("reading_dropped",),
    )
    said = GOOD.copy()
    said[at_hour(45, 22)] = 12.4
    yield _electric(
        "low-once",
        "one low value out of a disturbed bus read",
        Source("evcc-io/evcc", 30267, "a lifetime's energy in one quarter of an hour"),
        said,
        told=("reading_dropped",),
    )
    said = GOOD.copy()
    said[at_hour(44, 2) : at_hour(44, 9)] *= 1000.0
    yield _electric(
        "thousandfold-for-hours",
        "kWh became Wh for seven hours, and kWh again",
        Source("Koenkk/zigbee2mqtt", 25005, "shown as it came"),
        said,
        told=("reading_dropped",),
    )
    said = GOOD.copy()
    said[at_hour(51) :] *= 100.0
    yield _electric(
        "divisor-lost",
        "an update forgot the divisor: from 21 September on everything is hundredfold",
        Source("Koenkk/zigbee2mqtt", 29465, "a hundred times too much, until a fix"),
        said,
        verdict="known in part",
        least_missing=0.3,
        told=("register_scaled", "use_doubtful"),
    )
    said = GOOD.copy()
    said[at_hour(46, 12) :] = said[at_hour(46, 12) :] - said[at_hour(46, 12)]
    yield _electric(
        "forgot-its-height",
        "the plug lost its total when it was unplugged and counts on from 0",
        Source("arendst/Tasmota", 10348),
        said,
        told=("register_reset",),
    )
    said = GOOD.copy()
    said[at_hour(39, 15) :] -= 61.0
    yield _electric(
        "fell-to-last-saved",
        "after a power cut the total is what was saved last, some kWh lower, and counts on",
        Source("arendst/Tasmota-firmware", 7),
        said,
        told=("register_reset",),
    )
    said = GOOD.copy()
    for day, hour, value in ((36, 4, 77_120.5), (43, 17, 3_911.0), (52, 9, 60_002.2)):
        said[at_hour(day, hour)] = value
    yield _electric(
        "random-at-start",
        "a random height in the first message after each start",
        Source("britkat1980/giv_tcp", 237, "spikes that people mend by hand"),
        said,
        told=("reading_dropped",),
    )
    said = GOOD.copy()
    said[at_hour(48, 8) : at_hour(48, 18)] -= 14.0
    said[[at_hour(48, h) for h in (10, 13, 16)]] -= 3600.0
    yield _electric(
        "lower-while-charging",
        "lower by a constant while current flows, by thousands now and then, right again after",
        Source("serkri/SmartEVSE-3", 247),
        said,
        told=("reading_dropped",),
    )
    said = GOOD.copy()
    for day in range(31, 61):
        said[at_hour(day)] = -24.0
    yield _electric(
        "below-zero-at-midnight",
        "below zero every midnight, right an hour later",
        Source("mkaiser/Sungrow-SHx-Inverter-Modbus-Home-Assistant", 708),
        said,
        told=("reading_dropped",),
    )
    silent = np.ones(AT.size, dtype=bool)
    silent[at_hour(24) : at_hour(50)] = False
    device = meter("silent-over-the-months-end")
    yield Case(
        device.institution,
        "switched off for 26 days over the month's end, then the register goes on",
        Source("home-assistant/frontend", 28177, "minus 1,400 kWh in the hour of its return"),
        device,
        {"energy_import_kwh": (AT[silent], GOOD[silent])},
        "electricity_use_kwh",
        TRUE,
        verdict="known in part",
        least_missing=0.6,
        told=("use_incomplete",),
    )
    size = 838.8607
    wrapped = (np.round(350.0 + (GOOD - GOOD[0]), 4)) % size
    for name, did, known in (
        ("rolls-over-as-registered", "a 23-bit register rolls over; its size is registered", size),
        ("rolls-over-unknown", "the same register, its size registered nowhere", None),
    ):
        yield Case(
            name,
            did,
            Source("DrozmotiX/ioBroker.sourceanalytix", 594, "negative use at each rollover"),
            meter(name, register_size=known, max_rate_per_h=60.0),
            {"energy_import_kwh": (AT, wrapped)},
            "electricity_use_kwh",
            TRUE,
            within=0.01 if known else 0.05,
            most_missing=0.01 if known else 0.06,
            told=("register_rollover",) if known else ("register_reset",),
        )
    said = GOOD.copy()
    for day in range(31, 61, 3):
        said[at_hour(day, 5)] = said[at_hour(day, 4)] - 0.4
    yield _electric(
        "steps-back-a-little",
        "an accumulator that goes back a little now and then, and is right an hour later",
        Source("emoncms/emoncms", 1137, "mended in the accumulator"),
        said,
        told=("reading_dropped",),
    )


def water_gas_heat() -> Iterator[Case]:
    use = taps(11.0)
    good = register(158.2, use, 3)
    said = good.copy()
    near = np.flatnonzero((good % 1 > 0.9) & (np.arange(good.size) > at_hour(31)))
    said[near[::9]] += 8.0
    yield _other(
        "dial-misread",
        "a camera reads the next digit wrong between two: 169 for 160, again and again",
        Source("jomjol/AI-on-the-edge-device", 3830),
        Carrier.WATER,
        use,
        said,
        told=("reading_dropped",),
    )
    said = good.copy()
    said[near[::5]] += 1.0
    yield _other(
        "digit-too-early",
        "one cubic metre too much while the last dial is about to turn",
        Source("jomjol/AI-on-the-edge-device", 3428, "held at the wrong height by its rate check"),
        Carrier.WATER,
        use,
        said,
        told=("reading_dropped",),
        within=0.02,
    )
    said = (register(5.0, taps(0.6), 3) + 32.768) % 65.536 - 32.768
    yield _other(
        "signed-overflow",
        "litres in a signed 16-bit number: after 32,767 comes −32,768",
        Source("hafidhh/FlowSensor-Arduino", 4),
        Carrier.WATER,
        taps(0.6),
        said,
        told=("register_reset",),
    )
    use = taps(25.0)
    total = register(0.0, use, 3)
    day = np.arange(total.size) // 24
    today = total - total[day * 24]
    said = today.copy()
    ones = np.arange(total.size) % 24 == 1
    said[ones] = np.concatenate(([0.0], total[24::24] - total[:-24:24]))[day[ones]]
    yield _other(
        "todays-gas",
        "what was used today, 0 at midnight; at one o'clock yesterday's total once more",
        Source("megakid/ha_hildebrand_glow_ihd_mqtt", 72, "yesterday's use counted twice"),
        Carrier.NATURAL_GAS,
        use,
        said,
        verdict="known in part",
        told=("register_reset", "reading_dropped"),
    )
    said = register(6_804.3, use, 3)
    said[::5] = 1.287
    yield _other(
        "two-meters-one-name",
        "every fifth message is of the removed meter, which stands still for ever",
        Source("home-assistant/core", 56558, "the dead meter's value was shown"),
        Carrier.NATURAL_GAS,
        use,
        said,
        told=("reading_dropped",),
    )
    use = office(0.11, 0.05)
    good = register(95.4, use, 3)
    said = good.copy()
    said[at_hour(47) :] *= 3.6
    yield _other(
        "kwh-as-mj",
        "an update reads kWh as MJ: 3.6-fold from then on",
        Source("wmbusmeters/wmbusmeters", 1086, "MJ shown as kWh"),
        Carrier.HEAT,
        use,
        said,
        verdict="known in part",
        least_missing=0.4,
        told=("register_scaled", "use_doubtful"),
    )
    said = good.copy()
    said[at_hour(35, 7) : at_hour(37, 7)] *= 1000.0
    yield _other(
        "decimal-point-lost",
        "the decimal point was lost for two days: 95,430 for 95.43",
        Source("golles/ha-kamstrup_403", 126),
        Carrier.HEAT,
        use,
        said,
        told=("reading_dropped",),
    )
    said = good.copy()
    said[np.random.default_rng(2).random(said.size) < 0.04] = -32_768.0
    yield _other(
        "no-value-as-minus",
        "−32,768 where the meter has no value, one message in 25",
        Source("wmbusmeters/wmbusmeters", 2100),
        Carrier.COOLING,
        use,
        said,
        told=("reading_dropped",),
    )


def of_examples() -> Iterator[Case]:
    """The kinds of the first examples: nothing was registered that would have shown them."""
    said = GOOD.copy()
    said[at_hour(50, 1) : at_hour(50, 7)] = UINT32 / 10
    yield _electric(
        "largest-number",
        "the largest 32-bit number in tenths for six hours",
        Source("binsentsu/home-assistant-solaredge-modbus", 127, "an exception in the log"),
        said,
        told=("reading_dropped",),
    )
    said = GOOD.copy()
    said[at_hour(36) : at_hour(48)] = 0.0
    yield _electric(
        "zero-for-weeks",
        "a gateway writes 0 for a meter that is offline for twelve days",
        Source("home-assistant/core", 55901, "the register booked as use"),
        said,
        told=("reading_dropped",),
    )
    begin = at_hour(35)
    said = GOOD[begin:].copy()
    said[0] = 0.0
    device = meter("first-value-zero")
    hour = at_hour(61)
    yield Case(
        device.institution,
        "a new meter's first message is 0: the gateway had not asked it yet",
        Source("barneyonline/ha-enphase-energy", 26, "a filter for the first sample"),
        device,
        {"energy_import_kwh": (AT[begin:], said)},
        "electricity_use_kwh",
        float(USE[begin:hour].sum()),
    )
