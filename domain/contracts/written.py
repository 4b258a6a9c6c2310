"""Terms as people write them, row by row, and read into typed ones; every fault is told with its
row, none is guessed away.

A row names a term, what it is of (a contract year, a carrier with perhaps a tariff period, a month,
a service), the day from which it holds, and its value. `TERMS` has them all.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, cast

from domain.contracts.money import ZERO
from domain.contracts.terms import (
    DatedAmount,
    Entrusted,
    Guaranteed,
    OwnProject,
    PriceChange,
    Prices,
    PvClause,
    Rules,
    Shared,
    Terms,
)
from domain.places import Carrier, Term

Of = Literal["", "year", "carrier", "price", "month", "service"]
PERIODS = ("sharp", "peak", "flat", "valley", "deep_valley")
PV_SELF_USE, PV_EXPORT = "pv_self_use", "pv_export"
_MOST = Decimal("1e12")
_LONGEST = 30


@dataclass(frozen=True, slots=True)
class TermKind:
    """What a term holds: `words` that it may be, else a number from `least` to `most`; what it is
    `of`; whether it may change from a day on; and in which forms it has a meaning (all: empty)."""

    of: Of = ""
    words: tuple[str, ...] = ()
    least: Decimal = ZERO
    most: Decimal = _MOST
    dated: bool = False
    forms: tuple[str, ...] = ()


_ONE = Decimal(1)
TERMS: Mapping[str, TermKind] = {
    "vendor_share": TermKind(of="year", most=_ONE, forms=("shared",)),
    "price": TermKind(of="price", dated=True),
    "prices": TermKind(words=("agreed", "tariff")),
    "not_proven": TermKind(words=("point", "bound", "wait", "nothing")),
    "proven_counts": TermKind(words=("point", "bound")),
    "negative_months": TermKind(words=("floor", "carry_forward", "net")),
    "carried_at_end": TermKind(words=("forgiven", "owed")),
    "minimum_known_ratio": TermKind(most=_ONE),
    "cap_cny_per_month": TermKind(),
    "cap_cny_per_year": TermKind(),
    "floor_cny_per_month": TermKind(),
    "tax_ratio": TermKind(most=_ONE),
    "prices_include_tax": TermKind(words=("yes", "no")),
    "pv_vendor_share": TermKind(most=_ONE),
    "pv_export_paid_to": TermKind(words=("owner", "vendor")),
    "fee_cny_per_month": TermKind(dated=True, forms=("guaranteed",)),
    "guaranteed_kwh": TermKind(of="carrier", forms=("guaranteed",)),
    "surplus_share": TermKind(most=_ONE, forms=("guaranteed",)),
    "base_cny_per_year": TermKind(dated=True, forms=("entrusted",)),
    "weight": TermKind(of="month", most=_ONE, forms=("entrusted",)),
    "base_area_m2": TermKind(forms=("entrusted",)),
    "area_cny_per_m2_year": TermKind(forms=("entrusted",)),
    "base_headcount": TermKind(forms=("entrusted",)),
    "headcount_cny_per_head_year": TermKind(forms=("entrusted",)),
    "base_energy_kwh": TermKind(of="carrier", forms=("entrusted",)),
    "base_price": TermKind(of="carrier", forms=("entrusted",)),
    "service_cny_per_month": TermKind(of="service", least=-_MOST, dated=True, forms=("entrusted",)),
}


@dataclass(frozen=True, slots=True)
class TermFault:
    """What is wrong with a row (`item`, from 0) or, −1, with the terms as a whole."""

    item: int
    reason: str


def read_terms(form: str, rows: Sequence[Term]) -> tuple[Terms | None, list[TermFault]]:
    """The terms of a contract of this form, or every fault; (None, []) where nothing is agreed."""
    if not rows:
        return None, []
    faults = [TermFault(i, f) for i, row in enumerate(rows) if (f := _row_fault(form, row))]
    faults += _twice(rows)
    if faults:
        return None, faults
    found = _Read(rows)
    faults = [TermFault(-1, reason) for reason in _together(form, found)]
    return (None, faults) if faults else (_made(form, found), [])


def _row_fault(form: str, row: Term) -> str:
    """What is wrong with one row alone; empty: nothing."""
    kind = TERMS.get(row.name)
    if kind is None:
        return f"{row.name!r} is no term; there are {', '.join(TERMS)}"
    if kind.forms and form not in kind.forms:
        return f"{row.name} has no meaning in a contract of the form {form}: take it out"
    if row.valid_from is not None and not kind.dated:
        return f"{row.name} cannot change from a day on: leave valid_from empty"
    return _of_fault(kind.of, row) or _value_fault(kind, row)


def _value_fault(kind: TermKind, row: Term) -> str:
    if kind.words:
        said = ", ".join(kind.words)
        return "" if row.value in kind.words else f"{row.name} is one of {said}, not {row.value!r}"
    value = _number(row.value)
    if value is None:
        return f"{row.name} is a number, not {row.value!r}: write it with a point, without units"
    if not kind.least <= value <= kind.most:
        hint = "; 70 % is 0.7" if kind.most == 1 else ""
        return f"{row.name} is from {kind.least:f} to {kind.most:f}, not {row.value}{hint}"
    return ""


_CARRIERS = tuple(c.value for c in Carrier)
_PRICED = (*_CARRIERS, PV_SELF_USE, PV_EXPORT)


def _of_fault(of: Of, row: Term) -> str:
    match of:
        case "":
            return f"{row.name} is of the whole contract: leave `of` empty" if row.of else ""
        case "year":
            good = row.of.isdecimal() and 1 <= int(row.of) <= 50
            return "" if good else f"{row.name} is of a contract year: 1 for the first"
        case "month":
            good = row.of.isdecimal() and 1 <= int(row.of) <= 12
            return "" if good else f"{row.name} is of a month, 1 to 12"
        case "service":
            return "" if row.of.strip() else f"{row.name} is of a service: name it in `of`"
        case "carrier":
            said = ", ".join(_CARRIERS)
            return "" if row.of in _CARRIERS else f"{row.name} is of a carrier: {said}"
    what, _, period = row.of.partition("/")
    if what not in _PRICED:
        return f"price is of one of {', '.join(_PRICED)}, not {what!r}"
    if period and (period not in PERIODS or what not in ("electricity", PV_SELF_USE)):
        return f"price of {what} has no period {period!r}; electricity has {', '.join(PERIODS)}"
    return ""


def _number(text: str) -> Decimal | None:
    try:
        value = Decimal(text) if len(text) <= _LONGEST else None
    except InvalidOperation:
        return None
    return value if value is not None and value.is_finite() else None


def _twice(rows: Sequence[Term]) -> list[TermFault]:
    seen: dict[tuple[str, str, date | None], int] = {}
    faults = []
    for i, row in enumerate(rows):
        first = seen.setdefault((row.name, row.of, row.valid_from), i)
        if first != i:
            what = f"{row.name} of {row.of}" if row.of else row.name
            faults.append(TermFault(i, f"{what} is there twice for one day: mend one"))
    return faults


class _Read:
    """Rows without a fault of their own, asked for by name."""

    def __init__(self, rows: Sequence[Term]) -> None:
        self._rows = rows

    def word(self, name: str, default: str) -> str:
        return next((r.value for r in self._rows if r.name == name), default)

    def number(self, name: str) -> Decimal | None:
        return next((Decimal(r.value) for r in self._rows if r.name == name), None)

    def by_of(self, name: str) -> dict[str, Decimal]:
        return {r.of: Decimal(r.value) for r in self._rows if r.name == name}

    def dated(self, name: str, of: str = "") -> tuple[DatedAmount, ...]:
        rows = [r for r in self._rows if r.name == name and r.of == of]
        rows.sort(key=lambda r: r.valid_from or date.min)
        return tuple(DatedAmount(Decimal(r.value), r.valid_from) for r in rows)

    def ofs(self, name: str) -> list[str]:
        return list(dict.fromkeys(r.of for r in self._rows if r.name == name))


def _together(form: str, read: _Read) -> Iterable[str]:
    """What the rows lack or how they disagree."""
    match form:
        case "shared":
            years = sorted(map(int, read.by_of("vendor_share")))
            if not years or years != list(range(1, len(years) + 1)):
                yield "vendor_share must name every contract year from 1 on: 1, 2, 3 …"
        case "guaranteed":
            yield from _guarantee_faults(read)
        case "entrusted":
            yield from _entrusted_faults(read)
    priced = {o.partition("/")[0] for o in read.ofs("price")}
    if read.number("pv_vendor_share") is not None:
        for what in sorted({PV_SELF_USE, PV_EXPORT} - priced):
            yield f"price of {what} is missing: pv_vendor_share is a share of it"
    if read.word("prices_include_tax", "yes") == "no" and read.number("tax_ratio") is None:
        yield "tax_ratio is missing: prices_include_tax is no"


def _guarantee_faults(read: _Read) -> Iterable[str]:
    carriers = read.ofs("guaranteed_kwh")
    if not carriers:
        yield "guaranteed_kwh of a carrier is missing: a guaranteed contract says how much"
    for carrier in carriers:
        if not read.dated("price", carrier):
            yield f"price of {carrier} is missing: what is not saved is made good at it"


def _entrusted_faults(read: _Read) -> Iterable[str]:
    weights = read.by_of("weight")
    if len(weights) != 12:
        missing = [str(m) for m in range(1, 13) if str(m) not in weights]
        yield f"weight of month {', '.join(missing)} is missing: all twelve are needed"
    elif sum(weights.values()) != 1:
        yield f"the weights of the twelve months sum to {sum(weights.values())}, not 1"
    if not read.dated("base_cny_per_year"):
        yield "base_cny_per_year is missing: it is what an entrusted contract pays"
    for rate, base in (
        ("area_cny_per_m2_year", "base_area_m2"),
        ("headcount_cny_per_head_year", "base_headcount"),
    ):
        if read.number(rate) is not None and read.number(base) is None:
            yield f"{base} is missing: {rate} is paid for what differs from it"
    energies, bases = set(read.ofs("base_energy_kwh")), set(read.ofs("base_price"))
    for carrier in sorted(energies ^ bases):
        lacking = "base_price" if carrier in energies else "base_energy_kwh"
        yield f"{lacking} of {carrier} is missing: a change of price is energy times difference"


def _made(form: str, read: _Read) -> Terms:
    rules: dict[str, Any] = {}
    for name in ("not_proven", "proven_counts", "negative_months", "carried_at_end"):
        if word := read.word(name, ""):
            rules[name] = word
    for name in (
        "minimum_known_ratio",
        "cap_cny_per_month",
        "cap_cny_per_year",
        "floor_cny_per_month",
        "tax_ratio",
    ):
        if (number := read.number(name)) is not None:
            rules[name] = number
    prices = {}
    for of in read.ofs("price"):
        what, _, period = of.partition("/")
        prices[what, period] = read.dated("price", of)
    share = read.number("pv_vendor_share")
    paid_to = cast(Literal["owner", "vendor"], read.word("pv_export_paid_to", "owner"))
    return Terms(
        form=_FORMS[form](read),
        rules=Rules(**rules, prices_include_tax=read.word("prices_include_tax", "yes") == "yes"),
        prices=Prices(prices, read.word("prices", "agreed") == "tariff"),
        pv=None if share is None else PvClause(share, paid_to),
    )


def _shared(read: _Read) -> Shared:
    return Shared({int(y): s for y, s in read.by_of("vendor_share").items()})


def _guaranteed(read: _Read) -> Guaranteed:
    return Guaranteed(
        read.dated("fee_cny_per_month"),
        read.by_of("guaranteed_kwh"),
        read.number("surplus_share") or ZERO,
    )


def _entrusted(read: _Read) -> Entrusted:
    bases = read.by_of("base_price")
    return Entrusted(
        base_cny_per_year=read.dated("base_cny_per_year"),
        weights={int(m): w for m, w in read.by_of("weight").items()},
        base_area_m2=read.number("base_area_m2"),
        area_cny_per_m2_year=read.number("area_cny_per_m2_year") or ZERO,
        base_headcount=read.number("base_headcount"),
        headcount_cny_per_head_year=read.number("headcount_cny_per_head_year") or ZERO,
        price_changes={
            c: PriceChange(energy, bases[c]) for c, energy in read.by_of("base_energy_kwh").items()
        },
        services={
            s: read.dated("service_cny_per_month", s) for s in read.ofs("service_cny_per_month")
        },
    )


_FORMS: Mapping[str, Callable[[_Read], Shared | Guaranteed | Entrusted | OwnProject]] = {
    "shared": _shared,
    "guaranteed": _guaranteed,
    "entrusted": _entrusted,
    "none": lambda _: OwnProject(),
}
