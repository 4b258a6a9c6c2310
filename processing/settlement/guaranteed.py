"""节能量保证型: a fee a month, and at the end of a contract year what the guarantee missed."""

from decimal import Decimal

from domain.contracts.money import ZERO, fen, quantity
from domain.contracts.statement import Line, SettlementError
from domain.contracts.terms import Guaranteed, Rules, amount_on
from domain.findings import Finding
from processing.settlement.counted import counted
from processing.settlement.inputs import CarrierSaving, MonthInputs
from processing.settlement.prices import PriceBook

_ONE = Decimal(1)


def fee_lines(form: Guaranteed, month: MonthInputs) -> list[Line]:
    """The fee of the month, for the days in which the agreement is in force."""
    if not form.fee_cny_per_month:
        return []
    fee = amount_on(form.fee_cny_per_month, month.start)
    if fee is None:
        raise SettlementError(
            "fee_missing",
            f"no fee_cny_per_month on {month.start}: add one that holds from the beginning",
            day=str(month.start),
        )
    return [
        Line(
            kind="fee",
            amount_cny=fen(fee * month.in_force_ratio),
            quantity=month.in_force_ratio,
            unit="month",
            price_cny=fee,
            price_source="agreed",
            share=_ONE,
            start=month.start,
            end=month.end,
        )
    ]


def true_up_lines(
    form: Guaranteed, rules: Rules, month: MonthInputs, book: PriceBook
) -> tuple[list[Line], list[Finding]]:
    """What is missing of the guaranteed saving, or beyond it, when a contract year ends.

    The saving of the year is judged as a whole, by its own interval; a year that is not proven
    counts as `not_proven` says, and "wait" is then nothing: there is no later year to wait for.
    """
    if not month.last_of_year:
        return [], []
    lines, findings = [], []
    for carrier, guaranteed in sorted(form.guaranteed_kwh.items()):
        of_it = [s for s in month.savings if s.carrier == carrier]
        saved = _year_saved(of_it, rules)
        if saved is None:
            numbers = {"carrier": carrier, "contract": of_it[0].contract if of_it else ""}
            findings.append(Finding("settlement_year_unknown", numbers=numbers))
            continue
        price, source = book.price(carrier, "", month.start)
        beyond = saved - guaranteed
        share = form.surplus_share if beyond > 0 else _ONE
        lines.append(
            Line(
                kind="surplus" if beyond > 0 else "shortfall",
                amount_cny=fen(beyond * price * share),
                of=carrier,
                quantity=beyond,
                unit="kWh",
                price_cny=price,
                price_source=source,
                share=share,
                rests_on=tuple(r for s in of_it for r in s.rests_on),
            )
        )
    return [line for line in lines if line.quantity], findings


def _year_saved(savings: list[CarrierSaving], rules: Rules) -> Decimal | None:
    """What counts of the year's saving of a carrier, over all contracts; None: not known."""
    total = ZERO
    for saving in savings:
        found = counted(
            rules,
            saving.year_saved_kwh,
            (saving.year_low_kwh, saving.year_high_kwh),
            saving.year_verdict,
            saving.year_known_ratio,
        )
        if found.how == "unknown":
            return None
        total += quantity(found.energy_kwh) if found.how == "counts" else ZERO
    return total if savings else None
