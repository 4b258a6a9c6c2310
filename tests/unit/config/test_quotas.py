"""The table of quotas: the institution's own row or a reason, never a neighbour's."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from config.quotas import Graded, Quota, has_quotas, quota_on, read_quotas, zone_on
from config.texts import finding_text
from domain.errors import ConfigError
from domain.findings import Finding

DAY = date(2025, 12, 1)
DONGYING, QINGDAO = "370502", "370202"
OFFICE = Graded(district_code=DONGYING, kind="office", level="city", heat_source="district_heat")


def values(place: Graded, measure: str) -> tuple[float, float, float]:
    found = quota_on(place, measure, DAY)
    assert isinstance(found, Quota), found
    return found.constraint, found.base, found.guide


@pytest.mark.parametrize(
    ("kind", "level", "district", "measure", "expected"),
    [
        ("office", "province", DONGYING, "non_heating_per_area", (25.5, 16.6, 9.6)),
        ("office", "city", QINGDAO, "non_heating_per_area", (21.9, 14.9, 7.2)),
        ("office", "city", DONGYING, "non_heating_per_area", (22.3, 15.6, 8.1)),
        ("office", "county", QINGDAO, "electricity_per_area", (67.4, 39.5, 20.0)),
        ("office", "county", DONGYING, "energy_per_head", (1293.4, 828.9, 478.0)),
        ("office", "", DONGYING, "water_per_head", (25.0, 25.0, 10.0)),
        ("hospital", "III", DONGYING, "non_heating_per_area", (39.1, 33.4, 22.6)),
        ("hospital", "II", QINGDAO, "energy_per_head", (907.4, 556.9, 428.3)),
        ("hospital", "I", DONGYING, "electricity_per_area", (72.9, 45.9, 27.9)),
        ("hospital", "II", QINGDAO, "heating_per_heated_area", (15.1, 9.2, 6.2)),
        ("hospital", "III", DONGYING, "water_per_bed_day", (804.0, 804.0, 440.0)),
        ("library", "city", DONGYING, "non_heating_per_area", (16.2, 12.2, 9.7)),
        ("museum", "county", QINGDAO, "non_heating_per_area", (16.6, 12.5, 6.2)),
        ("theatre", "province", DONGYING, "non_heating_per_area", (24.1, 21.1, 17.9)),
        ("sports_hall", "city", DONGYING, "non_heating_per_area", (16.7, 14.9, 11.3)),
        ("science_hall", "county", DONGYING, "non_heating_per_area", (11.3, 6.5, 4.8)),
    ],
)
def test_a_row_of_each_kind_level_and_zone(
    kind: str, level: str, district: str, measure: str, expected: tuple[float, float, float]
) -> None:
    place = Graded(district_code=district, kind=kind, level=level)
    assert values(place, measure) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("district_heat", (12.7, 11.1, 8.3)),
        ("air_conditioning", (12.4, 8.9, 6.4)),
        ("gas_or_oil", (12.3, 8.4, 4.8)),
    ],
)
def test_heating_of_offices_is_by_what_heats_at_any_level(
    source: str, expected: tuple[float, float, float]
) -> None:
    for level in ("", "province", "city", "county"):
        place = replace(OFFICE, level=level, heat_source=source)
        assert values(place, "heating_per_heated_area") == expected


@pytest.mark.parametrize(
    ("place", "measure", "code", "numbers"),
    [
        (replace(OFFICE, level=""), "energy_per_head", "quota_field_missing", {"fields": "level"}),
        (
            replace(OFFICE, heat_source=""),
            "heating_per_heated_area",
            "quota_field_missing",
            {"fields": "heat_source"},
        ),
        (
            replace(OFFICE, level="III"),
            "energy_per_head",
            "quota_not_of_level",
            {"kind": "office", "own": "III", "listed": "province, city, county"},
        ),
        (
            replace(OFFICE, level="province", district_code=QINGDAO),
            "energy_per_head",
            "quota_not_of_zone",
            {"kind": "office", "own": "A", "listed": "B"},
        ),
        (
            replace(OFFICE, district_code="370000"),
            "energy_per_head",
            "quota_zone_unknown",
            {"district_code": "370000"},
        ),
        *(
            (
                replace(OFFICE, kind=kind),
                measure,
                "quota_not_of_kind",
                {"kind": kind, "measure": measure},
            )
            for kind, measure in (
                ("school", "non_heating_per_area"),
                ("university", "water_per_standard_person"),
                ("service_centre", "water_per_head"),
                ("service_centre", "non_heating_per_area"),
                ("library", "water_per_head"),
                ("museum", "energy_per_head"),
                ("other", "electricity_per_area"),
            )
        ),
    ],
)
def test_without_a_row_of_its_own_it_says_why(
    place: Graded, measure: str, code: str, numbers: dict[str, str]
) -> None:
    found = quota_on(place, measure, DAY)
    assert isinstance(found, Finding)
    assert (found.code, dict(found.numbers)) == (code, numbers)
    for lang in ("zh", "en"):
        assert finding_text(found, lang)


def test_a_value_on_the_limit_keeps_it() -> None:
    area = quota_on(replace(OFFICE, level="county"), "non_heating_per_area", DAY)
    assert isinstance(area, Quota)
    grades = [area.grade(v) for v in (6.9, 12.6, 20.8, 20.9)]
    assert grades == ["guide", "base", "constraint", "above"]


def test_the_zones_are_dongying_b_and_qingdao_a_and_no_table_before_2019() -> None:
    assert (zone_on(DONGYING, DAY), zone_on(QINGDAO, DAY), zone_on("110101", DAY)) == ("B", "A", "")
    assert zone_on(DONGYING, date(2018, 12, 31)) == ""
    assert not has_quotas("37", date(2018, 12, 31))
    assert has_quotas("37", DAY) and not has_quotas("11", DAY)
    venue = Graded(district_code=DONGYING, kind="library", level="city")
    early = quota_on(venue, "non_heating_per_area", date(2020, 1, 23))
    assert isinstance(early, Finding)


def block(**more: Any) -> dict[str, Any]:
    row = {"level": "city", "constraint": 3.0, "base": 2.0, "guide": 1.0}
    plain = {
        "region": "37",
        "kind": "office",
        "measure": "energy_per_head",
        "unit": "kgce/person",
        "source": "made up here",
        "valid_from": date(2030, 1, 1),
        "rows": [row],
    }
    return {**plain, **more}


@pytest.mark.parametrize(
    ("blocks", "says"),
    [
        ([block(), block()], "twice"),
        ([block(kind="palace")], "kind"),
        ([block(rows=[{"constraint": 1.0, "base": 2.0, "guide": 3.0}])], "guide ≤ base"),
        ([block(rows=[{"constraint": 1.0}])], "base"),
        ([block(colour="red")], "colour"),
    ],
)
def test_a_wrong_table_is_refused(blocks: list[dict[str, Any]], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        read_quotas(blocks)


def test_a_later_block_replaces_all_rows_of_an_earlier_one(monkeypatch: pytest.MonkeyPatch) -> None:
    both = read_quotas(
        [
            block(),
            block(
                valid_from=date(2020, 1, 1),
                rows=[{"level": "county", "constraint": 6.0, "base": 5.0, "guide": 4.0}],
            ),
        ]
    )
    monkeypatch.setattr("config.quotas._quotas", lambda: both)
    county = replace(OFFICE, level="county")
    assert values(county, "energy_per_head") == (6.0, 5.0, 4.0)
    later = quota_on(county, "energy_per_head", date(2030, 1, 1))
    assert isinstance(later, Finding) and later.code == "quota_not_of_level"
