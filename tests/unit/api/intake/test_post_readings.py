"""POST /v1/readings: four formats, each good row stored once, each bad one reported."""

import gzip
import json
import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.app import create_app
from api.intake.posted import PostedValue, UnreadableBodyError
from domain.calendar import to_ms
from domain.judge import Refusal
from domain.readings import Reading, Series
from store.late_readings import NotingStore
from tests.api_sample import FIRST_AT, NOW
from tests.local_client import local_client
from tests.unit.api.intake.by_value import READERS

Serve = Callable[..., TestClient]
AT = to_ms(NOW) - 60_000
JSON, NDJSON, CSV, LINES = READERS


def post(client: TestClient, body: str | bytes, media: str = JSON, **headers: str) -> Any:
    content = body.encode() if isinstance(body, str) else body
    return client.post(
        "/v1/readings?lang=en", content=content, headers={"Content-Type": media, **headers}
    )


GOOD = {
    JSON: json.dumps(
        [
            {"device": "dy-main", "ts": AT, "values": {"energy_import_kwh": 2000.5}},
            {"device": "dy-water", "ts": AT, "values": {"water_m3": 7}},
        ]
    ),
    NDJSON: f'{{"device":"dy-main","ts":{AT},"values":{{"energy_import_kwh":2000.5}}}}\n\n'
    f'{{"device":"dy-water","ts":{AT},"values":{{"water_m3":7}}}}\n',
    CSV: f"device,ts,quantity,value\r\ndy-main,{AT},energy_import_kwh,2000.5\r\ndy-water,{AT},water_m3,7\r\n",
    LINES: f"# two lines\nmeter,device=dy-main,institution=x energy_import_kwh=2000.5 {AT}000000\n"
    f"meter,device=dy-water water_m3=7i {AT}000000\n",
}


def test_a_late_reading_is_noted_before_the_answer(own_sample: Any) -> None:
    """As one that comes over MQTT; the processor finds its month."""
    store, ledger = own_sample
    noting = NotingStore(store, ledger, lambda: to_ms(NOW))
    client = local_client(create_app(store=noting, ledger=ledger, now=lambda: NOW))
    assert post(client, GOOD[JSON]).status_code == 200
    assert ledger.late() == []
    at = AT - 3 * 86_400_000
    assert post(client, GOOD[JSON].replace(str(AT), str(at))).status_code == 200
    noted = {(n.series, n.start_ms <= at <= n.end_ms) for n in ledger.late()}
    assert noted == {
        (Series("dy-main", "energy_import_kwh"), True),
        (Series("dy-water", "water_m3"), True),
    }


@pytest.mark.parametrize("media", READERS)
def test_each_format_stores_and_storing_again_changes_nothing(
    serve_own: Serve, own_sample: Any, media: str
) -> None:
    client = serve_own()
    first = post(client, GOOD[media], media)
    assert first.status_code == 200, first.text
    assert first.json() == {
        "received": 2,
        "stored": 2,
        "repeated": 0,
        "refused": 0,
        "rows": [],
        "rows_left_off": 0,
        "recomputes": [],
        "recomputes_left_off": 0,
        "recomputed_by": "",
    }
    again = post(client, GOOD[media], media).json()
    assert (again["stored"], again["repeated"]) == (0, 2)
    frame = own_sample[0].latest(
        [Series("dy-main", "energy_import_kwh"), Series("dy-water", "water_m3")]
    )
    assert list(frame["value"]) == [2000.5, 7.0]
    assert {to_ms(at) for at in frame["at"]} == {AT}


def test_a_gateways_map_and_a_single_object(serve_own: Serve) -> None:
    client = serve_own()
    gateway = {
        "dy-main": [{"ts": AT, "values": {"energy_import_kwh": 1}}, 7],
        "dy-pv": {"ts": AT, "values": {"pv_power_w": 5}},
    }
    answer = post(client, json.dumps(gateway))
    assert answer.status_code == 207
    assert (answer.json()["stored"], answer.json()["refused"]) == (2, 1)
    one = {"device": "dy-main", "ts": "2024-04-10T10:00:00+08:00", "values": {"power_w": 5}}
    assert post(client, json.dumps(one)).json()["stored"] == 1


def test_a_wide_table_passes_over_empty_cells(serve_own: Serve) -> None:
    body = f"device,ts,energy_import_kwh,power_w\ndy-main,{AT},5,\nb7-elec,{AT},,12\n"
    assert post(serve_own(), body, CSV).json()["stored"] == 2


BAD_ROWS: list[tuple[dict[str, Any], str]] = [
    ({"device": "ghost", "ts": AT, "values": {"power_w": 1}}, "unknown_device"),
    ({"device": "dy-main", "ts": AT, "values": {"ghosts": 1}}, "unknown_quantity"),
    ({"device": "dy-main", "ts": AT, "values": {"power_w": "1"}}, "bad_value"),
    ({"device": "dy-main", "ts": AT, "values": {"power_w": True}}, "bad_value"),
    ({"device": "dy-main", "ts": AT, "values": {"power_w": None}}, "bad_value"),
    ({"device": "dy-main", "ts": AT, "values": {"power_w": 10**400}}, "not_finite"),
    ({"device": "dy-main", "ts": AT, "values": {"energy_import_kwh": -1}}, "out_of_limits"),
    ({"device": "dy-main", "ts": AT // 1000, "values": {"power_w": 1}}, "ancient_time"),
    ({"device": "dy-main", "ts": AT + 86_400_000, "values": {"power_w": 1}}, "future_time"),
    ({"device": "dy-main", "ts": "2024-04-10T10:00:00", "values": {"power_w": 1}}, "bad_time"),
    ({"device": "dy-main", "ts": AT + 0.5, "values": {"power_w": 1}}, "bad_time"),
    ({"device": "dy-main", "values": {"power_w": 1}}, "bad_time"),
    ({"device": "dy-main", "ts": AT}, "bad_row"),
    ({"device": 7, "ts": AT, "values": {"power_w": 1}}, "bad_row"),
    ({"device": "dy-main", "ts": to_ms(FIRST_AT), "values": {"energy_import_kwh": 1}}, "conflict"),
]


def test_bad_rows_are_told_one_by_one_and_cost_the_good_ones_nothing(
    serve_own: Serve, own_sample: Any
) -> None:
    good = {"device": "dy-main", "ts": AT, "values": {"power_w": 12}}
    answer = post(serve_own(), json.dumps([good, *(row for row, _ in BAD_ROWS)]))
    assert answer.status_code == 207
    body = answer.json()
    assert (body["received"], body["stored"], body["refused"]) == (
        len(BAD_ROWS) + 1,
        1,
        len(BAD_ROWS),
    )
    told = {r["row"]: r for r in body["rows"]}
    assert {n: r["code"] for n, r in told.items()} == {
        n: code for n, (_, code) in enumerate(BAD_ROWS, 2)
    }
    assert all(r["reason"] for r in told.values())
    aside = {e.code for e in own_sample[1].aside() if e.source == "POST /v1/readings"}
    assert aside == {code for _, code in BAD_ROWS}


def test_the_value_that_stands_is_the_first(serve_own: Serve, own_sample: Any) -> None:
    answer = post(serve_own(), json.dumps(BAD_ROWS[-1][0]))
    assert answer.status_code == 422
    assert "1000" in answer.json()["rows"][0]["reason"]
    frame = own_sample[0].read([Series("dy-main", "energy_import_kwh")], FIRST_AT, NOW)
    assert frame["value"].iloc[0] == 1000.0


def test_a_body_whose_every_row_is_bad_is_an_error(serve_own: Serve) -> None:
    answer = post(serve_own(), json.dumps([BAD_ROWS[0][0]]))
    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "nothing_stored"
    assert answer.json()["rows"][0]["code"] == "unknown_device"


@pytest.mark.parametrize(
    ("body", "media"),
    [
        ("{", JSON),
        ("7", JSON),
        ('"x"', JSON),
        ("[" * 100_000, JSON),
        (b"\xff", CSV),
        ("", CSV),
        ("a,b,c\n", CSV),
        ("device,ts,quantity\n", CSV),
        ("device,ts,x,x\n", CSV),
        (b"\xff", LINES),
    ],
)
def test_a_body_that_cannot_be_read_is_kept_aside(
    serve_own: Serve, own_sample: Any, body: str | bytes, media: str
) -> None:
    answer = post(serve_own(), body, media)
    assert answer.status_code == 400, answer.text
    assert answer.json()["code"] == "unreadable_body"
    (entry,) = (e for e in own_sample[1].aside() if e.code == "unreadable_body")
    assert entry.count == 1


def test_lines_that_are_broken_do_not_cost_the_others(serve_own: Serve) -> None:
    body = (
        "meter\n"
        f"meter energy_import_kwh=1 {AT}000000\n"
        f"meter,device=dy-main power_w {AT}000000\n"
        f'meter,device=dy-main power_w="a b" {AT}000000\n'
        "meter,device=dy-main power_w=1\n"
        f"meter,device=dy-main power_w=nan {AT}000000\n"
        f"me\\ ter,device=dy-main,x=a\\,b power_w=12.5,voltage_a_v=231 {AT}000000\n"
    )
    answer = post(serve_own(), body, LINES).json()
    assert answer["stored"] == 2
    assert [(r["row"], r["code"]) for r in answer["rows"]] == [
        (1, "bad_row"),
        (2, "bad_row"),
        (3, "bad_row"),
        (4, "bad_value"),
        (5, "bad_time"),
        (6, "not_finite"),
    ]


def test_broken_csv_rows_are_told_with_their_line(serve_own: Serve) -> None:
    body = f'device,ts,quantity,value\ndy-main,{AT}\ndy-main,"{AT}"x,power_w,1\ndy-main,{AT},power_w,1\n'
    answer = post(serve_own(), body, CSV).json()
    assert answer["stored"] == 1
    assert [(r["row"], r["code"]) for r in answer["rows"]] == [(2, "bad_row"), (3, "bad_row")]


def test_a_flood_of_unknown_devices_fills_no_ledger(serve_own: Serve, own_sample: Any) -> None:
    before = len(own_sample[1].aside())
    body = "device,ts,quantity,value\n" + "".join(f"x{i},{AT},power_w,1\n" for i in range(3000))
    answer = post(serve_own(), body, CSV)
    assert answer.status_code == 422
    assert (answer.json()["received"], len(answer.json()["rows"])) == (3000, 1000)
    assert answer.json()["rows_left_off"] == 2000
    groups = own_sample[1].aside()[: -before or None]
    assert len(groups) <= 1001
    assert (
        sum(g.count for g in groups if g.code == "unknown_device" and g.device != "ghost") == 3000
    )


def test_a_compressed_body(serve_own: Serve) -> None:
    client = serve_own()
    packed = gzip.compress(GOOD[LINES].encode())
    assert post(client, packed, LINES, **{"Content-Encoding": "gzip"}).json()["stored"] == 2
    assert post(client, b"plain", LINES, **{"Content-Encoding": "gzip"}).status_code == 400
    assert post(client, packed[:-5], LINES, **{"Content-Encoding": "gzip"}).status_code == 400
    assert post(client, packed, LINES, **{"Content-Encoding": "br"}).status_code == 415
    # Of two members only the first would be read.
    assert post(client, packed * 2, LINES, **{"Content-Encoding": "gzip"}).status_code == 400


def test_a_bomb_is_refused(serve_own: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.intake.body.MAX_BYTES", 1000)
    client = serve_own()
    assert post(client, b"x" * 1001).status_code == 413
    assert (
        post(client, gzip.compress(b" " * 100_000), **{"Content-Encoding": "gzip"}).status_code
        == 413
    )


def test_content_types_not_taken(serve_own: Serve) -> None:
    answer = post(serve_own(), "{}", "application/xml")
    assert answer.status_code == 415
    assert "text/csv" in answer.json()["detail"]


def test_posting_needs_the_key_where_one_is_set(serve_own: Serve) -> None:
    client = serve_own(api_key="geheim-钥")
    assert post(client, GOOD[JSON]).status_code == 401
    assert post(client, GOOD[JSON], **{"X-API-Key": "wrong"}).status_code == 403
    assert post(client, GOOD[JSON], Authorization="Bearer wrong").status_code == 403
    assert client.get("/v1/institutions").status_code == 401
    plain = serve_own(api_key="secret")
    assert post(plain, GOOD[JSON], **{"X-API-Key": "secret"}).status_code == 200
    assert post(plain, GOOD[JSON], Authorization="Bearer secret").status_code == 200


def test_a_device_registered_meanwhile_is_known_at_once(serve_own: Serve, own_sample: Any) -> None:
    from domain.places import Meter
    from domain.registry import Registry
    from store.known_registry import KnownRegistry

    heard: list[Registry] = []
    client = serve_own(registries=KnownRegistry(own_sample[1], heard.append))
    body = json.dumps({"device": "dy-new", "ts": AT, "values": {"water_m3": 1}})
    assert post(client, body).status_code == 422
    registry = own_sample[1].registry()
    meter = Meter(id="dy-new", institution="dongying-campus", carrier="water", register="water_m3")  # type: ignore[arg-type]
    own_sample[1].save_registry(
        Registry(registry.institutions, registry.buildings, (*registry.devices, meter))
    )
    heard.clear()
    assert post(client, body).status_code == 200
    assert [meter in r.devices for r in heard] == [True]


def test_what_became_of_readings_is_counted(serve_own: Serve) -> None:
    client = serve_own()
    post(client, GOOD[CSV], CSV)
    post(client, GOOD[CSV], CSV)
    text = client.get("/metrics").text
    assert 'civicmeter_http_readings_total{outcome="stored"} 2.0' in text
    assert 'civicmeter_http_readings_total{outcome="repeated"} 2.0' in text
    assert 'route="/v1/readings",status="200"' in text


_JSONISH = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["device", "ts", "values", "dy-main", "power_w", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(
    media=st.sampled_from(list(READERS)),
    body=st.binary(max_size=200)
    | _JSONISH.map(lambda x: json.dumps(x).encode())
    | st.text('device,ts=" \\\n#\r\t1e.', max_size=80).map(str.encode),
)
@pytest.mark.slow
def test_no_bytes_whatever_break_a_reader(media: str, body: bytes) -> None:
    try:
        posted = list(READERS[media](body))
    except UnreadableBodyError:
        return
    for p in posted:
        assert p.row >= 1
        assert isinstance(p.said, Refusal) or math.isfinite(p.said.value)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(media=st.sampled_from([*READERS, "", "x/y; charset=\xff"]), body=_JSONISH)
def test_no_body_whatever_breaks_the_service(own_client: TestClient, media: str, body: Any) -> None:
    answer = own_client.post(
        "/v1/readings",
        content=json.dumps(body).encode(),
        headers={b"Content-Type": media.encode("latin-1")},
    )
    assert answer.status_code in (200, 207, 400, 415, 422), answer.text


@settings(max_examples=200, deadline=None)
@given(
    st.text(st.characters(codec="utf-8", exclude_characters="\n\r\\"), min_size=1, max_size=20),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(0, 10**12),
)
def test_line_protocol_gives_back_what_was_written(device: str, value: float, at_ms: int) -> None:
    device = device.strip() or "d"
    escaped = "".join(f"\\{c}" if c in " ,=" else c for c in device)
    line = f"meter,device={escaped} power_w={value!r} {at_ms}000000"
    (posted,) = READERS[LINES](line.encode())
    reading = Reading(device, "power_w", at_ms, value)
    assert posted == PostedValue(1, device, "power_w", reading)


def test_a_table_as_an_office_saves_it(serve_own: Serve, own_sample: Any) -> None:
    """GBK, semicolons, Chinese headings, local times as a spreadsheet writes them."""
    table = "设备;采集时间;数据项;读数\r\ndy-water;2024/4/9 8:30;water_m3;7001\r\n"
    client = serve_own()
    headers = {"Content-Type": CSV}
    path = "/v1/readings?lang=en&tz=Asia/Shanghai"
    answer = client.post(path, content=table.encode("gbk"), headers=headers)
    assert answer.json()["stored"] == 1, answer.text
    store, _ = own_sample
    at = datetime(2024, 4, 9, 0, 30, tzinfo=UTC)
    frame = store.read([Series("dy-water", "water_m3")], at, at + timedelta(minutes=1))
    assert list(frame["value"]) == [7001.0]
    comma = table.replace("7001", "7001,5")
    answer = client.post(path, content=comma.encode(), headers=headers)
    assert answer.json()["rows"][0]["code"] == "bad_value"
    answer = client.post("/v1/readings", content=table.encode(), headers=headers)
    assert answer.json()["rows"][0]["code"] == "bad_time", "nobody said where"
    for path, media in (("?tz=Mars", CSV), ("?tz=Asia/Shanghai", JSON)):
        answer = client.post(f"/v1/readings{path}", content=b"[]", headers={"Content-Type": media})
        assert answer.status_code == 422
