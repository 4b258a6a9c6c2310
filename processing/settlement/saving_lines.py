"""A carrier's saving as lines: cut where prices change, divided among the tariff's periods."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from domain.contracts.money import ZERO, fen, parted, quantity
from domain.contracts.statement import Line, SettlementError
from processing.settlement.inputs import CarrierSaving, MonthInputs
from processing.settlement.prices import PriceBook


def saving_lines(
    saving: CarrierSaving, counted_kwh: float, month: MonthInputs, book: PriceBook, share: Decimal
) -> list[Line]:
    """The lines of a saving of which `counted_kwh` counts; their quantities sum to it.

    A span of days has what was avoided on them; where more or less counts than was avoided, or no
    days are known, the difference is divided by the number of days. A span is divided among the
    periods as the month's use is: a daily model knows no hours. Raises SettlementError.
    """
    lines: list[Line] = []
    for (start, end), energy in _by_span(saving, counted_kwh, month, book):
        for period, part in _by_period(saving, energy, book):
            price, source = book.price(saving.carrier, period, start)
            lines.append(
                Line(
                    kind="saving",
                    amount_cny=fen(part * price * share),
                    contract=saving.contract,
                    of=saving.carrier,
                    period=period,
                    start=start,
                    end=end,
                    quantity=part,
                    unit="kWh",
                    price_cny=price,
                    price_source=source,
                    share=share,
                    rests_on=saving.rests_on,
                )
            )
    return lines


Span = tuple[date, date]


def _by_span(
    saving: CarrierSaving, counted_kwh: float, month: MonthInputs, book: PriceBook
) -> Iterator[tuple[Span, Decimal]]:
    spans = book.spans(saving.carrier, month.start, month.end)
    left = quantity(counted_kwh)
    difference = counted_kwh - sum(saving.by_day.values())
    days = (month.end - month.start).days
    for start, end in spans[:-1]:
        seen = sum(v for d, v in saving.by_day.items() if start <= d < end)
        energy = quantity(seen + difference * (end - start).days / days)
        left -= energy
        yield (start, end), energy
    yield spans[-1], left


def _by_period(
    saving: CarrierSaving, energy: Decimal, book: PriceBook
) -> Iterator[tuple[str, Decimal]]:
    if not book.by_period(saving.carrier):
        yield "", energy
        return
    ratios = {p: r for p, r in saving.period_ratios.items() if r > 0}
    if not ratios:
        raise SettlementError(
            "hours_unknown",
            f"{saving.contract}: the price of {saving.carrier} depends on the hour, and the hours of "
            "its use are not known: agree on one price of all hours, or mend the main meter",
            contract=saving.contract,
            carrier=saving.carrier,
        )
    for period, part in parted(energy, ratios).items():
        if part != ZERO:
            yield period, part
