"""What holds of every course of months, whatever is saved and agreed."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import Month
from domain.contracts.money import fen, parted
from domain.contracts.statement import Statement
from domain.contracts.terms import Terms
from domain.contracts.written import read_terms
from domain.places import Term
from processing.settlement.course import settle
from processing.settlement.inputs import CarrierSaving, MonthInputs
from processing.settlement.prices import PriceBook

FIRST = Month(2025, 1)
SAVED = st.lists(
    st.tuples(st.floats(-1e6, 1e6), st.sampled_from(["proven", "not_proven", "proven_increase"])),
    min_size=1,
    max_size=15,
)
ROWS = (
    Term("vendor_share", "0.7", "1"),
    Term("vendor_share", "0.35", "2"),
    Term("price", "0.7312", "electricity"),
    Term("price", "0.8101", "electricity", FIRST.plus(3).first_day + timedelta(days=9)),
    Term("not_proven", "point"),
)


def _terms(*more: Term) -> Terms:
    terms, faults = read_terms("shared", (*ROWS, *more))
    assert terms is not None, faults
    return terms


def _months(saved: list[tuple[float, str]]) -> list[MonthInputs]:
    found = []
    for i, (kwh, verdict) in enumerate(saved):
        month = FIRST.plus(i)
        saving = CarrierSaving(
            contract="c",
            carrier="electricity",
            saved_kwh=kwh,
            verdict=verdict,  # type: ignore[arg-type]
            by_day={d: kwh / len(month.days()) for d in month.days()},
            year_verdict="proven",
        )
        found.append(
            MonthInputs(
                month=month,
                start=month.first_day,
                end=month.end_day,
                year=i // 12 + 1,
                last_of_year=i % 12 == 11,
                last_of_all=i == len(saved) - 1,
                savings=(saving,),
            )
        )
    return found


def _settled(terms: Terms, months: list[MonthInputs]) -> list[Statement]:
    return settle("c", terms, months, PriceBook(terms.prices, lambda _: None))


def _sum(statements: list[Statement]) -> Decimal:
    return sum((s.amount_cny for s in statements), Decimal(0))


@given(SAVED)
def test_net_months_sum_to_their_savings(saved: list[tuple[float, str]]) -> None:
    found = _settled(_terms(Term("negative_months", "net")), _months(saved))
    lines = [line for s in found for line in s.lines]
    assert {line.kind for line in lines} <= {"saving"}
    assert _sum(found) == sum((line.amount_cny for line in lines), Decimal(0))


@given(SAVED)
def test_what_is_carried_and_owed_at_the_end_comes_to_the_net(
    saved: list[tuple[float, str]],
) -> None:
    months = _months(saved)
    net = _settled(_terms(Term("negative_months", "net")), months)
    carried = _settled(
        _terms(Term("negative_months", "carry_forward"), Term("carried_at_end", "owed")), months
    )
    assert _sum(carried) == _sum(net)
    assert all(s.amount_cny >= 0 for s in carried[:-1])


@given(SAVED)
def test_who_owes_more_never_gets_more(saved: list[tuple[float, str]]) -> None:
    """Net ≤ carried and forgiven ≤ floor, for the vendor."""
    months = _months(saved)
    sums = [
        _sum(_settled(_terms(Term("negative_months", rule)), months))
        for rule in ("net", "carry_forward", "floor")
    ]
    assert sums == sorted(sums)


@given(SAVED)
def test_nothing_is_lost_by_waiting_for_a_year_that_is_proven(
    saved: list[tuple[float, str]],
) -> None:
    months = _months([*saved, *[(0.0, "proven")] * (-len(saved) % 12)])
    at_once = _settled(_terms(Term("negative_months", "net")), months)
    waited = [r for r in ROWS if r.name != "not_proven"]
    terms, _ = read_terms("shared", (*waited, Term("negative_months", "net")))
    assert terms is not None
    assert _sum(_settled(terms, months)) == _sum(at_once)


@given(SAVED)
def test_every_line_is_its_quantity_times_price_times_share(saved: list[tuple[float, str]]) -> None:
    for statement in _settled(_terms(), _months(saved)):
        for line in statement.lines:
            if line.quantity is not None and line.price_cny is not None:
                product = line.quantity * line.price_cny * (line.share or Decimal(1))
                assert line.amount_cny == fen(product)
        assert statement.amount_cny == fen(statement.amount_cny)


@given(SAVED)
def test_the_quantities_of_a_month_sum_to_what_counts(saved: list[tuple[float, str]]) -> None:
    months = _months(saved)
    for statement, month in zip(
        _settled(_terms(Term("negative_months", "net")), months), months, strict=True
    ):
        kwh = month.savings[0].saved_kwh
        assert kwh is not None
        total = sum((line.quantity or Decimal(0) for line in statement.lines), Decimal(0))
        assert abs(float(total) - kwh) <= 0.0005


@given(SAVED, st.integers(0, 14))
def test_a_later_month_never_changes_an_earlier_statement(
    saved: list[tuple[float, str]], at: int
) -> None:
    months = [replace(m, last_of_all=False) for m in _months(saved)]
    at = min(at, len(months))
    assert _settled(_terms(), months)[:at] == _settled(_terms(), months[:at])


@given(
    st.decimals(-(10**6), 10**6, places=3),
    st.dictionaries(st.sampled_from("abcde"), st.floats(1e-3, 1e6), min_size=1),
)
def test_parts_sum_to_the_whole(total: Decimal, weights: dict[str, float]) -> None:
    assert sum(parted(total, weights).values()) == total
