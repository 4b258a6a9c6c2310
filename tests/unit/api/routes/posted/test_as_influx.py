"""Line protocol as clients of InfluxDB send it, and the answers they expect."""

import base64
import gzip
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from domain.calendar import from_ms, to_ms
from domain.readings import Series
from tests.api_sample import NOW

Serve = Callable[..., TestClient]
AT = to_ms(NOW) // 3_600_000 * 3_600_000 - 3_600_000
WATER = Series("dy-water", "water_m3")


def write(client: TestClient, path: str, body: str | bytes, **headers: str) -> Any:
    content = body.encode() if isinstance(body, str) else body
    return client.post(path, content=content, headers={"Content-Type": "text/plain", **headers})


def line(value: float, at: int | str, device: str = "dy-water") -> str:
    return f"meter,device={device},host=gw water_m3={value} {at}\n"


def stored(sample: Any) -> list[tuple[int, float]]:
    store, _ = sample
    ((_, at, value),) = store.scan([WATER], from_ms(AT), from_ms(AT + 7_200_000))
    return list(zip(at.tolist(), value.tolist(), strict=True))


@pytest.mark.parametrize(
    ("path", "per_ms"),
    [
        ("/api/v2/write?org=o&bucket=b", 1_000_000),
        ("/api/v2/write?org=o&bucket=b&precision=us", 1_000),
        ("/api/v2/write?precision=ms", 1),
        ("/write?db=x&rp=y", 1_000_000),
        ("/write?db=x&precision=u", 1_000),
        ("/write?db=x&precision=s", 0.001),
        ("/write?db=x&precision=h", 1 / 3_600_000),
    ],
)
def test_a_time_counts_what_the_precision_says(
    serve_own: Serve, own_sample: Any, path: str, per_ms: float
) -> None:
    client = serve_own()
    for _ in range(2):  # again as a client whose connection broke
        answer = write(client, path, line(7.5, round(AT * per_ms)))
        assert (answer.status_code, answer.content) == (204, b"")
    assert stored(own_sample) == [(AT, 7.5)]


def test_what_is_refused_is_told_as_a_partial_write_and_costs_nothing_else(
    serve_own: Serve, own_sample: Any
) -> None:
    client = serve_own()
    body = line(7.5, AT) + line(1, AT, "nobodys") + "nonsense\n" + line(8.5, AT + 60_000)
    for path, member in (("/api/v2/write", "message"), ("/write", "error")):
        answer = write(client, f"{path}?precision=ms&lang=en", body)
        assert answer.status_code == 400
        said = answer.json()[member]
        assert said.startswith("partial write: line 2: nobodys water_m3: "), said
        assert "line 3: " in said and said.endswith("dropped=2")
    assert answer.json().keys() == {"error"}
    assert stored(own_sample) == [(AT, 7.5), (AT + 60_000, 8.5)]


def test_keys_come_as_influx_clients_send_them(serve_own: Serve) -> None:
    client = serve_own(api_key="secret")
    basic = base64.b64encode(b"anybody:secret").decode()
    for path, given in (("/api/v2/write", "Token secret"), ("/write", f"Basic {basic}")):
        assert write(client, path, line(7.5, AT * 10**6), Authorization=given).status_code == 204
    for given in ("Token wrong", "Basic %%%", "Basic " + base64.b64encode(b"\xff").decode()):
        answer = write(client, "/write", line(7.5, AT * 10**6), Authorization=given)
        assert answer.status_code in (401, 403), given
    assert write(client, "/write", line(7.5, AT * 10**6)).status_code == 401


def test_gzip_and_too_much_at_once(
    serve_own: Serve, own_sample: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = serve_own()
    body = gzip.compress((line(7.5, AT) + line(8.5, AT + 1_000)).encode())
    packed = {"Content-Encoding": "gzip"}
    assert write(client, "/write?precision=ms", body, **packed).status_code == 204
    monkeypatch.setattr("api.intake.posting.MAX_VALUES", 1)
    assert write(client, "/write?precision=ms", body, **packed).status_code == 413
    assert write(client, "/write?precision=fortnight", body, **packed).status_code == 422


def test_somebody_is_there(serve_own: Serve) -> None:
    client = serve_own(api_key="secret")
    for answer in (client.get("/ping"), client.head("/ping")):
        assert answer.status_code == 204 and answer.headers["X-Influxdb-Version"]
    assert client.get("/health").json()["status"] == "pass"


def test_a_store_that_is_away_is_no_health(serve_own: Serve, own_sample: Any) -> None:
    store, _ = own_sample
    client = serve_own()
    store.close()
    answer = client.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (503, "fail")
