"""Simulated institutions have what their quotas ask for: kind, level, areas, people."""

from datetime import UTC, datetime

import pytest

from config.quotas import Graded, Quota, quota_on
from domain.calendar import Month
from domain.places import Institution
from processing.use.quota_positions import quota_positions
from simulators.scenarios.city import city
from simulators.scenarios.demo import demo_sites

NOW = Month(2026, 11)


@pytest.fixture(scope="module")
def places() -> list[Institution]:
    return [i for site in city(200, 7, NOW, 13)[:] for i in site.institutions]


def test_every_kind_of_the_city_has_the_row_of_its_own_or_none(places: list[Institution]) -> None:
    assert {i.kind for i in places} == {"office", "school", "service_centre", "hospital", "other"}
    assert {i.level for i in places if i.kind == "hospital"} >= {"I", "II"}
    assert {i.level for i in places if i.kind == "office"} == {"city", "county"}
    for i in places:
        graded = Graded(
            district_code=i.district_code, kind=i.kind, level=i.level, heat_source=i.heat_source
        )
        found = quota_on(graded, "energy_per_head", NOW.first_day)
        assert isinstance(found, Quota) == (i.kind in ("office", "hospital"))


def test_no_field_that_a_quota_asks_for_is_missing(places: list[Institution]) -> None:
    found = [p.finding for i in places for p in quota_positions(i, [], NOW)]
    codes = {f.code if f else "" for f in found}
    assert codes == {"quota_not_of_kind", "quota_year_incomplete"}


def test_the_demo_s_office_is_the_citys() -> None:
    found = {
        i.id: i for s in demo_sites(datetime(2026, 11, 26, tzinfo=UTC), 1) for i in s.institutions
    }
    assert all(i.kind for i in found.values())
    assert (found["dongying-campus"].kind, found["dongying-campus"].level) == ("office", "city")
