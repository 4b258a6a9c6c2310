"""Every problem is told in Chinese as well, and the list of sentences keeps up with the code."""

import ast
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from config.texts import texts
from domain.calendar import to_ms
from domain.instants import parse_instant
from domain.operating import OperatingSpell
from domain.places import (
    Bin,
    Building,
    Carrier,
    Contract,
    Dated,
    Institution,
    Meter,
    PvSystem,
    Swap,
    Term,
    WasteStream,
)
from domain.registry import Registry
from registry.merging import fitted
from registry.problem_words import problem_text, reason_text
from registry.reading import Problem, read_with_places
from tests.paths import ROOT
from tests.unit.registry.conftest import Sheets
from tests.unit.registry.test_payment_terms import CONTRACT as PAID
from tests.unit.registry.test_payment_terms import SHARED
from tests.unit.registry.test_workbook import BROKEN

_ENGLISH = re.compile(r"(?<![\w'./])(?:is|has|must|names|write|keep|mend|the|which|not)(?![\w'])")
"""Words that only an English sentence has."""

HALL = Institution("hall", "厅", "Hall")
M = Meter(id="m", institution="hall", carrier=Carrier.ELECTRICITY, register="energy_import_kwh")
W = replace(M, id="w", carrier=Carrier.WATER, register="water_m3")
PV = PvSystem(id="pv", institution="hall", capacity_kwp=10.0)
FOOD = Bin(id="bin", institution="hall", stream=WasteStream.FOOD)
B = Building("b", "hall", "楼", "B")
OTHER = Institution("other", "他", "Other")
C = Contract("c", "hall", "合", "C", "none", date(2022, 1, 1), date(2023, 1, 1), date(2023, 1, 1))
DAY = date(2024, 1, 1)
AT = to_ms(parse_instant("2024-03-01T09:30Z"))


def spells(*rows: tuple[date, date, str]) -> Institution:
    return replace(HALL, operation=tuple(OperatingSpell(a, b, k) for a, b, k in rows))  # type: ignore[arg-type]


WRONG: list[Any] = [
    replace(HALL, timezone="Asia/Beijing"),
    replace(HALL, timezone="Europe/Londn"),
    replace(HALL, timezone="Mars"),
    replace(HALL, building_type="办公"),
    replace(HALL, district_code="12"),
    replace(HALL, district_code="999999"),
    replace(HALL, floor_area_m2=(Dated(DAY, -5.0),)),
    replace(HALL, heated_area_m2=(Dated(DAY, -5.0),)),
    replace(HALL, bed_occupancy_ratio=(Dated(DAY, 90.0),)),
    replace(HALL, beds=(Dated(DAY, -1.0),)),
    replace(HALL, headcount=(Dated(DAY, 5.0), Dated(DAY, 6.0))),
    replace(HALL, headcount=(Dated(date(1024, 1, 1), 5.0),)),
    replace(HALL, heating_season=((1, 1), (1, 1))),
    replace(HALL, heating_season=((11, 15), (2, 29))),
    replace(HALL, name_en="x" * 2001),
    replace(HALL, name_en="x\x07"),
    replace(HALL, id="x" * 101),
    replace(HALL, id="x\u200b"),
    replace(HALL, id=" x"),
    replace(HALL, id="e\u0301"),
    replace(HALL, id="a/b"),
    replace(HALL, id=".."),
    replace(HALL, id=""),
    replace(HALL, weather_device="ghost"),
    spells((DAY, DAY, "closed")),
    spells((date(1024, 1, 1), date(1024, 1, 3), "closed")),
    spells((DAY, date(2024, 2, 1), "closed"), (DAY, date(2024, 3, 1), "vacation")),
    replace(B, latitude=200.0),
    replace(B, longitude=200.0),
    replace(B, institution="ghost"),
    replace(M, building="ghost"),
    replace(M, gateway="w"),
    replace(M, register="power_w"),
    replace(M, register="lid_open_count"),
    replace(M, parent="ghost"),
    replace(M, parent="bin"),
    replace(M, parent="w"),
    replace(M, parent="m"),
    replace(M, parent="foreign"),
    replace(M, formula=(("w", 1.0),)),
    replace(M, formula=(("w", 0.0),)),
    replace(M, formula=(("w", 1.0), ("w", 1.0))),
    replace(M, multiplier=(Dated(DAY, 0.0),)),
    replace(M, export_multiplier=(Dated(DAY, 0.0),)),
    replace(M, register_size=0.0),
    replace(M, max_rate_per_h=0.0),
    replace(M, expected_interval_s=0),
    replace(M, swaps=(Swap(AT, -1.0), Swap(AT, 1.0))),
    replace(M, in_service_from=date(2024, 2, 1), in_service_until=date(2024, 1, 1)),
    replace(PV, capacity_kwp=0.0),
    replace(PV, gamma_per_c=1.0),
    replace(PV, azimuth_deg=999.0),
    replace(PV, grid_meter="ghost"),
    replace(FOOD, id="food"),
    replace(FOOD, tare_kg=-1.0),
    replace(C, confidence=90.0),
    replace(C, expected_saving_ratio=10.0),
    replace(C, baseline_end=date(2021, 1, 1)),
    replace(C, carriers=()),
    replace(C, option="B"),
    replace(C, meters=("m",)),
    replace(C, option="B", meters=("ghost",)),
    replace(C, option="B", meters=("w",)),
    replace(C, terms={"price": 1e15}),
    replace(C, terms={"note": "x" * 20_001}),
]
TERMS = [
    ("shared", (*SHARED, Term("vendor_sahre", "0.7"))),
    ("shared", (*SHARED, Term("vendor_share", "70", "3"))),
    ("shared", (*SHARED, Term("vendor_share", "0.7", "4"))),
    ("shared", (*SHARED, Term("vendor_share", "0.7", "x"))),
    ("shared", (*SHARED, Term("price", "nan", "electricity/flat"))),
    ("shared", (*SHARED, Term("price", "1", "electricity/noon"))),
    ("shared", (*SHARED, Term("price", "1", "steam"))),
    ("shared", (*SHARED, Term("not_proven", "maybe"))),
    ("shared", (*SHARED, Term("vendor_share", "0.6", "1"))),
    ("shared", (*SHARED, Term("weight", "0.5", "1"))),
    ("shared", (*SHARED, Term("tax_ratio", "0.06", "", date(2025, 1, 1)))),
    ("shared", (*SHARED, Term("tax_ratio", "0.06", "1"))),
    ("shared", (*SHARED, Term("pv_vendor_share", "0.8"))),
    ("shared", (*SHARED, Term("prices_include_tax", "no"))),
    ("guaranteed", (Term("surplus_share", "0.5"),)),
    ("guaranteed", (Term("guaranteed_kwh", "5", "steam"),)),
    ("guaranteed", (Term("guaranteed_kwh", "5", "electricity"),)),
    ("entrusted", (Term("weight", "0.5", "1"),)),
    ("entrusted", (Term("weight", "0.5", "13"),)),
    ("entrusted", (Term("service_cny_per_month", "5"),)),
    ("entrusted", tuple(Term("weight", "0.08", str(m)) for m in range(1, 13))),
    ("entrusted", (Term("area_cny_per_m2_year", "5"), Term("base_price", "1", "electricity"))),
]


def in_both(problem: Problem) -> None:
    zh = problem_text(problem, "zh")
    assert reason_text(problem.reason, "zh") != problem.reason, problem.reason
    assert not _ENGLISH.search(re.sub(r"'[^']*'|\"[^\"]*\"", "", zh)), zh
    assert problem_text(problem, "en") == str(problem)


@pytest.mark.parametrize("record", WRONG, ids=str)
def test_what_is_wrong_with_a_record_is_told_in_both_languages(record: Any) -> None:
    foreign = replace(M, id="foreign", institution="other")
    every = [HALL, OTHER, B, M, W, PV, FOOD, foreign, C]
    kept = [r for r in every if (type(r), r.id) != (type(record), record.id)]
    world = [*kept, record]
    registry = Registry(
        tuple(r for r in world if isinstance(r, Institution)),
        tuple(r for r in world if isinstance(r, Building)),
        tuple(r for r in world if isinstance(r, Meter | PvSystem | Bin)),
        tuple(r for r in world if isinstance(r, Contract)),
    )
    found = [str(m) for m in registry.misfits()]
    assert found
    for reason in found:
        in_both(Problem("sheet", 2, "x", reason))


@pytest.mark.parametrize(("form", "rows"), TERMS, ids=str)
def test_what_is_wrong_with_terms_is_told_in_both_languages(
    form: Any, rows: tuple[Term, ...]
) -> None:
    contract = replace(C, form=form, payment_terms=rows)
    found = [str(m) for m in Registry((HALL,), (), (), (contract,)).misfits()]
    assert found
    for reason in found:
        in_both(Problem("payment_terms", 2, "", reason))


def test_contracts_that_pay_twice_are_told_in_both_languages() -> None:
    twice = replace(PAID, id="again", payment_terms=SHARED[:1])
    bundled = [replace(c, terms={"bundle": "b"}) for c in (PAID, twice)]
    place = Institution(PAID.institution, "厅", "Hall")
    found = [str(m) for m in Registry((place,), (), (), tuple(bundled)).misfits()]
    assert len(found) >= 2
    for reason in found:
        in_both(Problem("contracts", 2, "", reason))


@pytest.mark.parametrize(("sheet", "head", "row"), [b[:3] for b in BROKEN])
def test_what_is_wrong_with_a_cell_is_told_in_both_languages(
    book: Callable[[Sheets], Path], sheet: str, head: list[str], row: list[Any]
) -> None:
    read = read_with_places(book({sheet: [head, row]}))
    for problem in fitted(*read)[1]:
        in_both(problem)


def test_what_is_wrong_with_a_workbook_is_told_in_both_languages(
    book: Callable[[Sheets], Path],
) -> None:
    head = ["id", "name_zh", "name_en", "credit_code", "colour", "swaps", "id"]
    rows = [
        [2.0260101000123e19, "院", "I", "1", "red", "", ""],
        ["i", "院", "I", "91350100M000100Y34", "red", "", ""],
        [date(2024, 1, 1), "院", "I"],
    ]
    place = ["i2", "院", "I", date(2024, 1, 2)]
    ends: list[Any] = ["id", "name_zh", "name_en", "in_service_until"]
    for sheets in (
        {"institutions": [head, *rows], "cars": [["x"], ["y"]]},
        {"institutions": [ends, place, [*place[:3], "soon"], [*place[:3], "2024-01-01T05:00"]]},
        {"institutions": [ends[:3], place[:3], place[:3]]},
    ):
        problems = fitted(*read_with_places(book(sheets)))[1]
        assert problems
        for problem in problems:
            in_both(problem)


def test_places_are_said_in_chinese() -> None:
    problem = Problem("meters", 3, "parent", "must be filled")
    assert (
        problem_text(problem, "zh")
        == "工作表 meters（计量表） 第 3 行 parent（上级表编号） 列：必须填写"
    )
    assert problem_text(replace(problem, sheet="", row=0, column=""), "zh") == "必须填写"
    assert reason_text("nobody wrote this", "zh") == "nobody wrote this"


def test_the_list_says_what_the_code_says() -> None:
    """Each piece of an English sentence of the list stands in the code that says it."""
    files = [*(ROOT / "registry").glob("*.py"), *(ROOT / "domain" / "registry").glob("*.py")]
    files.append(ROOT / "domain" / "contracts" / "written.py")
    said = "\n".join(
        node.value
        for file in files
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    for key, entry in texts("registry_problems").items():
        if "." in key and not key.startswith("kind."):
            pieces = re.split(r"\{\w+\}|[:,;(] ?|write |\)$", entry["en"])
            lost = [p for p in pieces if len(p.strip()) > 3 and p.strip() not in said]
            assert lost == [], key


@pytest.mark.parametrize("reason", ["x is there " * 150, "'" * 1_900, "names " * 330])
def test_a_long_sentence_takes_no_long_time(reason: str) -> None:
    assert reason_text(reason, "zh") == reason
