"""Lists as files: CSV for spreadsheets, Parquet with the unit of every column."""

import csv
import io
from datetime import date, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fastapi.testclient import TestClient

from api.tables.columns import PARQUET
from api.tables.route import csv_text
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
