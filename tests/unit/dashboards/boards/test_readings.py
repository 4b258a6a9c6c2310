"""The readings dashboard: every InfluxQL query runs on a real engine, on what our store wrote."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from config.texts import text
from dashboards.boards.readings import SECTIONS, readings
from domain.calendar import to_ms
from domain.quantities import QUANTITIES
from domain.readings import Reading
from store.opening import open_reading_store
from store.readings.port import DeviceTags
from tests.servers import InfluxDb

BUCKET = "dashboard_readings"
START = datetime(2024, 3, 1, tzinfo=UTC)
HOURS = 6
SHOWN = [s for section in SECTIONS.values() for s in section]
BUILT = readings("en", lambda key: text("dashboards", key, "en"))


@pytest.fixture(scope="module")
def engine(influxdb: InfluxDb) -> Iterator[InfluxDb]:
    """Half-hourly readings of two devices a class; the second is another institution's."""
    influxdb.create_database(BUCKET)
    directory = {
        f"{s.device_class}-{i}": DeviceTags(s.device_class, f"hall-{i}")
        for s in SHOWN
        for i in (1, 2)
    }
    store = open_reading_store(
        f"influxdb+{influxdb.url}/civicmeter/{BUCKET}", directory, token="any"
    )
    store.write(
        [
            Reading(
                f"{s.device_class}-{i}",
                s.quantity,
                to_ms(START + timedelta(minutes=30 * n)),
                10.0 + n,
            )
            for s in SHOWN
            for i in (1, 2)
            for n in range(2 * HOURS)
        ]
    )
    yield influxdb
    store.close()


def filled(query: str, device: str = ".*") -> str:
    """The query as Grafana sends it: its macros and variables put in."""
    end = START + timedelta(hours=HOURS)
    values = {
        "${institution}": "hall-1",
        "${device:regex}": device,
        "$timeFilter": f"time >= {to_ms(START)}ms and time <= {to_ms(end)}ms",
        "$__interval": "1h",
    }
    for name, value in values.items():
        query = query.replace(name, value)
    assert "$" not in query.replace("$/", "")
    return query


def ask(engine: InfluxDb, query: str) -> list[dict[str, Any]]:
    (result,) = json.loads(engine.query(query, BUCKET))["results"]
    assert "error" not in result, result
    found: list[dict[str, Any]] = result.get("series", [])
    return found


@pytest.mark.parametrize("shown", SHOWN, ids=lambda s: f"{s.device_class}.{s.quantity}")
def test_every_query_shows_one_institutions_devices(engine: InfluxDb, shown: Any) -> None:
    (series,) = ask(engine, filled(shown.influxql))
    assert series["tags"] == {"device": f"{shown.device_class}-1"}
    values = [v for _, v in series["values"]]
    if shown.how == "use":
        assert values == [2.0] * (HOURS - 1)
    elif shown.how == "mean":
        assert values == [10.5 + 2 * h for h in range(HOURS)]
    else:
        assert values == [11.0 + 2 * h for h in range(HOURS)]


def test_a_chosen_device_is_shown_alone(engine: InfluxDb) -> None:
    assert len(ask(engine, filled(SHOWN[0].influxql, "(meter-1|meter-9)"))) == 1
    assert ask(engine, filled(SHOWN[0].influxql, "meter-9")) == []


def test_the_variables_offer_what_is_there(engine: InfluxDb) -> None:
    _, institution, device = BUILT["templating"]["list"]
    found = ask(engine, institution["query"])
    assert {v for s in found for _, v in s["values"]} == {"hall-1", "hall-2"}
    found = ask(engine, filled(device["query"]))
    assert {v for s in found for _, v in s["values"]} == {"meter-1", "pv-1", "bin-1", "weather-1"}


def test_use_is_asked_of_registers_and_states_of_the_rest() -> None:
    for shown in SHOWN:
        is_register = QUANTITIES[shown.quantity].kind == "total_increasing"
        assert (shown.how == "use") == is_register


def test_series_are_named_by_device() -> None:
    targets = [t for p in BUILT["panels"] for t in p.get("targets", [])]
    assert {t["alias"] for t in targets} == {"$tag_device"}
    assert all(re.search(r'"device" fill\(none\)$', t["query"]) for t in targets)
