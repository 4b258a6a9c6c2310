"""The operating calendar of an institution: written, read back, kept, and refused where it is none."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from domain.errors import ConfigError
from domain.operating import OperatingSpell
from domain.places import Institution
from domain.registry import Registry
from registry.merging import check_xlsx
from registry.reading import read_xlsx
from registry.spells import spells_of_rows
from registry.writing import write_xlsx
from store.opening import open_ledger

SCHOOL = Institution(
    "school",
    "学校",
    "School",
    operation=(
        OperatingSpell(date(2026, 1, 20), date(2026, 2, 25), "closed", "寒假"),
        OperatingSpell(date(2026, 7, 5), date(2026, 9, 1), "vacation"),
    ),
)
Book = Callable[[dict[str, list[list[object]]]], Path]
HEADER: list[object] = ["institution", "start", "end", "kind", "note"]
PLACES: list[list[object]] = [["id", "name_zh", "name_en"], ["school", "学校", "School"]]


def test_it_is_written_read_back_and_kept(tmp_path: Path) -> None:
    registry = Registry(institutions=(SCHOOL,))
    write_xlsx(registry, tmp_path / "r.xlsx")
    read, problems = read_xlsx(tmp_path / "r.xlsx")
    assert problems == [] and read.institutions == (SCHOOL,)
    ledger = open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    ledger.save_registry(registry)
    assert ledger.registry().institutions == (SCHOOL,)
    ledger.close_connections()


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([["school", "2026-01-20", "2026-02-25", "holidays"]], "row 2, column kind"),
        ([["school", "20 January", "2026-02-25", "closed"]], "row 2, column start"),
        ([["school", "2026-01-20", "", "closed"]], "row 2, column end: must be filled"),
        ([["nobody", "2026-01-20", "2026-02-25", "closed"]], "row 2, column institution"),
        (
            [["school", "2026-02-25", "2026-01-20", "closed"]],
            "row 2: institution 'school' is closed",
        ),
        (
            [["school", "1026-01-20", "1026-01-22", "closed"]],
            "row 2: institution 'school' has 1026",
        ),
        (
            [
                ["school", "2026-01-20", "2026-02-25", "closed"],
                ["school", "2026-02-24", "2026-03-01", "vacation"],
            ],
            "row 3: institution 'school' is vacation from 2026-02-24 to 2026-03-01, and closed",
        ),
    ],
)
def test_what_cannot_be_is_told_with_its_row(
    book: Book, rows: list[list[object]], told: str
) -> None:
    path = book({"institutions": PLACES, "operation": [HEADER, *([*r, ""] for r in rows)]})
    _, problems = check_xlsx(path)
    assert len(problems) == 1 and f"sheet operation, {told}" in problems[0], problems


def test_a_table_alone_is_read_by_the_same_rules() -> None:
    rows = [{"start": "2026-07-05", "end": "2026-09-01", "kind": "vacation", "note": float("nan")}]
    assert spells_of_rows(rows) == SCHOOL.operation[1:]
    with pytest.raises(ConfigError, match="row 2, column kind"):
        spells_of_rows([{**rows[0], "kind": "shut"}])
    with pytest.raises(ConfigError, match="row 3 overlaps row 2"):
        spells_of_rows([rows[0], {**rows[0], "kind": "closed"}])
    with pytest.raises(ConfigError, match="row 2: 2026-09-01"):
        spells_of_rows([{**rows[0], "start": "2026-09-01"}])
