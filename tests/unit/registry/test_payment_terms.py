"""The terms of payment in the workbook: written, read back, and refused where they do not do."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from domain.places import Carrier, Contract, Institution, Term
from domain.registry import Registry
from registry.reading import read_xlsx
from registry.writing import write_xlsx

PLACE = Institution(id="hall", name_zh="厅", name_en="Hall", building_type="A")
SHARED = (
    Term("vendor_share", "0.7", "1"),
    Term("vendor_share", "0.5", "2"),
    Term("price", "1.19", "electricity/peak", date(2025, 1, 1)),
    Term("price", "0.70", "electricity"),
    Term("negative_months", "net"),
)
CONTRACT = Contract(
    id="retrofit",
    institution="hall",
    name_zh="改造",
    name_en="Retrofit",
    form="shared",
    baseline_start=date(2023, 1, 1),
    baseline_end=date(2024, 1, 1),
    reporting_start=date(2025, 1, 1),
    payment_terms=SHARED,
)


def _written(path: Path, *contracts: Contract) -> tuple[Registry, list[str]]:
    write_xlsx(Registry((PLACE,), (), (), contracts), path)
    registry, problems = read_xlsx(path)
    return registry, [str(p) for p in problems]


def _misfits(*contracts: Contract) -> list[str]:
    return [str(m) for m in Registry((PLACE,), (), (), contracts).misfits()]


def test_terms_are_written_and_read_back(tmp_path: Path) -> None:
    registry, problems = _written(tmp_path / "book.xlsx", CONTRACT)
    assert not problems
    assert registry.contracts == (CONTRACT,)
    assert not _misfits(CONTRACT)


@pytest.mark.parametrize(
    ("form", "row", "said"),
    [
        ("shared", Term("vendor_sahre", "0.7"), "is no term"),
        ("shared", Term("vendor_share", "70", "3"), "is from 0 to 1, not 70"),
        ("shared", Term("vendor_share", "0.7", "4"), "every contract year from 1 on"),
        ("shared", Term("price", "nan", "electricity/flat"), "is a number, not 'nan'"),
        ("shared", Term("price", "1", "electricity/noon"), "has no period 'noon'"),
        ("shared", Term("price", "1", "steam"), "not 'steam'"),
        ("shared", Term("not_proven", "maybe"), "is one of point, bound, wait, nothing"),
        ("shared", Term("vendor_share", "0.6", "1"), "is there twice"),
        ("shared", Term("weight", "0.5", "1"), "no meaning in a contract of the form shared"),
        ("shared", Term("tax_ratio", "0.06", "", date(2025, 1, 1)), "leave valid_from empty"),
        ("shared", Term("pv_vendor_share", "0.8"), "price of pv_export is missing"),
    ],
)
def test_a_wrong_term_is_told_with_what_to_do(form: str, row: Term, said: str) -> None:
    wrong = replace(CONTRACT, payment_terms=(*SHARED, row))
    assert any(said in m for m in _misfits(wrong)), _misfits(wrong)


def test_weights_that_do_not_sum_to_one_are_refused() -> None:
    rows = [Term("weight", "0.08", str(m)) for m in range(1, 13)]
    base = Term("base_cny_per_year", "120000")
    wrong = replace(CONTRACT, form="entrusted", payment_terms=(base, *rows))
    assert any("sum to 0.96, not 1" in m for m in _misfits(wrong))
    rows[11] = Term("weight", "0.12", "12")
    assert not _misfits(replace(wrong, payment_terms=(base, *rows)))


def test_a_guarantee_has_an_amount_and_a_price() -> None:
    fee = Term("fee_cny_per_month", "5000")
    wrong = replace(CONTRACT, form="guaranteed", payment_terms=(fee,))
    assert any("guaranteed_kwh of a carrier is missing" in m for m in _misfits(wrong))
    amount = Term("guaranteed_kwh", "90000", "electricity")
    assert any(
        "price of electricity is missing" in m
        for m in _misfits(replace(wrong, payment_terms=(fee, amount)))
    )


def test_one_saving_is_paid_once() -> None:
    other = replace(CONTRACT, id="second")
    assert any(
        "pays for electricity that contract 'retrofit'" in m for m in _misfits(CONTRACT, other)
    )
    gas = replace(other, carriers=(Carrier.NATURAL_GAS,))
    later = replace(CONTRACT, reporting_end=date(2026, 1, 1))
    after = replace(other, reporting_start=date(2026, 1, 1))
    assert not _misfits(CONTRACT, gas)
    assert not _misfits(later, after)
    assert not _misfits(CONTRACT, replace(other, payment_terms=()))


def test_a_bundle_has_one_set_of_terms() -> None:
    one = replace(CONTRACT, terms={"bundle": "town"})
    gas = replace(one, id="second", carriers=(Carrier.NATURAL_GAS,))
    assert not _misfits(one, gas)
    other = replace(gas, payment_terms=SHARED[:2])
    assert any("other terms of payment than 'retrofit'" in m for m in _misfits(one, other))
