"""Lists as files: CSV for spreadsheets, Parquet with the unit of every column."""

import csv
import io
import zipfile
from datetime import date, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fastapi.testclient import TestClient
from pydantic import Field
from python_calamine import CalamineWorkbook

from api.rows.base import Row, number_field
from api.tables.columns import PARQUET
from api.tables.route import csv_text
from api.tables.workbook import XLSX, xlsx_bytes
from tests.unit.api.routes.test_reads import LISTS, rows


def test_rows_as_csv_for_spreadsheets(client: TestClient) -> None:
    as_json = rows(client, "/v1/consumption", per="all", limit=5)
    for answer in (
        client.get("/v1/consumption?per=all&limit=5&format=csv"),
        client.get("/v1/consumption?per=all&limit=5", headers={"Accept": "text/csv"}),
    ):
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert answer.headers["X-Total-Count"] == "16"
        assert answer.content.startswith(b"\xef\xbb\xbf")
        table = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert [r["subject"] for r in table] == [r["subject"] for r in as_json]
        known = [r["value"] for r in as_json]
        assert [float(r["value"]) if r["value"] else None for r in table] == known
    assert client.get("/v1/consumption?format=xml").status_code == 422
    assert (
        client.get("/v1/consumption?format=csv&institution=ghost").json()["code"]
        == "unknown_institution"
    )
    assert client.get("/v1/aside?format=csv&code=none").content == b"\xef\xbb\xbf"


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "@SUM(A1)",
        "+1",
        "-1",
        "\tx",
        " =1+1",
        "\u3000=1",
        "\uff1d1+1",
        "\uff20SUM(A1)",
        "\u200b+1",
        "\ufe661",
    ],
)
def test_text_that_looks_like_a_formula_stays_text(text: str) -> None:
    assert (
        csv_text([{"a": text, "b": -1.5, "c": None}]).splitlines()[1].strip('"') == f"'{text},-1.5,"
    )


@pytest.mark.parametrize("text", ["\r=1+1", "\n=1+1", "\r\n\uff1d1", "\t=1", "\u00a0\u3000@a"])
def test_a_cell_that_begins_with_a_line_end_stays_text(text: str) -> None:
    (_, (cell,)) = csv.reader(io.StringIO(csv_text([{"a": text}]), newline=""))
    assert cell == f"'{text}"


@pytest.mark.parametrize("path", LISTS)
def test_every_list_is_to_be_had_as_parquet(client: TestClient, path: str) -> None:
    as_json = rows(client, path)
    for answer in (
        client.get(path, params={"format": "parquet"}),
        client.get(path, headers={"Accept": PARQUET}),
    ):
        assert answer.headers["Content-Type"] == PARQUET
        table = pq.read_table(pa.BufferReader(answer.content))
        assert table.column_names == list(as_json[0])
        assert len(table) == len(as_json)
        for name, first in as_json[0].items():
            value = table.column(name)[0].as_py()
            if isinstance(value, datetime):
                assert value.utcoffset() == timedelta(0)
                assert value == datetime.fromisoformat(str(first))
            else:
                assert (str(value) if isinstance(value, date) else value) == first


def test_parquet_says_the_unit_of_every_column(client: TestClient) -> None:
    answer = client.get("/v1/waste?format=parquet")
    schema = pq.read_schema(pa.BufferReader(answer.content))
    assert schema.field("waste_mass_kg").metadata[b"unit"] == b"kg"
    empty = client.get("/v1/aside?format=parquet&code=none")
    assert len(pq.read_table(pa.BufferReader(empty.content))) == 0


@pytest.mark.parametrize("path", LISTS)
def test_every_list_is_to_be_had_as_a_workbook(client: TestClient, path: str) -> None:
    as_json = rows(client, path)
    for answer in (
        client.get(path, params={"format": "xlsx"}),
        client.get(path, headers={"Accept": XLSX}),
    ):
        assert answer.headers["Content-Type"] == XLSX
        book = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
        head, *table = book.get_sheet_by_name("rows").to_python()
        assert head == list(as_json[0]) and len(table) == len(as_json)
        for cell, value in zip(table[0], as_json[0].values(), strict=True):
            if isinstance(cell, date):  # midnight is read as a day
                assert str(value).startswith(f"{cell:%Y-%m-%d}")
            else:
                assert cell == ("" if value is None else value)
        named = [row[0] for row in book.get_sheet_by_name("columns").to_python()[1:]]
        assert named == head


class Told(Row):
    text: str = Field(description="Anything.")
    at: datetime | None = Field(None, description="When.")
    load_w: float | None = number_field("Load", "W")


@pytest.mark.parametrize("text", ["=1+1", "@SUM(A1)", "http://a.b/c", "x" * 40_000, "007"])
def test_text_in_a_workbook_is_text(text: str) -> None:
    made = xlsx_bytes([{"text": text, "at": "2026-03-01T09:30:00.5Z", "load_w": None}], Told)
    book = CalamineWorkbook.from_filelike(io.BytesIO(made))
    (_, (cell, at, load)) = book.get_sheet_by_name("rows").to_python()
    assert cell == text or (cell[:-1] == text[:32_766] and cell[-1] == "…")
    assert (at.isoformat(), load) == ("2026-03-01T09:30:00.500000", "")
    with zipfile.ZipFile(io.BytesIO(made)) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml")
        assert b"<f>" not in sheet and b"hyperlink" not in sheet
    assert book.get_sheet_by_name("columns").to_python()[3] == ["load_w", "W", "Load, in W."]
