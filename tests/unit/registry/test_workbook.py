"""The registry as a workbook: there and back, and every problem with its place."""

import dataclasses
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from civicmeter.cli import civicmeter
from domain.errors import ConfigError
from domain.places import Carrier, Contract, Dated, Institution, Meter, Swap
from domain.registry import Registry
from registry.merging import check_xlsx, merged
from registry.reading import read_xlsx
from registry.writing import write_xlsx
from simulators.scenarios import scenario
from tests import api_sample

Sheets = dict[str, list[list[Any]]]


def rich() -> Registry:
    plain = api_sample.registry()
    campus = Institution(
        "north",
        "北院",
        "North",
        district_code="370502",
        credit_code="12370500MB2848381Y",
        heating_season=((11, 15), (3, 15)),
        floor_area_m2=(Dated(date(2020, 1, 1), 9000.5), Dated(date(2023, 7, 1), 9800.0)),
        kind="hospital",
        level="II",
        heat_source="gas_or_oil",
        heated_area_m2=(Dated(date(2020, 1, 1), 8000.0), Dated(date(2023, 7, 1), 8700.0)),
        beds=(Dated(date(2020, 1, 1), 120.0),),
        bed_occupancy_ratio=(Dated(date(2020, 1, 1), 0.83),),
    )
    contract = Contract(
        "north-1",
        "north",
        "托管",
        "Entrusted",
        "entrusted",
        date(2022, 1, 1),
        date(2023, 1, 1),
        date(2023, 3, 1),
        date(2030, 3, 1),
        (Carrier.ELECTRICITY, Carrier.HEAT),
        0.8,
        "ESCO",
        {"share": [0.5, 0.4], "floor": 0},
    )
    chiller = dataclasses.replace(
        contract, id="north-2", carriers=(Carrier.ELECTRICITY,), option="B", meters=("north-e",)
    )
    swapped = Meter(
        id="north-e",
        institution="north",
        carrier=Carrier.ELECTRICITY,
        register="energy_import_kwh",
        in_service_from=date(2022, 2, 1),
        register_size=1e6,
        swaps=(Swap(1_650_000_000_000, None), Swap(1_709_256_600_000, 81_234.5, 0.2)),
    )
    rest = Meter(
        id="north-rest",
        institution="north",
        carrier=Carrier.ELECTRICITY,
        register="energy_import_kwh",
        in_service_until=date(2026, 3, 1),
        formula=(("north-e", 0.5),),
    )
    return Registry(
        (*plain.institutions, campus),
        plain.buildings,
        (*plain.devices, swapped, rest),
        (*plain.contracts, contract, chiller),
    )


def test_what_is_written_is_read_back_the_same(tmp_path: Path) -> None:
    write_xlsx(rich(), tmp_path / "r.xlsx")
    registry, problems = read_xlsx(tmp_path / "r.xlsx")
    assert problems == []
    assert set(registry.devices) == set(rich().devices)
    assert dataclasses.replace(registry, devices=()) == dataclasses.replace(rich(), devices=())


def test_an_empty_registry_gives_the_columns_to_fill_in(tmp_path: Path) -> None:
    write_xlsx(Registry(), tmp_path / "r.xlsx")
    assert read_xlsx(tmp_path / "r.xlsx") == (Registry(), [])


@pytest.mark.parametrize("name", ["demo", "hostile"])
def test_a_simulated_registry_passes_the_check(name: str, tmp_path: Path) -> None:
    registry = scenario(name, datetime(2026, 11, 1, tzinfo=UTC)).registry()
    write_xlsx(registry, tmp_path / "r.xlsx")
    assert check_xlsx(tmp_path / "r.xlsx")[1] == []


def test_midnight_is_a_day_and_a_time_of_day_is_a_problem(book: Callable[[Sheets], Path]) -> None:
    head = [
        "id",
        "institution",
        "name_zh",
        "name_en",
        "form",
        "baseline_start",
        "baseline_end",
        "reporting_start",
        "reporting_end",
    ]
    row = ["c", "i", "合", "C", "none", datetime(2022, 1, 1), "2023-01-01", date(2023, 1, 1)]  # noqa: DTZ001
    path = book({"contracts": [head, [*row, datetime(2024, 1, 1, 8, 30)], row]})  # noqa: DTZ001
    registry, (problem,) = read_xlsx(path)
    assert (problem.sheet, problem.row, problem.column) == ("contracts", 2, "reporting_end")
    (contract,) = registry.contracts
    assert type(contract.baseline_start) is date
    assert (contract.baseline_start, contract.baseline_end) == (date(2022, 1, 1), date(2023, 1, 1))


def test_a_workbook_from_before_the_quotas_columns_is_read_and_its_fields_stay_empty(
    book: Callable[[Sheets], Path],
) -> None:
    header = ["id", "name_zh", "name_en", "building_type", "district_code"]
    old: Sheets = {
        "institutions": [header, ["hall", "大厅", "Hall", "A", "370502"]],
        "dated": [
            ["record", "field", "valid_from", "value"],
            ["hall", "floor_area_m2", date(2020, 1, 1), 900.0],
        ],
    }
    registry, problems = read_xlsx(book(old))
    assert problems == []
    (hall,) = registry.institutions
    assert (hall.kind, hall.level, hall.heat_source, hall.heated_area_m2) == ("", "", "", ())
    assert hall.floor_area_m2 == (Dated(date(2020, 1, 1), 900.0),)


def test_a_kind_or_level_that_is_none_of_ours_names_those_there_are(
    book: Callable[[Sheets], Path],
) -> None:
    header = ["id", "name_zh", "name_en", "kind", "level"]
    _, problems = read_xlsx(book({"institutions": [header, ["hall", "厅", "H", "palace", "town"]]}))
    told = [str(p) for p in problems]
    assert "row 2, column kind: 'palace' is not one of office, hospital" in told[0]
    assert told[1].endswith("is not one of province, city, county, III, II, I")


def test_numbers_that_are_names_stay_names(book: Callable[[Sheets], Path]) -> None:
    path = book(
        {"institutions": [["id", "name_zh", "name_en", "district_code"], [1001, "院", "I", 370502]]}
    )
    (institution,) = read_xlsx(path)[0].institutions
    assert (institution.id, institution.district_code) == ("1001", "370502")


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("91350100M000100Y43", "91350100M000100Y43"),  # the example of GB 32100
        (914403001922038216, None),  # a spreadsheet's number has lost its last digits
        ("914403001922038216", "914403001922038216"),
        ("9144 0300 1922 0382 16", "914403001922038216"),
        ("91350100m000100y43", "91350100M000100Y43"),
        ("N2370502MF12345670", "N2370502MF12345670"),  # registered by the agriculture department
        (None, ""),
    ],
)
def test_credit_codes_are_checked_by_their_last_character(
    cell: object, code: str | None, book: Callable[[Sheets], Path]
) -> None:
    head = ["id", "name_zh", "name_en", "credit_code"]
    registry, problems = check_xlsx(book({"institutions": [head, ["i", "院", "I", cell]]}))
    if code is None:
        assert len(problems) == 1
    else:
        assert (problems, [i.credit_code for i in registry.institutions]) == ([], [code])


@pytest.mark.parametrize("wrong", ["91350100M000100Y34", "91350100M000100Y4", "9135O100M000100Y43"])
def test_a_wrong_credit_code_is_told_with_what_to_do(
    wrong: str, book: Callable[[Sheets], Path]
) -> None:
    head = ["id", "name_zh", "name_en", "credit_code"]
    _, (problem,) = check_xlsx(book({"institutions": [head, ["i", "院", "I", wrong]]}))
    assert problem.startswith(f"sheet institutions, row 2, column credit_code: {wrong!r} is not a")
    assert "copy it from the certificate, or leave the cell empty" in problem


BROKEN: list[tuple[str, list[str], list[Any], str, str]] = [
    (
        "meters",
        ["id", "institution", "carrier", "register"],
        ["m", "i", "steam", "heat_gj"],
        "carrier",
        "not one of",
    ),
    ("meters", ["id", "institution", "carrier"], ["m", "i", "heat"], "register", "must be filled"),
    (
        "bins",
        ["id", "institution", "stream", "tare_kg"],
        ["b", "i", "food", "heavy"],
        "tare_kg",
        "not a number",
    ),
    (
        "bins",
        ["id", "institution", "stream", "expected_interval_s"],
        ["b", "i", "food", 1.5],
        "expected_interval_s",
        "whole",
    ),
    (
        "institutions",
        ["id", "name_zh", "name_en", "heating_season"],
        ["i", "院", "I", "Nov"],
        "heating_season",
        "season",
    ),
    ("institutions", ["id", "name_zh", "name_en"], [True, "院", "I"], "id", "truth value"),
    (
        "dated",
        ["record", "field", "valid_from", "value"],
        ["i", "headcount", "soon", 3],
        "valid_from",
        "not a day",
    ),
    (
        "dated",
        ["record", "field", "valid_from", "value"],
        ["i", "headcount", "2024-01-01", None],
        "value",
        "must be filled",
    ),
    (
        "dated",
        ["record", "field", "valid_from", "value"],
        ["i", "headcount", "2024-01-01", 3],
        "record",
        "no record",
    ),
    (
        "swaps",
        ["record", "field", "at", "final"],
        ["m", "swaps", "2024-03-01 09:30", 5],
        "at",
        "zone",
    ),
    (
        "swaps",
        ["record", "field", "at", "final"],
        ["m", "swap", "2024-03-01T09:30Z", 5],
        "record",
        "no record",
    ),
    (
        "contracts",
        [
            "id",
            "institution",
            "name_zh",
            "name_en",
            "form",
            "baseline_start",
            "baseline_end",
            "reporting_start",
            "terms",
        ],
        ["c", "i", "合", "C", "none", "2022-01-01", "2023-01-01", "2023-01-01", "[1]"],
        "terms",
        "JSON object",
    ),
]


@pytest.mark.parametrize(("sheet", "head", "row", "column", "reason"), BROKEN)
def test_a_bad_cell_is_told_with_its_place(
    book: Callable[[Sheets], Path],
    sheet: str,
    head: list[str],
    row: list[Any],
    column: str,
    reason: str,
) -> None:
    _, (problem,) = read_xlsx(book({sheet: [head, row]}))
    assert (problem.sheet, problem.row, problem.column) == (sheet, 2, column)
    assert reason in problem.reason


def test_all_problems_are_told_at_once_and_rows_count_as_the_person_sees_them(
    book: Callable[[Sheets], Path],
) -> None:
    path = book(
        {
            "meters": [
                ["id", "institution", "carrier", "register", "colour"],
                ["m1", "i", "steam", "heat_gj"],
                [],
                ["m2", "i", "heat"],
            ],
            "notes": [["anything"]],
        }
    )
    _, problems = read_xlsx(path)
    assert {(p.sheet, p.row, p.column) for p in problems} == {
        ("notes", 0, ""),
        ("meters", 1, "colour"),
        ("meters", 2, "carrier"),
        ("meters", 4, "register"),
    }


def test_what_does_not_fit_together_is_told(book: Callable[[Sheets], Path]) -> None:
    head = ["id", "institution", "carrier", "register"]
    path = book(
        {"meters": [head, ["m", "ghost", "water", "water_m3"], ["m", "ghost", "water", "power_w"]]}
    )
    _, problems = check_xlsx(path)
    assert any("'ghost'" in p for p in problems)
    assert any("'m' is there 2 times" in p for p in problems)
    assert any("'power_w' is not a register" in p for p in problems)
    known = Registry((Institution("ghost", "院", "G"),))
    assert not any("'ghost', which" in p for p in check_xlsx(path, known)[1])


def test_an_import_replaces_by_id_and_keeps_the_rest() -> None:
    old = api_sample.registry()
    new = Registry(
        devices=(
            Meter(
                id="b7-elec",
                institution="cam-b7",
                carrier=Carrier.ELECTRICITY,
                register="energy_import_kwh",
                name_en="renamed",
            ),
        )
    )
    result = merged(old, new)
    assert len(result.devices) == len(old.devices)
    assert result.device_by_id["b7-elec"].name_en == "renamed"


@pytest.mark.parametrize("content", [b"", b"no workbook", b"PK\x03\x04broken"])
def test_a_file_that_is_no_workbook(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="not a workbook"):
        read_xlsx(path)
    with pytest.raises(ConfigError, match="not a workbook"):
        read_xlsx(tmp_path / "absent.xlsx")


def test_the_commands_carry_a_registry_from_one_installation_to_another(tmp_path: Path) -> None:
    def run(*args: str) -> Any:
        return CliRunner().invoke(civicmeter, args, catch_exceptions=True)

    source, target, file = str(tmp_path / "a"), str(tmp_path / "b"), str(tmp_path / "r.xlsx")
    write_xlsx(rich(), tmp_path / "first.xlsx")
    assert run("registry", "import", str(tmp_path / "first.xlsx"), "--data", source).exit_code == 0
    assert run("registry", "export", file, "--data", source).exit_code == 0
    again = run("registry", "export", file, "--data", source)
    assert isinstance(again.exception, ConfigError)
    checked = run("registry", "check", file, "--data", target)
    assert "3 institutions, 1 buildings, 8 devices, 3 contracts" in checked.output
    assert run("registry", "import", file, "--data", target).exit_code == 0
    assert run("registry", "export", str(tmp_path / "z.xlsx"), "--data", target).exit_code == 0
    carried, given = read_xlsx(tmp_path / "z.xlsx")[0], rich()
    for kind in ("institutions", "buildings", "devices", "contracts"):
        by_id = {r.id: r for r in getattr(carried, kind)}
        assert by_id == {r.id: r for r in getattr(given, kind)}
