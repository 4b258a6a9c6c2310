"""What can be seen of a collector: counters, metrics, logs; and who may say what."""

import json
import logging

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from domain.errors import ConfigError
from domain.places import Carrier, Institution, Meter
from domain.registry import Registry
from ingest.acl import mosquitto_acl
from ingest.live.counters import Counters
from ingest.live.metrics import CollectorMetrics
from ingest.logs import JsonLines, RateLimit
from ingest.mapping import Mapping


def test_metrics_say_what_the_counters_say() -> None:
    counters = Counters()
    counters.add(received=10, settled=7, acknowledged=6, stored=300, missed_frames=5)
    counters.reject({"bad_json": 2})
    counters.batch(0.03, [0.05, 2.0, 1e6])
    counters.broker_drops(4)
    counters.spool(12, 3456)
    registry = CollectorRegistry()
    registry.register(CollectorMetrics("c1", counters.snapshot))
    text = generate_latest(registry).decode()
    samples = {
        (s.name, s.labels.get("reason") or s.labels.get("le")): s.value
        for family in text_string_to_metric_families(text)
        for s in family.samples
    }
    assert samples["civicmeter_collector_received_total", None] == 10
    assert samples["civicmeter_collector_stored_total", None] == 300
    assert samples["civicmeter_collector_missed_frames_total", None] == 5
    assert samples["civicmeter_collector_unacknowledged", None] == 3
    assert samples["civicmeter_collector_spooled_messages", None] == 12
    assert samples["civicmeter_collector_spooled_bytes", None] == 3456
    assert samples["civicmeter_collector_rejected_total", "bad_json"] == 2
    assert samples["civicmeter_broker_dropped_messages", None] == 4
    assert samples["civicmeter_collector_lag_seconds_bucket", "0.1"] == 1
    assert samples["civicmeter_collector_lag_seconds_bucket", "5.0"] == 2
    assert samples["civicmeter_collector_lag_seconds_bucket", "+Inf"] == 3
    assert samples["civicmeter_collector_lag_seconds_count", None] == 3
    assert samples["civicmeter_collector_batch_seconds_bucket", "0.02"] == 0
    assert samples["civicmeter_collector_batch_seconds_bucket", "0.05"] == 1
    assert 'collector="c1"' in text


def test_only_new_drops_of_the_broker_count() -> None:
    counters = Counters()
    # The first figure may be of long ago; a restarted broker counts from 0 again.
    assert [counters.broker_drops(n) for n in (7, 7, 9, 0, 1)] == [0, 0, 2, 0, 1]


def test_the_same_line_is_let_through_once_a_minute() -> None:
    now = [0.0]
    limit = RateLimit(60, lambda: now[0])

    def say(text: str, *values: object) -> str | None:
        record = logging.LogRecord("n", logging.WARNING, "", 0, text, values, None)
        return record.getMessage() if limit.filter(record) else None

    assert say("store away: %s", 1) == "store away: 1"
    assert say("store away: %s", 2) is None
    assert say("another") == "another"
    now[0] = 59.9
    assert say("store away: %s", 3) is None
    now[0] = 60
    assert say("store away: %s", 4) == "store away: 4 (2 more like this)"
    now[0] = 120
    assert say("store away: %s", 5) == "store away: 5"


def test_json_lines_carry_what_the_record_carries() -> None:
    record = logging.LogRecord("n", logging.INFO, "", 0, "kept %s", (3,), None)
    record.aside = {"bad_json": 3}
    said = json.loads(JsonLines().format(record))
    assert said["message"] == "kept 3"
    assert said["level"] == "info"
    assert said["aside"] == {"bad_json": 3}


def registry(*names: str) -> Registry:
    return Registry(
        institutions=(Institution("s", "校", "School"),),
        devices=tuple(
            Meter(
                id=n,
                institution="s",
                carrier=Carrier.WATER,
                register="water_m3",
                gateway="g1" if n.startswith("behind") else "",
            )
            for n in names
        ),
    )


def test_access_list() -> None:
    text = mosquitto_acl(registry("b2", "水表 1", "behind-g1"), collector="c")
    assert "user b2\ntopic write civicmeter/v1/b2/telemetry\n" in text
    assert "user 水表 1\ntopic write civicmeter/v1/水表 1/telemetry\n" in text
    assert "user g1\ntopic write civicmeter/v1/gateway/g1/telemetry\n" in text
    assert "user c\ntopic read civicmeter/v1/+/telemetry\n" in text
    assert "topic readwrite civicmeter/v1/collector/+/status\n" in text
    assert "user behind-g1" not in text, "its gateway speaks for it"


def test_access_list_of_mapped_topics() -> None:
    mappings = (
        Mapping(topic="z2m/+", format="zigbee2mqtt", device="{1}", devices={"hall": "b2"}),
        Mapping(topic="site/+/json", format="gateway", account="{1}"),
        Mapping(topic="line7", format="senml", account="g1"),
        Mapping(topic="x/+", format="shelly", device="shelly-{1}"),
    )
    text = mosquitto_acl(registry("b2", "behind-g1"), collector="c", mappings=mappings)
    _, collector, gateway, device = text.split("user ")
    assert "topic read z2m/+\n" in collector and "topic read line7\n" in collector
    assert "topic write site/g1/json\ntopic write line7\n" in gateway
    assert "topic write z2m/hall\ntopic write civicmeter/v1/b2/telemetry\n" in device
    assert "# Nobody may write x/+:" in text
    with pytest.raises(ConfigError, match="no gateway of the registry"):
        mosquitto_acl(registry("b2"), collector="c", mappings=mappings)


@pytest.mark.parametrize("name", ["a/b", "+", "#", "a\nuser root", " a", "", "c"])
def test_names_that_would_open_the_access_list_are_refused(name: str) -> None:
    with pytest.raises(ConfigError):
        mosquitto_acl(registry(name), collector="c")
