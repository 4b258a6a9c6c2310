"""A workbook posted: a sheet is the table it would be as CSV."""

import io
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import xlsxwriter
from fastapi.testclient import TestClient

from api.intake.workbook import XLSX, table_of_workbook
from domain.calendar import from_ms, to_ms
from domain.readings import Series
from tests.api_sample import NOW
from tests.unit.api.routes.posted.test_judged_table import table

Serve = Callable[..., TestClient]
AT = to_ms(NOW) - 60_000
HEAD = ["设备编号", "采集时间", "数据项", "读数"]
WATER = Series("dy-water", "water_m3")


def workbook(*rows: list[Any], sheet: str = "读数", first: str = "", merge: str = "") -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    if first:
        book.add_worksheet(first).write_row(0, 0, ["about"])
    page = book.add_worksheet(sheet)
    shown = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    for n, row in enumerate(rows):
        for k, cell in enumerate(row):
            if isinstance(cell, datetime):
                page.write_datetime(n, k, cell, shown)
            elif isinstance(cell, str):
                page.write_string(n, k, cell)
            else:
                page.write(n, k, cell)
    if merge:
        page.merge_range(merge, "dy-water")
    book.close()
    return out.getvalue()


def post(client: TestClient, body: bytes, query: str = "") -> Any:
    return client.post(f"/v1/readings?lang=en{query}", content=body, headers={"Content-Type": XLSX})


def local(hour: int, minute: int = 0) -> datetime:
    return datetime(2024, 3, 5, hour, minute)  # noqa: DTZ001 - as a spreadsheet has it


def test_dates_midnight_and_bare_numbers_are_local_times(serve_own: Serve, own_sample: Any) -> None:
    serial = 45356.0 + 14 / 24  # 2024-03-05 14:00, not formatted as a date
    body = workbook(
        HEAD,
        ["dy-water", local(0), "water_m3", 5.5],
        ["dy-water", local(10, 40), "water_m3", 6],
        ["dy-water", serial, "water_m3", 7],
        ["dy-water", "2024/3/5 15:00", "water_m3", "7.5"],
        ["dy-water", to_ms(datetime(2024, 3, 5, 8, tzinfo=UTC)), "water_m3", 8],
    )
    answer = post(serve_own(), body, "&tz=Asia/Shanghai")
    assert (answer.status_code, answer.json()["stored"]) == (200, 5), answer.text
    ((_, at_ms, value),) = own_sample[0].scan(
        [WATER], datetime(2024, 3, 4, 16, tzinfo=UTC), datetime(2024, 3, 5, 9, tzinfo=UTC)
    )
    told = {f"{from_ms(int(t)):%d %H:%M}": v for t, v in zip(at_ms, value, strict=True)}
    expected = {"04 16:00": 5.5, "05 02:40": 6, "05 06:00": 7, "05 07:00": 7.5, "05 08:00": 8}
    assert expected.items() <= told.items()


def test_a_date_without_a_zone_is_refused(serve_own: Serve) -> None:
    answer = post(serve_own(), workbook(HEAD, ["dy-water", local(1), "water_m3", 5.5]))
    assert (answer.status_code, answer.json()["rows"][0]["code"]) == (422, "bad_time")


def test_rows_keep_the_spreadsheets_numbers_and_have_verdicts(serve_own: Serve) -> None:
    body = workbook(
        HEAD,
        ["dy-water", AT, "water_m3", 5.5],
        [],
        ["two\nlines", AT, "water_m3", 5.5],
        ["dy-water", AT - 1, "water_m3", True],
        ["=1+1", AT, "water_m3", 1],
    )
    client = serve_own()
    answer = post(client, body, "&dry_run=true")
    assert [(r["row"], r["code"]) for r in answer.json()["rows"]] == [
        (4, "unknown_device"),
        (5, "bad_value"),
        (6, "unknown_device"),
    ]
    rows = table(post(client, body, "&format=csv"))
    assert [row[0] for row in rows[1:]] == ["accepted", "refused", "refused", "refused"]
    assert rows[1][4:] == ["dy-water", str(AT), "water_m3", "5.5"]
    assert rows[4][4] == "'=1+1"


def test_cells_merged_over_several_rows_name_only_the_first(serve_own: Serve) -> None:
    """What a merged cell says of its other rows nobody wrote down: they are refused."""
    rows = [[None, AT - n, "water_m3", 9 - n] for n in range(3)]
    answer = post(serve_own(), workbook(HEAD, *rows, merge="A2:A4"))
    assert (answer.json()["stored"], answer.json()["refused"]) == (1, 2)


def test_the_sheet_is_named_or_the_first(serve_own: Serve) -> None:
    client = serve_own()
    body = workbook(HEAD, ["dy-water", AT, "water_m3", 5.5], sheet="数据", first="说明")
    assert post(client, body).json()["code"] == "unreadable_body"
    missing = post(client, body, "&sheet=none").json()
    assert "数据" in missing["detail"], missing
    assert post(client, body, "&sheet=数据").json()["stored"] == 1


def test_a_workbook_answered_as_one_can_be_posted_again(serve_own: Serve) -> None:
    client = serve_own()
    rows = [["dy-water", local(1), "water_m3", 5.5], ["=1+1", local(2), "water_m3", -1]]
    answer = post(client, workbook(HEAD, *rows), "&format=xlsx&tz=Asia/Shanghai")
    assert (answer.status_code, answer.headers["content-type"]) == (207, XLSX)
    again = post(client, answer.content, "&format=csv&tz=Asia/Shanghai")
    told = table(again)
    assert told[0][4:] == HEAD
    assert [row[:3] for row in told[1:]] == [
        ["unchanged", "", ""],
        ["refused", "unknown_device", "device"],
    ]
    assert [row[4:] for row in told[1:]] == [
        ["dy-water", "2024-03-05T01:00:00", "water_m3", "5.5"],
        ["'=1+1", "2024-03-05T02:00:00", "water_m3", "-1"],
    ]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as opened:
        sheet = opened.read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in sheet


@pytest.mark.parametrize("query", ["&sheet=x", "&format=parquet"])
def test_what_fits_no_body_is_refused(serve_own: Serve, query: str) -> None:
    answer = serve_own().post(
        f"/v1/readings?lang=en{query}", content="x", headers={"Content-Type": "text/csv"}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_parameter")


def test_no_workbook_and_a_bomb_are_refused(serve_own: Serve, own_sample: Any) -> None:
    client, ledger = serve_own(), own_sample[1]
    aside = ledger.aside()
    assert post(client, b"device,ts", "&dry_run=true").json()["code"] == "unreadable_body"
    assert ledger.aside() == aside
    assert post(client, b"device,ts").json()["code"] == "unreadable_body"
    assert ledger.aside() != aside
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook(HEAD))) as good,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bomb,
    ):
        for name in good.namelist():
            content = good.read(name)
            if name.endswith("sheet1.xml"):
                far = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
                content = content.replace(b"</sheetData>", far)
            bomb.writestr(name, content)
    answer = post(client, out.getvalue())
    assert (answer.status_code, answer.json()["code"]) == (400, "unreadable_body")


def test_a_second_that_is_a_fraction_off_is_whole() -> None:
    body = workbook(["device", "ts", "water_m3"], ["dy-water", 45356 + 1 / 3, 1.25])
    assert table_of_workbook(body) == b"device,ts,water_m3\ndy-water,2024-03-05T08:00:00,1.25\n"
