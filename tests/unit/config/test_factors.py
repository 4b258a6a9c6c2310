"""The dated tables: every row holds together, and every finding has its sentence."""

import re
from datetime import date

import pytest

from config.factors import FactorTable, electricity_region, factors, table
from config.texts import finding_text, texts
from domain.errors import ConfigError
from domain.figures import FactorUse
from domain.findings import Finding
from tests.paths import ROOT


def test_a_row_holds_from_its_day_until_the_next() -> None:
    grid = "co2.electricity.cn"
    assert factors().on(grid, date(2021, 12, 31)) is None
    first, second = (factors().on(grid, date(y, 1, 1)) for y in (2022, 2023))
    assert first is not None
    assert second is not None
    assert (first.value, second.value) == (0.5366, 0.5306)
    assert factors().on(grid, date(2030, 1, 1)) == second
    assert factors().on("no.such.factor", date(2030, 1, 1)) is None


def test_the_order_of_rows_does_not_matter() -> None:
    rows = [FactorUse("f", float(y), "u", "s", date(y, 1, 1)) for y in (2022, 2020, 2021)]
    assert FactorTable(rows).on("f", date(2021, 6, 1)) == rows[2]


def test_every_shipped_row_has_value_unit_source_and_day() -> None:
    names = factors().names()
    assert len(names) >= 10
    for row in table("factors", "factor"):
        assert set(row) - {"data_year"} == {"name", "value", "unit", "source", "valid_from"}
        assert row["value"] > 0
        assert row["source"]


def test_the_two_coal_sets_are_apart() -> None:
    day = date(2025, 1, 1)
    national = factors().on("standard_coal.national.electricity", day)
    shandong = factors().on("standard_coal.shandong.electricity", day)
    assert national is not None
    assert shandong is not None
    assert (national.value, shandong.value) == (0.1229, 0.31)


@pytest.mark.parametrize(
    ("district", "timezone", "year", "region"),
    [
        ("370502", "Asia/Shanghai", 2026, "cn-37"),
        ("110101", "Asia/Shanghai", 2026, "cn-11"),
        ("110101", "Asia/Shanghai", 2022, "cn"),
        ("540102", "Asia/Shanghai", 2026, "cn"),
        ("", "Asia/Shanghai", 2026, "cn"),
        ("", "Europe/London", 2026, ""),
    ],
)
def test_whose_grid_counts(district: str, timezone: str, year: int, region: str) -> None:
    assert electricity_region(district, timezone, date(year, 3, 1)) == region


def test_every_province_but_tibet_has_a_grid_factor_with_its_year_and_name() -> None:
    day = date(2023, 7, 1)
    found = {n: factors().on(n, day) for n in factors().names() if n.startswith("co2.electricity.")}
    assert len(found) == 31
    for name, factor in found.items():
        assert factor is not None
        assert 0.1 < factor.value < 0.7
        assert (factors().data_year(factor), factors().old_from(factor)) == (2023, date(2025, 1, 1))
        assert {"zh", "en"} == set(texts("report")[f"factor_name.{name}"])
    assert found["co2.electricity.cn-37"].value == 0.6191  # type: ignore[union-attr]


def test_a_factor_of_no_year_never_grows_old() -> None:
    coal = factors().on("standard_coal.national.electricity", date(2026, 1, 1))
    assert coal is not None
    assert (factors().data_year(coal), factors().old_from(coal)) == (None, None)


def test_a_table_without_rows_is_refused() -> None:
    with pytest.raises(ConfigError, match="no \\[\\[nothing\\]\\] rows"):
        table("factors", "nothing")


def finding_codes() -> set[str]:
    """Every code that the processing room can tell."""
    found = {f"{w}_{q}" for w in ("use", "total") for q in ("incomplete", "doubtful", "estimated")}
    for path in (ROOT / "processing").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        found |= set(re.findall(r'(?:Finding|Event)\(\s*"(\w+)"', text))
        found |= set(re.findall(r'_tell\("(\w+)"', text))
    return found


def test_every_finding_has_a_sentence_in_both_languages() -> None:
    rooms = (ROOT / "config" / "texts").glob("findings*.toml")
    known = {code: said for room in rooms for code, said in texts(room.stem).items()}
    codes = finding_codes()
    assert len(codes) > 20
    assert codes <= set(known)
    for code in codes:
        holes = set(re.findall(r"{(\w+)}", known[code]["zh"] + known[code]["en"]))
        numbers = dict.fromkeys(holes - {"subject"}, 1)
        for lang in ("zh", "en"):
            assert finding_text(Finding(code, subject="m1", numbers=numbers), lang)
