"""The truth folder: very many months stand in the Parquet file alone, so memory stays small."""

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from domain.calendar import Month
from simulators.devices.block import TruthDays
from simulators.truth.truth_book import TruthBook

MONTH = Month(2026, 9)


def book(folder: Path, institutions: int) -> tuple[int, int]:
    """Months told in the JSON and in the Parquet file."""
    with TruthBook(folder) as truth:
        for number in range(institutions):
            truth.add([TruthDays(f"i{number}", "", "water_use_m3", MONTH, np.ones(30))])
    truth.finish({})
    told = json.loads((folder / "truth.json").read_text())["months"]
    rows = pq.read_table(folder / "truth.parquet").to_pandas()
    assert rows.loc[rows["day"].isna(), "value"].eq(30).all()
    return len(told), int(rows["day"].isna().sum())


def test_very_many_months_stand_in_the_parquet_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulators.truth.truth_book._TRUTHS_AT_ONCE", 3)
    monkeypatch.setattr("simulators.truth.truth_book._MONTHS_IN_JSON", 8)
    assert book(tmp_path / "few", 8) == (8, 8)
    assert book(tmp_path / "many", 9) == (0, 9)
    assert book(tmp_path / "more", 14) == (0, 14)
