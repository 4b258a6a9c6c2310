"""An agreement from its first month on: each month settled with what those before left to it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from domain.contracts.money import ZERO, fen
from domain.contracts.statement import Line, LineKind, Statement
from domain.contracts.terms import Entrusted, Guaranteed, OwnProject, Rules, Shared, Terms
from domain.findings import Finding
from processing.settlement.counted import counted
from processing.settlement.entrusted import entrusted_lines
from processing.settlement.guaranteed import fee_lines, true_up_lines
from processing.settlement.inputs import CarrierSaving, MonthInputs
from processing.settlement.prices import PriceBook
from processing.settlement.pv import pv_lines
from processing.settlement.saving_lines import saving_lines

FORM_NAMES: dict[type, str] = {
    Shared: "shared",
    Guaranteed: "guaranteed",
    Entrusted: "entrusted",
    OwnProject: "none",
}


@dataclass(frozen=True, slots=True)
class Left:
    """What a month leaves to the next: what is to be made up (0 or less), the lines that wait for
    their contract year, and what the year has paid."""

    carried_cny: Decimal = ZERO
    waiting: tuple[Line, ...] = ()
    year_cny: Decimal = ZERO


def settle(
    agreement: str, terms: Terms, months: Iterable[MonthInputs], book: PriceBook
) -> list[Statement]:
    """The statement of each month, the first one first and none left out between.

    Raises SettlementError for a month that cannot be settled, such as for want of a price.
    """
    left, statements = Left(), []
    for month in months:
        statement, left = settle_month(agreement, terms, month, book, left)
        statements.append(statement)
    return statements


def settle_month(
    agreement: str, terms: Terms, month: MonthInputs, book: PriceBook, left: Left
) -> tuple[Statement, Left]:
    """One month, and what it leaves to the next."""
    own, waiting, findings = _own_lines(terms, month, book)
    released, still, told = _released(month, (*left.waiting, *waiting))
    lines = [*own, *released]
    lines, carried = _negative(terms.rules, month, lines, left.carried_cny)
    lines += _limits(terms.rules, lines, left.year_cny)
    paid = _sum(lines)
    lines += _tax(terms.rules, paid)
    statement = Statement(
        agreement=agreement,
        month=month.month,
        form=FORM_NAMES[type(terms.form)],
        year=month.year,
        lines=tuple(lines),
        waiting=tuple(still),
        carried_cny=carried,
        findings=(*findings, *told),
    )
    if month.last_of_year:
        return statement, Left(carried)
    return statement, Left(carried, tuple(still), left.year_cny + paid)


def _own_lines(
    terms: Terms, month: MonthInputs, book: PriceBook
) -> tuple[list[Line], list[Line], list[Finding]]:
    """What the month itself gives: lines that count, lines that wait, what is to be told."""
    match terms.form:
        case Shared():
            lines, waiting, findings = _shared(terms.form, terms.rules, month, book)
        case Guaranteed():
            lines, findings = true_up_lines(terms.form, terms.rules, month, book)
            lines, waiting = [*fee_lines(terms.form, month), *lines], []
        case Entrusted():
            lines, findings = entrusted_lines(terms.form, month, book)
            waiting = []
        case OwnProject():
            lines, waiting, findings = [], [], []
    if terms.pv is not None:
        more, told = pv_lines(terms.pv, month, book)
        lines, findings = [*lines, *more], [*findings, *told]
    return lines, waiting, findings


def _shared(
    form: Shared, rules: Rules, month: MonthInputs, book: PriceBook
) -> tuple[list[Line], list[Line], list[Finding]]:
    lines: list[Line] = []
    waiting: list[Line] = []
    findings = []
    share = form.share_of(month.year)
    for saving in month.savings:
        found = counted(
            rules,
            saving.saved_kwh,
            (saving.low_kwh, saving.high_kwh),
            saving.verdict,
            saving.known_ratio,
            saving.is_permitted,
        )
        if found.how in ("counts", "waits"):
            to = lines if found.how == "counts" else waiting
            to += saving_lines(saving, found.energy_kwh, month, book, share)
        if found.how != "counts":
            withheld = "" if saving.is_permitted or found.how != "waits" else "_not_permitted"
            findings.append(_told(f"settlement{withheld}_{found.how}", saving))
    return lines, waiting, findings


def _released(
    month: MonthInputs, waiting: Sequence[Line]
) -> tuple[list[Line], list[Line], list[Finding]]:
    """At the end of a contract year, the lines that waited for it: those of a carrier whose year is
    proven count now; the others are told, and count never, unless their year is restated."""
    if not month.last_of_year:
        stamped = [w if w.month else replace(w, month=month.month) for w in waiting]
        return [], stamped, []
    proven = {
        (s.contract, s.carrier)
        for s in month.savings
        if s.year_verdict in ("proven", "proven_increase")
    }
    released, findings = [], []
    for line in waiting:
        if (line.contract, line.of) in proven:
            kind: LineKind = "settled_after_wait"
            released.append(replace(line, kind=kind, month=line.month or month.month))
    unknown = {(s.contract, s.carrier) for s in month.savings if s.year_verdict is None}
    for contract, of in sorted({(w.contract, w.of) for w in waiting} - proven):
        code = f"settlement_year_{'unknown' if (contract, of) in unknown else 'not_proven'}"
        numbers = {"contract": contract, "carrier": of}
        findings.append(Finding(code, subject=contract, numbers=numbers))
    return released, [], findings


def _negative(
    rules: Rules, month: MonthInputs, lines: list[Line], carried_cny: Decimal
) -> tuple[list[Line], Decimal]:
    """The lines with what a negative month costs, and what is left to be made up."""
    total = _sum(lines)
    if rules.negative_months == "net":
        return lines, ZERO
    if rules.negative_months == "floor":
        return (lines if total >= 0 else [*lines, Line(kind="floored", amount_cny=-total)]), ZERO
    if carried_cny:
        lines = [*lines, Line(kind="carried_in", amount_cny=carried_cny)]
    balance = total + carried_cny
    if balance >= 0 or (month.last_of_all and rules.carried_at_end == "owed"):
        return lines, ZERO
    kind: LineKind = "floored" if month.last_of_all else "carried_out"
    return [*lines, Line(kind=kind, amount_cny=-balance)], ZERO if month.last_of_all else balance


def _limits(rules: Rules, lines: Sequence[Line], year_cny: Decimal) -> list[Line]:
    """Caps of the month and the contract year, then the floor of the month."""
    paid, found = _sum(lines), []
    caps = [rules.cap_cny_per_month]
    if rules.cap_cny_per_year is not None:
        caps.append(rules.cap_cny_per_year - year_cny)
    most = min((c for c in caps if c is not None), default=None)
    if most is not None and paid > max(most, ZERO):
        found.append(Line(kind="capped", amount_cny=max(most, ZERO) - paid))
        paid = max(most, ZERO)
    if rules.floor_cny_per_month is not None and paid < rules.floor_cny_per_month:
        found.append(Line(kind="raised_to_floor", amount_cny=rules.floor_cny_per_month - paid))
    return found


def _tax(rules: Rules, paid: Decimal) -> list[Line]:
    """The tax on top, where prices are without it."""
    if rules.prices_include_tax or not paid:
        return []
    tax = fen(paid * rules.tax_ratio)
    return [Line(kind="tax", amount_cny=tax, quantity=paid, unit="CNY", share=rules.tax_ratio)]


def _told(code: str, saving: CarrierSaving) -> Finding:
    numbers = {"contract": saving.contract, "carrier": saving.carrier}
    return Finding(code, subject=saving.contract, numbers=numbers)


def _sum(lines: Iterable[Line]) -> Decimal:
    return sum((line.amount_cny for line in lines), ZERO)
