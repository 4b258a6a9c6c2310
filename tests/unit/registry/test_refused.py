"""Rows that cannot be computed with, told with their place; rows nobody sees; formulas."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from registry.merging import check_xlsx, fitted
from registry.problem_words import problem_text
from registry.reading import read_with_places

Sheets = dict[str, list[list[Any]]]

DAY = date(2024, 1, 1)
METERS = ["id", "institution", "carrier", "register"]
HALL = [["id", "name_zh", "name_en"], ["hall", "大厅", "Hall"]]
M1 = ["m1", "hall", "electricity", "energy_import_kwh"]


@pytest.mark.parametrize(
    ("sheets", "place"),
    [
        (
            {
                "institutions": [
                    ["id", "name_zh", "name_en", "timezone"],
                    ["i", "院", "I", "Asia/Beijing"],
                ]
            },
            "sheet institutions, row 2, column timezone: ",
        ),
        (
            {"meters": [[*METERS, "expected_interval_s"], [*M1, 60], ["m2", *M1[1:], 0]]},
            "sheet meters, row 3, column expected_interval_s: ",
        ),
        (
            {"meters": [[*METERS, "parent"], [*M1, "m2"], ["m2", *M1[1:], "m1"]]},
            "sheet meters, row 2, column parent: ",
        ),
        ({"meters": [METERS, M1, M1]}, "sheet meters, row 3, column id: "),
        ({"meters": [METERS, ["m\u200b1", *M1[1:]]]}, "sheet meters, row 2, column id: "),
        (
            {
                "meters": [METERS, M1],
                "dated": [
                    ["record", "field", "valid_from", "value"],
                    ["m1", "multiplier", "2025-01-01", 0],
                    ["m1", "multiplier", "2024-01-01", 40],
                ],
            },
            "sheet dated, row 2: ",
        ),
        (
            {
                "meters": [METERS, M1, ["v", *M1[1:]]],
                "formula": [["meter", "part", "factor"], ["v", "m1", 1], ["v", "m9", -1]],
            },
            "sheet formula, row 3: ",
        ),
        (
            {"institutions": [HALL[0], [2.0260101000123e19, "院", "I"]]},
            "sheet institutions, row 2, column id: ",
        ),
    ],
)
def test_what_cannot_be_computed_with_is_told_with_its_place(
    sheets: Sheets, place: str, book: Callable[[Sheets], Path]
) -> None:
    _, (problem,) = check_xlsx(book({"institutions": HALL, **sheets}))
    assert problem.startswith(place)


def test_rows_of_spaces_are_passed_over(book: Callable[[Sheets], Path]) -> None:
    blank = [" ", "\u3000", "\u200b"]
    path = book({"institutions": [*HALL, blank], "meters": [METERS, blank, M1]})
    registry, problems = check_xlsx(path)
    assert problems == []
    assert ([i.id for i in registry.institutions], list(registry.device_by_id)) == (
        ["hall"],
        ["m1"],
    )
    spaces = book({"institutions": [*HALL, [" ", "院", "I"]]})
    assert check_xlsx(spaces)[1] == ["sheet institutions, row 3, column id: must be filled"]


def test_a_part_of_a_formula_counts_once_where_no_factor_is_written(
    book: Callable[[Sheets], Path],
) -> None:
    path = book(
        {
            "institutions": HALL,
            "meters": [METERS, M1, ["m2", *M1[1:]], ["v", *M1[1:]]],
            "formula": [["meter", "part", "factor"], ["v", "m2", None], ["v", "m1", -0.5]],
        }
    )
    registry, problems = check_xlsx(path)
    (meter,) = (m for m in registry.meters("hall") if m.id == "v")
    assert (problems, meter.formula) == ([], (("m2", 1.0), ("m1", -0.5)))


def test_a_formula_written_in_a_column_is_sent_to_its_sheet(book: Callable[[Sheets], Path]) -> None:
    path = book({"institutions": HALL, "meters": [[*METERS, "formula"], [*M1, "a:1"]]})
    (problem,) = check_xlsx(path)[1]
    assert "a sheet of its own: meter, part, factor" in problem


def test_a_device_bound_in_two_places_is_told_with_both(book: Callable[[Sheets], Path]) -> None:
    places = [*HALL, ["mill", "厂", "Mill"]]
    bins = [["id", "institution", "stream"], ["b1", "hall", "food"], ["m1", "mill", "food"]]
    again = ["m1", "mill", *M1[2:]]
    path = book({"institutions": places, "meters": [METERS, M1, again], "bins": bins})
    (problem,) = check_xlsx(path)[1]
    said = "sheet bins, row 3, column id: device 'm1' is there 3 times: keep one"
    assert problem == f"{said} (also at meters!A2, meters!A3)"


def test_a_first_attempt_is_told_all_that_is_wrong_with_it(book: Callable[[Sheets], Path]) -> None:
    """What a person may well write at first, each told in its cell, in both languages."""
    head = ["id", "name_zh", "name_en", "building_type", "credit_code", "district_code"]
    dated = [["record", "field", "valid_from", "value"], ["hall", "floor_area_m2", DAY, -5]]
    first = {"institutions": [head, ["hall", "大厅", "Hall", "办公", 123, 999999]], "dated": dated}
    in_cells = fitted(*read_with_places(book(first)))[1]
    assert [(p.row, p.column) for p in in_cells] == [(2, "credit_code")]
    first["institutions"][1][4] = ""
    together = fitted(*read_with_places(book(first)))[1]
    assert {(p.sheet, p.row, p.column) for p in together} == {
        ("institutions", 2, "building_type"),
        ("institutions", 2, "district_code"),
        ("dated", 2, ""),
    }
    for problem in (*in_cells, *together):
        assert str(problem).startswith("sheet ")
        assert problem_text(problem, "zh").startswith(f"工作表 {problem.sheet}（")
