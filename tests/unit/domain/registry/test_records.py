"""What the registry refuses: each kind of row that could not be computed with."""

import math
from dataclasses import replace
from datetime import date

import pytest

from domain.places import (
    Bin,
    Building,
    Carrier,
    Contract,
    Dated,
    Institution,
    Meter,
    PvSystem,
    Swap,
    WasteStream,
)
from domain.registry import Registry
from domain.registry.records import Record, misfits_of

HALL = Institution("hall", "大厅", "Hall", district_code="370502")
METER = Meter(
    id="m1", institution="hall", carrier=Carrier.ELECTRICITY, register="energy_import_kwh"
)
PV = PvSystem(id="p", institution="hall", capacity_kwp=100.0)
BIN = Bin(id="b", institution="hall", stream=WasteStream.FOOD)
DAY, NEXT = date(2024, 1, 1), date(2025, 1, 1)
CONTRACT = Contract("c", "hall", "合", "C", "shared", DAY, NEXT, NEXT)
NOTHING = ""

RECORDS: list[tuple[Record, str, str]] = [
    (HALL, "", NOTHING),
    (replace(HALL, timezone="Europe/London"), "", NOTHING),
    (replace(HALL, timezone="Asia/Beijing"), "timezone", "write Asia/Shanghai"),
    (replace(HALL, timezone="Asia/Shangai"), "timezone", "write Asia/Shanghai"),
    (replace(HALL, timezone="Europe/Londn"), "timezone", "write Europe/London"),
    (replace(HALL, timezone="Asia"), "timezone", "no time zone"),
    (replace(HALL, timezone="/etc/localtime"), "timezone", "no time zone"),
    (replace(HALL, timezone=""), "timezone", "write Asia/Shanghai"),
    (replace(HALL, building_type="office"), "building_type", "A (office) to H"),
    (replace(HALL, building_type=""), "building_type", "A (office) to H"),
    (replace(HALL, district_code="37050"), "district_code", "6 digits"),
    (replace(HALL, district_code="370502003"), "", NOTHING),
    (replace(HALL, floor_area_m2=(Dated(DAY, 0.0),)), "floor_area_m2", "above 0"),
    (replace(HALL, floor_area_m2=(Dated(DAY, 1e300),)), "floor_area_m2", "at most"),
    (replace(HALL, headcount=(Dated(DAY, -3.0),)), "headcount", "leave it empty"),
    (replace(HALL, headcount=(Dated(DAY, 3.0), Dated(DAY, 4.0))), "headcount", "keep one"),
    (replace(HALL, headcount=(Dated(date(24, 1, 1), 3.0),)), "headcount", "mend the year"),
    (replace(HALL, heating_season=((11, 15), (11, 15))), "heating_season", "ends the day"),
    (replace(HALL, heating_season=((11, 15), (2, 29))), "heating_season", "02-29"),
    (Building("b", "hall", "楼", "Block", floor_area_m2=0.0), "floor_area_m2", "above 0"),
    (Building("b", "hall", "楼", "Block", latitude=118.5), "latitude", "at most 90"),
    (replace(METER, expected_interval_s=0), "expected_interval_s", "above 0"),
    (replace(METER, expected_interval_s=-60), "expected_interval_s", "above 0"),
    (replace(METER, expected_interval_s=10**9), "expected_interval_s", "a year"),
    (replace(METER, multiplier=(Dated(DAY, 0.0),)), "multiplier", "above 0"),
    (replace(METER, multiplier=(Dated(DAY, -40.0),)), "multiplier", "above 0"),
    (replace(METER, register_size=0.0), "register_size", "above 0"),
    (replace(METER, max_rate_per_h=math.inf), "max_rate_per_h", "at most"),
    (replace(METER, swaps=(Swap(0, -1.0),)), "swaps", "0 or more"),
    (replace(METER, swaps=(Swap(0, 1.0, 1e300),)), "swaps", "at most"),
    (replace(METER, swaps=(Swap(0, 1.0), Swap(0, 2.0))), "swaps", "twice"),
    (replace(METER, in_service_from=NEXT, in_service_until=NEXT), "in_service_until", "day after"),
    (replace(METER, in_service_from=DAY, in_service_until=NEXT), "", NOTHING),
    (replace(PV, capacity_kwp=0.0), "capacity_kwp", "above 0"),
    (replace(PV, capacity_kwp=math.nan), "capacity_kwp", "above 0"),
    (replace(PV, gamma_per_c=-0.37), "gamma_per_c", "-0.0037"),
    (replace(BIN, capacity_kg=0.0), "capacity_kg", "above 0"),
    (replace(BIN, depth_mm=-1.0), "depth_mm", "above 0"),
    (replace(BIN, tare_kg=-1.0), "tare_kg", "0 or more"),
    (replace(BIN, id="food"), "id", "like a waste stream"),
    (replace(METER, id="food"), "", NOTHING),
    (replace(CONTRACT, expected_saving_ratio=10.0), "expected_saving_ratio", "10 % is 0.1"),
    (replace(CONTRACT, confidence=90.0), "confidence", "90 % is 0.9"),
    (replace(CONTRACT, confidence=0.0), "confidence", "between 0 and 1"),
    (replace(CONTRACT, confidence=math.nan), "confidence", "between 0 and 1"),
    (replace(CONTRACT, baseline_end=DAY), "baseline_end", "day after"),
    (replace(CONTRACT, reporting_end=DAY), "reporting_end", "begins on 2025-01-01"),
    (replace(CONTRACT, carriers=()), "carriers", "each carrier"),
    (replace(CONTRACT, terms={"share": [0.5, 1e308]}), "terms", "terms.share[1]"),
    (replace(CONTRACT, terms={"price": {"peak": 10**400}}), "terms", "terms.price.peak"),
    (replace(CONTRACT, terms={"note": "x" * 30_000}), "terms", "characters"),
    (replace(CONTRACT, terms={"share": [0.5, 0.4], "on": True}), "", NOTHING),
]


@pytest.mark.parametrize(("record", "field", "says"), RECORDS)
def test_each_kind_of_row_is_refused_with_its_field_and_a_remedy(
    record: Record, field: str, says: str
) -> None:
    found = list(misfits_of(record))
    assert [m.field for m in found] == ([field] if field else [])
    assert all(says in str(m) and repr(record.id) in str(m) for m in found)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ("", "must be filled"),
        ("m\u200b1", "U+200B"),
        ("\ufeffm1", "U+FEFF"),
        ("m\u00a01", "U+00A0"),
        ("m\u30001", "U+3000"),
        ("m\t1", "U+0009"),
        ("m/1", "'/'"),
        ("m+1", "'+'"),
        ("m#1", "'#'"),
        (" m1", "space"),
        ("e\u0301", "NFC"),
        ("m" * 101, "100 are the most"),
        ("..", "folder"),
        ("m 1", NOTHING),
        ("m,1=a", NOTHING),
        ("电表-1", NOTHING),
    ],
)
def test_ids_hold_nothing_that_is_not_seen_or_breaks_a_topic(wrong: str, says: str) -> None:
    found = [str(m) for m in misfits_of(replace(METER, id=wrong))]
    assert len(found) == bool(says) and all(says in m for m in found)


def _registry(*meters: Meter) -> Registry:
    north = Institution("north", "北", "North")
    return Registry((HALL, north), (), meters)


@pytest.mark.parametrize(
    ("meters", "says"),
    [
        ([replace(METER, parent="m1")], "by parent (m1 → m1)"),
        (
            [replace(METER, parent="m2"), replace(METER, id="m2", parent="m1")],
            "by parent (m1 → m2 → m1)",
        ),
        ([replace(METER, parent="n"), replace(METER, id="n", institution="north")], "of 'north'"),
        (
            [
                replace(METER, parent="w"),
                replace(METER, id="w", carrier=Carrier.WATER, register="water_m3"),
            ],
            "meters water",
        ),
        ([replace(METER, formula=(("m9", 1.0),))], "part 'm9', which is not there"),
        ([replace(METER, formula=(("m1", 1.0),))], "by formula (m1 → m1)"),
        (
            [METER, replace(METER, id="v", formula=(("m1", math.inf),))],
            "wrong factor of 'm1'",
        ),
        ([METER, replace(METER, id="v", formula=(("m1", 0.0),))], "must not be 0"),
        ([METER, replace(METER, id="v", formula=(("m1", 1.0), ("m1", 1.0)))], "twice"),
        (
            [
                replace(METER, id="w", carrier=Carrier.WATER, register="water_m3"),
                replace(METER, id="v", formula=(("w", 1.0),)),
            ],
            "counts water_m3",
        ),
        ([METER, replace(METER, id="v", formula=(("m1", -1.0),))], NOTHING),
        ([METER, replace(METER, id="m2", parent="m1"), replace(METER, id="m3", parent="m2")], ""),
    ],
)
def test_trees_and_formulas_stay_in_one_institution_and_never_come_back(
    meters: list[Meter], says: str
) -> None:
    problems = _registry(*meters).problems()
    assert len(problems) == bool(says) and all(says in p for p in problems)


def test_a_long_chain_of_meters_is_no_circle() -> None:
    chain = [replace(METER, id="m0")]
    chain += [replace(METER, id=f"m{k}", parent=f"m{k - 1}") for k in range(1, 2_000)]
    assert _registry(*chain).problems() == []
