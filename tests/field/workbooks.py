"""Workbooks as people in the field fill them, and what must be said of each."""

from dataclasses import dataclass
from typing import Any

Sheets = dict[str, list[list[Any]]]

_INSTITUTIONS = ["id", "name_zh", "name_en"]
_METERS = ["id", "institution", "carrier", "register"]
_POOL = ["pool", "游泳馆", "Pool"]
_MAIN = ["main", "pool", "electricity", "energy_import_kwh"]
_SUB = ["sub", "pool", "electricity", "energy_import_kwh"]


@dataclass(frozen=True, slots=True)
class Workbook:
    """`told`: of each problem, where it begins and a part that says what to do; none: it is taken,
    and holds `institutions` and `devices`."""

    name: str
    sheets: Sheets
    told: tuple[tuple[str, str], ...] = ()
    institutions: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()


WORKBOOKS = (
    Workbook(
        "a time zone that is none",
        {
            "institutions": [
                [*_INSTITUTIONS, "timezone"],
                [*_POOL, ""],
                ["gym", "体育馆", "Gym", "China/Shanghai"],
            ],
            "meters": [_METERS, _MAIN],
        },
        (("sheet institutions, row 3, column timezone: ", "write Asia/Shanghai"),),
    ),
    Workbook(
        "a device that reports every 0 seconds",
        {
            "institutions": [_INSTITUTIONS, _POOL],
            "meters": [[*_METERS, "expected_interval_s"], [*_MAIN, 900], [*_SUB, 0]],
        },
        (("sheet meters, row 3, column expected_interval_s: ", "above 0"),),
    ),
    Workbook(
        "a credit code and a meter's number that the spreadsheet has rounded",
        {
            "institutions": [[*_INSTITUTIONS, "credit_code"], [*_POOL, 123_705_000_123_456_789.0]],
            "meters": [_METERS, [30_260_101_000_999_888_777.0, *_MAIN[1:]]],
        },
        (
            ("sheet institutions, row 2, column credit_code: ", "format the cell as text"),
            ("sheet meters, row 2, column id: ", "format the cell as text"),
        ),
    ),
    Workbook(
        "a row of spaces, some of them wide",
        {
            "institutions": [_INSTITUTIONS, _POOL, ["  ", "\u3000", " "]],
            "meters": [_METERS, _MAIN],
        },
        institutions=("pool",),
        devices=("main",),
    ),
    Workbook(
        "a virtual meter's formula in a column of its own",
        {
            "institutions": [_INSTITUTIONS, _POOL],
            "meters": [
                [*_METERS, "formula"],
                [*_MAIN, ""],
                [*_SUB, ""],
                ["rest", *_MAIN[1:], "main:1, sub:-1"],
            ],
        },
        (("sheet meters, row 1, column formula: ", "a sheet of its own: meter, part, factor"),),
    ),
    Workbook(
        "the same formula on its sheet",
        {
            "institutions": [_INSTITUTIONS, _POOL],
            "meters": [_METERS, _MAIN, _SUB, ["rest", *_MAIN[1:]]],
            "formula": [["meter", "part", "factor"], ["rest", "main", 1], ["rest", "sub", -1]],
        },
        institutions=("pool",),
        devices=("main", "sub", "rest"),
    ),
)
