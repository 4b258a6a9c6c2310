"""Clients of InfluxDB write to a running service as they would to InfluxDB."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from influxdb_client import InfluxDBClient, Point
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.rest import ApiException

from domain.calendar import to_ms
from tests import api_sample
from tests.end_to_end.test_api_serve import Service
from tests.servers import HOST

AT = to_ms(api_sample.NOW) // 1_000 * 1_000 - 3_600_000


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    made = Service(tmp_path)
    made.process.start()
    yield made
    made.process.stop()


def point(device: str, at_ms: int, value: float) -> Point:
    return Point("meter").tag("device", device).field("water_m3", value).time(at_ms * 1_000_000)


def test_the_python_client_writes_and_is_told_what_was_refused(service: Service) -> None:
    url = f"http://{HOST}:{service.port}"
    with InfluxDBClient(url, "any token", org="any", enable_gzip=True) as client:
        assert client.ping()
        write = client.write_api(write_options=SYNCHRONOUS)
        write.write("any bucket", record=[point("dy-water", AT + k, 5_000 + k) for k in range(3)])
        with pytest.raises(ApiException) as refused:
            write.write("b", record=[point("dy-water", AT + 9, 5_009), point("nobodys", AT, 1)])
        assert refused.value.status == 400
        assert "partial write: line 2: nobodys" in json.loads(refused.value.body)["message"]
    rows = service.json(f"/v1/series?device=dy-water&quantity=water_m3&start={AT}&end={AT + 10}")
    assert [row["value"] for row in rows] == [5_000, 5_001, 5_002, 5_009]


def test_a_logger_of_influxdb_1_writes(service: Service) -> None:
    body = gzip.compress(b"m,device=dy-water water_m3=5000 %d\n" % (AT // 1_000))
    packed = {"Content-Encoding": "gzip", "Content-Type": "application/octet-stream"}
    with service.open("/write?db=any&precision=s", body, **packed) as answer:
        assert (answer.status, answer.read()) == (204, b"")
