"""A posted table answered as a table: what was sent beside its verdict, mended and posted again."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from domain.calendar import to_ms
from tests.api_sample import NOW

Serve = Callable[..., TestClient]
AT = to_ms(NOW) - 60_000
LONG = (
    "device,ts,quantity,value\n"
    f"dy-main,{AT},energy_import_kwh,2000.5\n"
    f"dy-main,{AT},energy_import_kwh,2001\n"
    f'dy-water,{AT},water_m3,"1,5"\n'
    f"=cmd|' /C calc'!A0,{AT},water_m3,1\n"
    f"dy-water,{AT},water_m3\n"
    f"dy-water,{AT},water_m3,1,2\n"
    f"dy-water,yesterday,water_m3,-5\n"
    f'dy-water,"{AT}"x,water_m3,5\n'
)


def post(client: TestClient, body: str | bytes, query: str = "format=csv", **more: str) -> Any:
    headers = {"Content-Type": "text/csv", **more}
    return client.post(f"/v1/readings?lang=en&{query}", content=body, headers=headers)


def table(answer: Any) -> list[list[str]]:
    assert answer.headers["content-type"] == "text/csv; charset=utf-8", answer.text
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


def verdicts(answer: Any) -> list[tuple[str, str, str]]:
    return [(v, code, field) for v, code, field, *_ in table(answer)[1:]]


def test_each_row_has_its_verdict_beside_it(serve_own: Serve) -> None:
    client = serve_own()
    answer = post(client, LONG)
    assert answer.status_code == 207
    head, *rows = table(answer)
    assert head[:4] == ["verdict", "verdict_code", "verdict_field", "verdict_reason"]
    assert head[4:] == ["device", "ts", "quantity", "value"]
    assert verdicts(answer) == [
        ("accepted", "", ""),
        ("conflicting", "conflict", "value"),
        ("refused", "bad_value", "value"),
        ("refused", "unknown_device", "device"),
        ("refused", "bad_row", ""),
        ("refused", "bad_row", ""),
        ("refused", "bad_time", "ts"),
        ("refused", "bad_row", ""),
    ]
    assert rows[2][4:] == ["dy-water", str(AT), "water_m3", "1,5"]
    assert rows[3][4] == "'=cmd|' /C calc'!A0"
    assert rows[5][4:] == ["dy-water", str(AT), "water_m3", "1", "2"]
    assert rows[6][4:] == ["dy-water", "yesterday", "water_m3", "-5"]
    assert rows[7][4:] == [f'dy-water,"{AT}"x,water_m3,5']
    assert not any(cell.startswith("=") for row in rows for cell in row)
    assert all(row[3] for row in rows[1:])


def test_the_answer_mended_can_be_posted(serve_own: Serve) -> None:
    client = serve_own()
    first = post(client, LONG)
    head, *rows = table(first)
    same = post(client, first.content)
    assert table(same)[0] == head
    # Of the same rows the same again, but for what is known by now (cells are counted anew).
    assert [r[1:3] + r[4:] for r in table(same)[1:]] == [r[1:3] + r[4:] for r in rows]
    assert verdicts(same)[0][0] == "unchanged"
    out = io.StringIO()
    rows[2][-1] = "1.5"
    csv.writer(out).writerows([head, rows[0], rows[2]])
    mended = post(client, out.getvalue())
    assert (mended.status_code, [v for v, *_ in verdicts(mended)]) == (
        200,
        ["unchanged", "accepted"],
    )
    plain = post(client, out.getvalue(), "format=json").json()
    assert (plain["repeated"], plain["refused"]) == (2, 0)


def test_a_wide_table_names_the_quantity(serve_own: Serve) -> None:
    wide = f"设备;时间;water_m3;battery_pct\ndy-water;{AT};7;x\n\ndy-water;{AT - 1};;\ndy-water;{AT};7;\n"
    client = serve_own()
    answer = post(client, wide.encode("gbk"))
    assert table(answer)[0][4:] == ["设备", "时间", "water_m3", "battery_pct"]
    assert verdicts(answer) == [
        ("refused", "bad_value", "battery_pct"),
        ("empty", "", ""),
        ("unchanged", "", ""),
    ]
    assert table(answer)[1][3].startswith("battery_pct: ")
    assert verdicts(post(client, answer.content))[2][0] == "unchanged"


def test_accept_asks_for_it_as_well_and_trying_leaves_no_trace(
    serve_own: Serve, own_sample: Any
) -> None:
    client = serve_own()
    tried = post(client, LONG, "dry_run=true", Accept="text/csv")
    assert (tried.status_code, verdicts(tried)[0][0]) == (207, "accepted")
    assert post(client, LONG, "atomic=true", Accept="text/csv").status_code == 422
    atomic = post(client, LONG, "atomic=true&format=csv")
    assert verdicts(atomic)[0][0] == "not_stored"
    assert verdicts(post(client, LONG, "dry_run=true&format=csv"))[0][0] == "accepted"


def test_nothing_stored_is_told_by_row_and_with_its_status(serve_own: Serve) -> None:
    client = serve_own()
    bad = f"device,ts,quantity,value\nnobody,{AT},water_m3,1\n"
    answer = post(client, bad)
    assert (answer.status_code, verdicts(answer)) == (
        422,
        [("refused", "unknown_device", "device")],
    )
    row = post(client, bad, "format=json").json()["rows"][0]
    assert (row["row"], row["field"], row["code"]) == (2, "device", "unknown_device")


def test_rows_that_were_not_read_are_told(
    serve_own: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.intake.posting.MAX_VALUES", 2)
    lines = [f"dy-water,{AT - n},water_m3,{9 - n}" for n in range(4)]
    answer = post(serve_own(), "\n".join(["device,ts,quantity,value", *lines]))
    assert answer.status_code == 413
    assert [v for v, *_ in verdicts(answer)] == ["accepted", "accepted", "not_read", "not_read"]


def test_only_tables_are_answered_as_tables(serve_own: Serve) -> None:
    body = '[{"device":"dy-water","ts":1,"values":{"water_m3":1}}]'
    client = serve_own()
    answer = client.post(
        "/v1/readings?format=csv", content=body, headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_parameter")
    assert post(client, "nothing").json()["code"] == "unreadable_body"
