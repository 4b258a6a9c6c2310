"""Scenarios hold what they promise."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest

from domain.errors import ConfigError
from domain.places import value_on
from simulators.scenarios import scenario
from simulators.scenarios.timeline import Timeline
from tests.paths import ROOT

NOW = datetime(2026, 11, 23, 4, 7, tzinfo=UTC)


def test_unknown_scenarios_and_naive_times_are_refused() -> None:
    with pytest.raises(ConfigError, match="choose one of"):
        scenario("nope", NOW)
    with pytest.raises(ConfigError, match="no time zone"):
        scenario("tiny", datetime(2026, 1, 1))  # noqa: DTZ001


@pytest.mark.long
def test_the_province_is_made_at_constant_memory() -> None:
    """Its first 1,500 institutions, with their truth, in a process of their own."""
    ask = "import json; from benchmarks.bench_simulate import province_memory as m; print(json.dumps(m()))"
    done = subprocess.run(
        [sys.executable, "-c", ask], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
    )
    figures = json.loads(done.stdout)
    assert figures["simulate.province_mb"] <= 500
    assert figures["simulate.province_growth_mb"] <= 30


def test_a_province_is_an_address_until_somebody_looks() -> None:
    province = scenario("province", NOW)
    assert len(province.sites) == 100_000
    last = province.sites[-1]
    assert last.institutions[0].id == "i099999"
    assert province.sites[99_999].institutions == last.institutions
    (piece,) = islice(Timeline(replace(province, sites=province.sites[-1:])).backfill(), 1)
    assert sum(b.readings for b in piece.blocks) > 5_000


@pytest.mark.slow
def test_a_long_city_has_contracts_closures_more_people_and_other_areas() -> None:
    sites = [scenario("city", NOW, months=14).sites[i] for i in range(80)]
    kinds = {c.kind for s in sites for h in s.houses for c in h.changes}
    assert kinds == {"retrofit", "closure", "occupancy", "area"}
    assert all(len(s.contracts) == 1 for s in sites)
    assert any(len(s.institutions[0].headcount) == 2 for s in sites)
    for site in sites:
        institution, (house,) = site.institutions[0], site.houses
        areas = [c for c in house.changes if c.kind == "area"]
        assert len(institution.floor_area_m2) == 1 + len(areas)
        for change in areas:
            after = value_on(institution.floor_area_m2, change.on)
            assert after == pytest.approx(house.area_m2 * change.area, abs=0.5)
            before = change.on - timedelta(days=1)
            assert value_on(institution.floor_area_m2, before) == house.area_m2
    assert not any(scenario("city", NOW).sites[i].contracts for i in range(5))


def test_the_demo_has_the_size_it_promises_and_a_registry_that_fits() -> None:
    demo = scenario("demo", NOW)
    registry = demo.registry()
    origins = [i.origin for i in registry.institutions]
    assert origins.count("measured") >= 4 and origins.count("simulated") == 1
    assert all(i.provenance and i.name_zh and i.name_en for i in registry.institutions)
    assert 600_000 < Timeline(demo).planned_readings() < 1_000_000
