"""能源费用托管型: Fee = base · weight(month) + Δarea + Δheadcount + Δprice + Δservice."""

from collections.abc import Iterator
from decimal import Decimal

from domain.contracts.money import ENERGY_STEP_KWH, fen
from domain.contracts.statement import Line, LineKind, SettlementError
from domain.contracts.terms import Entrusted, amount_on
from domain.findings import Finding
from processing.settlement.inputs import MonthInputs
from processing.settlement.prices import PriceBook

_ONE = Decimal(1)


def entrusted_lines(
    form: Entrusted, month: MonthInputs, book: PriceBook
) -> tuple[list[Line], list[Finding]]:
    """The fee of a month; what is of a year weighs by the month, and by its days in force."""
    weight = form.weights[month.month.month] * month.in_force_ratio
    base = amount_on(form.base_cny_per_year, month.start)
    if base is None:
        raise SettlementError(
            "base_missing",
            f"no base_cny_per_year on {month.start}: add one that holds from the beginning",
            day=str(month.start),
        )
    lines = [_line("base_fee", _ONE, "year", base, weight)]
    findings: list[Finding] = []
    for kind, what, now, before, rate in (
        ("delta_area", "area", month.area_m2, form.base_area_m2, form.area_cny_per_m2_year),
        (
            "delta_headcount",
            "headcount",
            month.headcount,
            form.base_headcount,
            form.headcount_cny_per_head_year,
        ),
    ):
        if before is None or not rate:
            continue
        if now is None:
            findings.append(Finding(f"settlement_no_{what}"))
        elif now != before:
            lines.append(_line(_KINDS[kind], now - before, what, rate, weight))
    lines += _price_changes(form, month, book, weight)
    lines += _services(form, month)
    return lines, findings


_KINDS: dict[str, LineKind] = {"delta_area": "delta_area", "delta_headcount": "delta_headcount"}


def _price_changes(
    form: Entrusted, month: MonthInputs, book: PriceBook, weight: Decimal
) -> Iterator[Line]:
    """The energy agreed for the month times how far the price has moved; by days, where it moves
    within the month."""
    for carrier, change in sorted(form.price_changes.items()):
        energy = (change.year_kwh * weight).quantize(ENERGY_STEP_KWH)
        left = energy
        spans = book.spans(carrier, month.start, month.end)
        days = (month.end - month.start).days
        for i, (start, end) in enumerate(spans):
            share = Decimal((end - start).days) / days
            part = left if i == len(spans) - 1 else (energy * share).quantize(ENERGY_STEP_KWH)
            left -= part
            price, source = book.price(carrier, "", start)
            moved = price - change.base_cny_per_kwh
            if moved:
                yield Line(
                    kind="delta_price",
                    amount_cny=fen(part * moved),
                    of=carrier,
                    start=start,
                    end=end,
                    quantity=part,
                    unit="kWh",
                    price_cny=moved,
                    price_source=source,
                    share=_ONE,
                )


def _services(form: Entrusted, month: MonthInputs) -> Iterator[Line]:
    for service, amounts in sorted(form.services.items()):
        amount = amount_on(amounts, month.start)
        if amount:
            yield _line("delta_service", month.in_force_ratio, "month", amount, _ONE, service)


def _line(
    kind: LineKind, amount: Decimal, unit: str, price: Decimal, share: Decimal, of: str = ""
) -> Line:
    return Line(
        kind=kind,
        amount_cny=fen(amount * price * share),
        of=of,
        quantity=amount,
        unit=unit,
        price_cny=price,
        price_source="agreed",
        share=share,
    )
