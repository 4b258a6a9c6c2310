"""Two-way meters: two registers, each with faults of its own."""

from collections.abc import Iterator

import numpy as np

from domain.places import Swap
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
    sun,
)

AT = clock()
LOAD, SUN = office(6.0, 8.0), sun(30.0)
IN, OUT = np.maximum(LOAD - SUN, 0.0), np.maximum(SUN - LOAD, 0.0)
IMPORT, EXPORT = register(60_000.0, IN), register(8_100.0, OUT)


def _export(
    name: str,
    did: str,
    source: Source,
    bought: Floats,
    sold: Floats,
    swaps: tuple[Swap, ...] = (),
    **more: object,
) -> Case:
    return Case(
        name,
        did,
        source,
        meter(name, swaps=swaps),
        {"energy_import_kwh": (AT, bought), "energy_export_kwh": (AT, sold)},
        "electricity_export_kwh",
        september(OUT),
        **more,  # type: ignore[arg-type]
    )


def two_way() -> Iterator[Case]:
    bought, sold = IMPORT.copy(), EXPORT.copy()
    gone = slice(at_hour(42, 18), at_hour(42, 21))
    bought[gone], sold[gone] = 11.7, 3.2
    yield _export(
        "both-registers-fall",
        "both registers fall for three hours at the same time",
        Source("binsentsu/home-assistant-solaredge-modbus", 126, "wrong in both directions"),
        bought,
        sold,
    )
    sold = EXPORT.copy()
    sold[1::3] = np.round(np.random.default_rng(8).uniform(0.0, 40.0, sold[1::3].size), 2)
    yield _export(
        "export-flips",
        "every third message of the export register is another, not cumulative value",
        Source("Drenso/cloud.shelly", 168),
        IMPORT,
        sold,
        told=("reading_dropped",),
    )
    sold = EXPORT.copy()
    sold[at_hour(45, 14) :] -= sold[at_hour(45, 14)] - sold[at_hour(45, 11)]
    yield _export(
        "export-set-back",
        "a restart sets the export register back to what was saved some hours before",
        Source("sicanins/shelly-pro3EM-energycounter", 1),
        IMPORT,
        sold,
        within=0.03,
        told=("register_reset",),
    )
    swapped = at_hour(45, 10)
    bought = np.concatenate((IMPORT[:swapped], IMPORT[swapped:] - IMPORT[swapped]))
    swap = Swap(int(AT[swapped]), float(IMPORT[swapped]), 0.0)
    yield _export(
        "import-replaced",
        "the meter is replaced and its import register starts at 0; the export register goes on",
        Source("home-assistant/core", 178137, "large jumps below zero"),
        bought,
        EXPORT,
        swaps=(swap,),
    )
