"""The measures of a contract: written, read back, and refused where they are none."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

from domain.places import Carrier, Contract, Institution, Measure
from domain.registry import Registry
from registry.reading import read_xlsx
from registry.writing import write_xlsx
from store.opening import open_ledger

CONTRACT = Contract(
    "c1",
    "hall",
    "改造",
    "Retrofit",
    "shared",
    date(2025, 1, 1),
    date(2026, 1, 1),
    date(2026, 1, 1),
    claim="monthly",
    measures=(
        Measure(date(2026, 1, 1), "lighting", Carrier.ELECTRICITY, "LED, all floors"),
        Measure(date(2026, 6, 1), "hvac_control"),
    ),
)
HALL = Registry(institutions=(Institution("hall", "楼", "Hall"),), contracts=(CONTRACT,))


def test_measures_are_written_and_read_back(tmp_path: Path) -> None:
    write_xlsx(HALL, tmp_path / "r.xlsx")
    registry, problems = read_xlsx(tmp_path / "r.xlsx")
    assert problems == [] and registry.contracts == (CONTRACT,)


def test_measures_are_put_in_the_order_of_their_days(tmp_path: Path) -> None:
    turned = replace(CONTRACT, measures=CONTRACT.measures[::-1])
    write_xlsx(replace(HALL, contracts=(turned,)), tmp_path / "r.xlsx")
    assert read_xlsx(tmp_path / "r.xlsx")[0].contracts == (CONTRACT,)


def test_the_ledger_keeps_them(tmp_path: Path) -> None:
    ledger = open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    ledger.save_registry(HALL)
    assert ledger.registry().contracts == (CONTRACT,)
    ledger.close_connections()


def test_a_measure_of_no_kind_is_told_with_its_row(
    book: Callable[[dict[str, list[list[object]]]], Path],
) -> None:
    rows: list[list[object]] = [["contract", "finished_on", "kind"], ["c1", "2026-01-01", "magic"]]
    problems = read_xlsx(book({"measures": rows}))[1]
    assert any("sheet measures, row 2, column kind" in str(p) for p in problems)
