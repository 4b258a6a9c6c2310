"""`civicmeter export`: everything of a period in one file, complete or not there at all."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from api.export import rows_of_period
from civicmeter.cli import main
from domain.calendar import to_ms
from domain.readings import Reading
from store.readings.sqlite import SqliteReadingStore
from tests import api_sample
from tests.api_sample import CAMPUS, FIRST_AT, HALL

Run = Callable[..., int]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command on a data folder that holds the sample; gives the exit code."""
    store, ledger = api_sample.open_sample(tmp_path)
    store.close()
    ledger.close_connections()
    monkeypatch.chdir(tmp_path)

    def call(*args: str) -> int:
        with pytest.raises(SystemExit) as ended:
            main(["export", *args, "--data", str(tmp_path)])
        return int(ended.value.code or 0)

    return call


def table(path: str) -> list[dict[str, str]]:
    content = Path(path).read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def test_figures_carry_their_evidence(run: Run) -> None:
    assert run("figures", "--from", "2024-02", "--to", "2024-03", "--out", "all.csv") == 0
    rows = table("all.csv")
    assert {(r["institution"], r["month"]) for r in rows} == {
        (CAMPUS, "2024-02"),
        (HALL, "2024-02"),
    }
    co2 = next(r for r in rows if r["name"] == "co2_kg")
    assert (float(co2["value"]), co2["unit"], co2["method"]) == (26_922.3, "kg", "factors/1")
    assert co2["factors"] == "grid_co2 = 0.641 kgCO₂/kWh (from 2022-01-01)"
    assert co2["start_at"] == "2024-01-31T16:00:00.000Z", "a month of Dongying, in UTC"
    use = next(r for r in rows if r["subject"] == "dy-main" and r["name"] == "electricity_use_kwh")
    assert use["findings"] == "api_test"
    assert [float(use[f"{s}_share"]) for s in ("measured", "estimated", "missing")] == [
        0.9,
        0.04,
        0.06,
    ]
    water = next(r for r in rows if r["name"] == "water_use_m3")
    assert water["value"] == "", "not known is empty, never 0"


def test_parquet_says_units_and_types(run: Run) -> None:
    out = ("--out", "days.parquet")
    asked = ("--from", "2024-02-03", "--to", "2024-02-05", "--institution", CAMPUS)
    assert run("days", *asked, "--name", "electricity_use_kwh", *out) == 0
    found = pq.read_table("days.parquet")
    assert found.schema.field("start_at").type == pa.timestamp("us", tz="UTC")
    assert found.schema.field("value").metadata[b"description"].startswith(b"The value, in `unit`")
    rows = found.to_pylist()
    assert [(r["day"].isoformat(), r["subject"], r["value"], r["quality"]) for r in rows] == [
        ("2024-02-03", "dy-main", None, "missing"),
        ("2024-02-03", "", None, "missing"),
        ("2024-02-04", "dy-main", 1400.0, "measured"),
        ("2024-02-04", "", 1400.0, "measured"),
    ]
    assert {r["unit"] for r in rows} == {"kWh"}
    assert rows[0]["start_at"] == datetime(2024, 2, 2, 16, tzinfo=UTC)


def test_figures_of_many_months_in_many_pieces_are_those_of_the_ledger(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows_of_period, "GROUP_ROWS", 7)
    for kind in ("figures", "days"):
        assert run(kind, "--from", "2024-01", "--to", "2025-01", "--out", f"{kind}.parquet") == 0
        found = pq.ParquetFile(f"{kind}.parquet")
        rows = found.read().to_pylist()
        assert found.num_row_groups == -(-len(rows) // 7)
        keys = [
            (r["institution"], r.get("month") or r["day"], r["name"], r["subject"]) for r in rows
        ]
        assert len(set(keys)) == len(keys)
    months = {(r["institution"], r["day"].month) for r in rows}
    assert months == {(CAMPUS, 2), (CAMPUS, 3), (CAMPUS, 4)}
    assert len(rows) == 2 * (29 + 31 + 30)


def test_findings_are_sentences_in_the_language_asked_for(run: Run) -> None:
    asked = ("--from", "2024-02", "--to", "2024-05", "--lang", "en", "--out", "f.csv")
    assert run("findings", *asked) == 0
    assert {r["code"] for r in table("f.csv")} == {"api_test", "api_test_month"}


def test_readings_of_local_days_in_many_pieces_are_those_stored(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Pieces of a few rows make the same file; the day is the institution's own."""
    store = SqliteReadingStore(tmp_path / "readings.db")
    store.write([Reading("ghost", "water_m3", to_ms(FIRST_AT), 7.0)])
    store.close()
    monkeypatch.setattr(rows_of_period, "GROUP_ROWS", 10)
    day = ("--from", "2024-04-09", "--to", "2024-04-10")
    assert run("readings", *day, "--format", "parquet", "--out", "r.bin") == 0
    file = pq.ParquetFile("r.bin")
    assert file.num_row_groups > 1
    rows = file.read().to_pylist()
    # 9 April lasts until 16:00 UTC in Dongying (16 readings), until 23:00 UTC in Cambridge.
    assert [r["device"] for r in rows] == ["ghost"] + ["b7-elec"] * 23 + ["dy-main"] * 16
    main_meter = [r for r in rows if r["device"] == "dy-main"]
    assert [r["at"] for r in main_meter] == [FIRST_AT + timedelta(hours=h) for h in range(16)]
    assert [r["value"] for r in main_meter] == [1000.0 + 2.5 * h for h in range(16)]
    assert {r["unit"] for r in main_meter} == {"kWh"}
    only = ("--institution", HALL, "--out", "hall.csv")
    assert run("readings", *day, *only) == 0
    assert next(r["at"] for r in table("hall.csv")) == "2024-04-09T00:00:00.000Z"
    assert {r["device"] for r in table("hall.csv")} == {"b7-elec"}


def test_a_file_that_is_there_stays_unless_asked(run: Run, tmp_path: Path) -> None:
    asked = ("figures", "--from", "2024-02", "--to", "2024-03", "--out", "all.csv")
    (tmp_path / "all.csv").write_text("mine")
    assert run(*asked) == 2
    assert (tmp_path / "all.csv").read_text() == "mine"
    assert run(*asked, "--overwrite") == 0
    assert len(table("all.csv")) > 20


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("figures", "--from", "2024-13", "--to", "2024-14"), "write YYYY-MM"),
        (("figures", "--from", "2024-02-02", "--to", "2024-03"), "whole months"),
        (("days", "--from", "2024-02", "--to", "2024-02"), "--to is excluded"),
        (("figures", "--from", "1999-01", "--to", "1999-02"), "nothing was written"),
        (("days", "--from", "2024-02", "--to", "2024-03", "--institution", "x"), "there are: "),
        (("days", "--from", "2024-02", "--to", "2024-03", "--name", "x"), "no figure 'x'"),
        (("readings", "--from", "2024-04", "--to", "2024-05", "--name", "co2_kg"), "leave it out"),
    ],
)
def test_a_mistake_is_told_and_leaves_no_file(
    run: Run, capsys: pytest.CaptureFixture[str], tmp_path: Path, args: tuple[str, ...], said: str
) -> None:
    assert run(*args, "--out", "new.csv") == 2
    assert said in capsys.readouterr().err
    assert not [p for p in tmp_path.iterdir() if p.name.startswith("new.csv")]


def test_text_that_looks_like_a_formula_stays_text(run: Run, tmp_path: Path) -> None:
    store = SqliteReadingStore(tmp_path / "readings.db")
    store.write([Reading("=1+1", "water_m3", to_ms(FIRST_AT), 7.0)])
    store.close()
    assert run("readings", "--from", "2024-04", "--to", "2024-05", "--out", "r.csv") == 0
    assert table("r.csv")[0]["device"] == "'=1+1"
