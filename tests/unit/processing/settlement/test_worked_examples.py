"""The worked examples of docs/settlement.md, reckoned by hand there, to the fen."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from config.factors_tariffs import Tariff
from domain.calendar import Month
from domain.contracts.statement import SettlementError, Statement
from domain.contracts.terms import Terms
from domain.contracts.written import read_terms
from domain.figures import Verdict
from domain.places import Term
from processing.settlement.course import settle
from processing.settlement.inputs import CarrierSaving, MonthInputs, PvMonth
from processing.settlement.prices import PriceBook

D = Decimal
FLAT = (Term("price", "0.70", "electricity"),)
SHARE = (Term("vendor_share", "0.6", "1"), Term("vendor_share", "0.5", "2"))
_HOURS = dict.fromkeys(range(1, 13), ("flat",) * 24)


def _terms(form: str, *rows: Term) -> Terms:
    terms, faults = read_terms(form, rows)
    assert terms is not None, faults
    return terms


def _saving(
    month: Month, kwh: float | None, verdict: Verdict = "proven", **more: object
) -> CarrierSaving:
    days = month.days()
    given: dict[str, object] = {
        "contract": "retrofit",
        "carrier": "electricity",
        "saved_kwh": kwh,
        "verdict": verdict,
        "by_day": {d: (kwh or 0.0) / len(days) for d in days},
    }
    return CarrierSaving(**(given | more))  # type: ignore[arg-type]


def _month(month: Month, *savings: CarrierSaving, **more: object) -> MonthInputs:
    """A month of an agreement that began in January 2025."""
    index = (month.year - 2025) * 12 + month.month - 1
    given: dict[str, object] = {
        "month": month,
        "start": month.first_day,
        "end": month.end_day,
        "year": index // 12 + 1,
        "last_of_year": index % 12 == 11,
        "savings": savings,
    }
    return MonthInputs(**(given | more))  # type: ignore[arg-type]


def _settled(terms: Terms, *months: MonthInputs) -> list[Statement]:
    return settle("retrofit", terms, months, PriceBook(terms.prices, lambda _: None))


def _amounts(statement: Statement) -> list[tuple[str, D]]:
    return [(line.kind, line.amount_cny) for line in statement.lines]


JUNE, JULY = Month(2025, 6), Month(2025, 7)


def test_shared_by_tariff_period() -> None:
    """Example 1: 12,000 kWh, of which half peak, a third flat, a sixth valley; share 60 %."""
    prices = (
        Term("price", "1.19", "electricity/peak"),
        Term("price", "0.70", "electricity/flat"),
        Term("price", "0.21", "electricity/valley"),
    )
    saving = _saving(JUNE, 12_000, period_ratios={"peak": 3.0, "flat": 2.0, "valley": 1.0})
    (found,) = _settled(_terms("shared", *SHARE, *prices), _month(JUNE, saving))
    assert [(li.period, li.quantity, li.amount_cny) for li in found.lines] == [
        ("peak", D("6000.000"), D("4284.00")),
        ("flat", D("4000.000"), D("1680.00")),
        ("valley", D("2000.000"), D("252.00")),
    ]
    assert found.amount_cny == D("6216.00")


@pytest.mark.parametrize(
    ("rule", "june", "july", "carried"),
    [
        ("floor", "0.00", "840.00", "0"),
        ("carry_forward", "0.00", "420.00", "-420.00"),
        ("net", "-420.00", "840.00", "0"),
    ],
)
def test_a_negative_month_under_each_rule(rule: str, june: str, july: str, carried: str) -> None:
    """Example 2: June −1,000 kWh, July 2,000 kWh at 0.70 CNY, share 60 %."""
    terms = _terms("shared", *SHARE, *FLAT, Term("negative_months", rule))
    first, second = _settled(
        terms,
        _month(JUNE, _saving(JUNE, -1_000, "proven_increase")),
        _month(JULY, _saving(JULY, 2_000)),
    )
    assert (first.amount_cny, second.amount_cny) == (D(june), D(july))
    assert first.carried_cny == D(carried)


def test_a_carried_amount_crosses_the_end_of_a_year() -> None:
    """Example 3: −1,000 kWh in the last month of year 1 (60 %), 500 and 1,000 kWh in year 2 (50 %)."""
    terms = _terms("shared", *SHARE, *FLAT, Term("negative_months", "carry_forward"))
    months = [Month(2025, 12), Month(2026, 1), Month(2026, 2)]
    saved: list[tuple[float, Verdict]] = [
        (-1_000, "proven_increase"),
        (500, "proven"),
        (1_000, "proven"),
    ]
    found = _settled(
        terms, *(_month(m, _saving(m, k, v)) for m, (k, v) in zip(months, saved, strict=True))
    )
    assert [s.year for s in found] == [1, 2, 2]
    assert [s.amount_cny for s in found] == [D("0.00"), D("0.00"), D("105.00")]
    assert [s.carried_cny for s in found] == [D("-420.00"), D("-245.00"), D(0)]


def test_a_price_that_changes_within_the_month() -> None:
    """Example 4: 100 kWh a day in June, 0.70 CNY, from 16 June 0.80; share 60 %."""
    prices = (*FLAT, Term("price", "0.80", "electricity", date(2025, 6, 16)))
    (found,) = _settled(_terms("shared", *SHARE, *prices), _month(JUNE, _saving(JUNE, 3_000)))
    assert [(li.quantity, li.amount_cny) for li in found.lines] == [
        (D("1500.000"), D("630.00")),
        (D("1500.000"), D("720.00")),
    ]


def test_a_tariff_that_changes_within_the_month() -> None:
    """Example 5: as 4, by the tariff of the place: its flat price 0.70, from 16 June 0.80."""
    tariffs = [
        Tariff("37", d, "test", p, 0.0, {"flat": 1.0}, _HOURS)
        for d, p in ((date(2024, 1, 1), 0.70), (date(2025, 6, 16), 0.80))
    ]
    terms = _terms("shared", *SHARE, Term("prices", "tariff"))
    book = PriceBook(terms.prices, lambda d: tariffs[d >= date(2025, 6, 16)])
    month = _month(JUNE, _saving(JUNE, 3_000, period_ratios={"flat": 1.0}))
    (found,) = settle("retrofit", terms, [month], book)
    assert [li.amount_cny for li in found.lines] == [D("630.00"), D("720.00")]
    assert [li.price_source for li in found.lines] == [
        "tariff.37.flat 2024-01-01",
        "tariff.37.flat 2025-06-16",
    ]


@pytest.mark.parametrize(
    ("rule", "amount"), [("point", "420.00"), ("bound", "0.00"), ("nothing", "0"), ("wait", "0")]
)
def test_a_month_that_is_not_proven(rule: str, amount: str) -> None:
    """Example 6: 1,000 kWh, its interval −200 to 2,200; share 60 % of 0.70 CNY."""
    saving = _saving(JUNE, 1_000, "not_proven", low_kwh=-200.0, high_kwh=2_200.0)
    terms = _terms("shared", *SHARE, *FLAT, Term("not_proven", rule))
    (found,) = _settled(terms, _month(JUNE, saving))
    assert found.amount_cny == D(amount)
    assert [w.amount_cny for w in found.waiting] == ([D("420.00")] if rule == "wait" else [])


@pytest.mark.parametrize(("verdict", "amount"), [("proven", "840.00"), ("not_proven", "0")])
def test_what_waits_is_settled_when_its_year_is_proven(verdict: Verdict, amount: str) -> None:
    """Example 7: November and December 1,000 kWh each, neither proven alone."""
    november, december = Month(2025, 11), Month(2025, 12)
    last = _saving(december, 1_000, "not_proven", year_verdict=verdict)
    first, second = _settled(
        _terms("shared", *SHARE, *FLAT),
        _month(november, _saving(november, 1_000, "not_proven")),
        _month(december, last),
    )
    assert (first.amount_cny, second.amount_cny) == (D(0), D(amount))
    told = [f.code for f in second.findings]
    assert ("settlement_year_not_proven" in told) == (verdict == "not_proven")


def test_caps_and_tax() -> None:
    """Example 8: 2,520 CNY a month, at most 2,000 a month and 3,000 a year; 6 % tax on top."""
    rows = (
        Term("cap_cny_per_month", "2000"),
        Term("cap_cny_per_year", "3000"),
        Term("prices_include_tax", "no"),
        Term("tax_ratio", "0.06"),
    )
    found = _settled(
        _terms("shared", *SHARE, *FLAT, *rows),
        *(_month(m, _saving(m, 6_000)) for m in (JUNE, JULY)),
    )
    assert _amounts(found[0]) == [
        ("saving", D("2520.00")),
        ("capped", D("-520.00")),
        ("tax", D("120.00")),
    ]
    assert found[1].amount_cny == D("1060.00")


def test_a_guarantee_that_is_missed_and_one_that_is_passed() -> None:
    """Example 9: 5,000 CNY a month; 90,000 kWh a year guaranteed at 0.70; a third of a surplus."""
    rows = (
        Term("fee_cny_per_month", "5000"),
        Term("guaranteed_kwh", "90000", "electricity"),
        Term("surplus_share", "0.3"),
    )
    december = Month(2025, 12)
    for year_kwh, verdict, amount in (
        (80_000, "proven", "-2000.00"),  # 10,000 kWh short: 7,000 CNY of the vendor's 5,000
        (100_000, "proven", "7100.00"),  # 10,000 kWh beyond: 2,100 CNY more
        (100_000, "not_proven", "-58000.00"),  # nothing proven: all 90,000 kWh are short
    ):
        last = _saving(december, 8_000, year_saved_kwh=float(year_kwh), year_verdict=verdict)
        terms = _terms("guaranteed", *rows, *FLAT, Term("negative_months", "net"))
        (found,) = _settled(terms, _month(december, last))
        assert found.amount_cny == D(amount)


def test_an_entrusted_fee_with_all_four_changes() -> None:
    """Example 10: 1,200,000 CNY a year, June weighs 0.08; 500 m² more at 30 CNY, 20 heads less at
    600 CNY; 1,000,000 kWh at 0.70, now 0.75; 3,000 CNY a month for a new canteen."""
    weights = [Term("weight", "0.08", str(m)) for m in range(1, 12)]
    rows = (
        Term("base_cny_per_year", "1200000"),
        *weights,
        Term("weight", "0.12", "12"),
        Term("base_area_m2", "10000"),
        Term("area_cny_per_m2_year", "30"),
        Term("base_headcount", "400"),
        Term("headcount_cny_per_head_year", "600"),
        Term("base_energy_kwh", "1000000", "electricity"),
        Term("base_price", "0.70", "electricity"),
        Term("price", "0.75", "electricity"),
        Term("service_cny_per_month", "3000", "canteen"),
    )
    june = _month(JUNE, area_m2=D("10500"), headcount=D("380"))
    (found,) = _settled(_terms("entrusted", *rows), june)
    assert _amounts(found) == [
        ("base_fee", D("96000.00")),
        ("delta_area", D("1200.00")),
        ("delta_headcount", D("-960.00")),
        ("delta_price", D("4000.00")),
        ("delta_service", D("3000.00")),
    ]
    assert found.amount_cny == D("103240.00")


@pytest.mark.parametrize("paid_to", ["owner", "vendor"])
def test_a_roof(paid_to: str) -> None:
    """Example 11: 8,000 kWh used at 0.65, 2,000 kWh fed in at 0.3949; the vendor has 85.8 %."""
    rows = (
        Term("pv_vendor_share", "0.858"),
        Term("pv_export_paid_to", paid_to),
        Term("price", "0.65", "pv_self_use"),
        Term("price", "0.3949", "pv_export"),
    )
    roof = PvMonth(contract="retrofit", self_use_kwh=8_000.0, export_kwh=2_000.0)
    (found,) = _settled(_terms("none", *rows), _month(JUNE, pv=(roof,)))
    own = D("4461.60")  # 8,000 · 0.65 · 0.858
    export = D("677.65") if paid_to == "owner" else D("-112.15")  # 789.80 · 0.858, or · −0.142
    assert [li.amount_cny for li in found.lines] == [own, export]
    assert found.amount_cny == own + export


def test_what_is_not_known_is_not_settled_and_told() -> None:
    saving = _saving(JUNE, 1_000, known_ratio=0.5)
    (found,) = _settled(_terms("shared", *SHARE, *FLAT), _month(JUNE, saving))
    assert not found.lines
    assert [f.code for f in found.findings] == ["settlement_unknown"]


def test_a_price_that_is_missing_is_refused_with_what_to_do() -> None:
    late = Term("price", "0.70", "electricity", date(2025, 6, 16))
    with pytest.raises(SettlementError, match="no price of electricity on 2025-06-01: add a row"):
        _settled(_terms("shared", *SHARE, late), _month(JUNE, _saving(JUNE, 1_000)))


def test_hours_that_are_missing_are_refused() -> None:
    peak = Term("price", "1.19", "electricity/peak")
    with pytest.raises(SettlementError, match="depends on the hour"):
        _settled(_terms("shared", *SHARE, *FLAT, peak), _month(JUNE, _saving(JUNE, 1_000)))


def test_days_without_a_saving_cost_no_span_its_own() -> None:
    """Example 12: nothing is known before 16 June, when the price rises: all of it is at the new one."""
    prices = (*FLAT, Term("price", "0.80", "electricity", date(2025, 6, 16)))
    days = {date(2025, 6, 16) + timedelta(days=i): 100.0 for i in range(15)}
    saving = _saving(JUNE, 1_500, by_day=days)
    (found,) = _settled(_terms("shared", *SHARE, *prices), _month(JUNE, saving))
    assert [li.quantity for li in found.lines] == [D("0.000"), D("1500.000")]
    assert found.amount_cny == D("720.00")


def test_what_waits_though_it_may_not_be_settled_alone_counts_with_its_year() -> None:
    """November may not be settled by itself; the contract year is proven, and may."""
    terms = _terms("shared", *SHARE, *FLAT)
    november, december = Month(2025, 11), Month(2025, 12)
    months = [
        _month(november, _saving(november, 1_000.0, is_permitted=False)),
        _month(december, _saving(december, 1_000.0, year_verdict="proven")),
    ]
    assert [s.amount_cny for s in _settled(terms, *months)] == [D("0.00"), D("840.00")]
    months[1] = _month(december, _saving(december, 1_000.0))
    assert [s.amount_cny for s in _settled(terms, *months)] == [D("0.00"), D("420.00")]
