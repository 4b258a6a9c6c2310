"""A contract's terms of payment, typed: the forms of GB/T 24915-2020 and what they have in common.

What people write are rows (`domain.contracts.written`); these are what they mean. Money is
Decimal, shares are from 0 to 1, prices are CNY for a kWh of the carrier saved.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

from domain.contracts.money import ZERO

NotProven = Literal["point", "bound", "wait", "nothing"]
"""What counts of a saving that is not proven: the point estimate; the bound of its interval that
is nearest to zero (0 where the interval contains zero); nothing until its contract year is proven
as a whole; nothing."""
NegativeMonths = Literal["floor", "carry_forward", "net"]
"""What a month in which more was used than expected costs the vendor: nothing; less in the months
after; the amount, at once."""
CarriedAtEnd = Literal["forgiven", "owed"]


@dataclass(frozen=True, slots=True)
class DatedAmount:
    """An amount that holds from a day on; None: from the beginning."""

    amount: Decimal
    valid_from: date | None = None


def amount_on(amounts: tuple[DatedAmount, ...], day: date) -> Decimal | None:
    """The amount that holds on a day; None before the first."""
    valid = [a for a in amounts if a.valid_from is None or a.valid_from <= day]
    latest = max(valid, key=lambda a: a.valid_from or date.min, default=None)
    return None if latest is None else latest.amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What every form has. `minimum_known_ratio`: the share of a month's days whose saving is
    known, below which nothing of it is settled yet. Caps and the floor are of what is paid, before
    tax. `tax_ratio` is added to the amounts, unless `prices_include_tax`."""

    not_proven: NotProven = "wait"
    proven_counts: Literal["point", "bound"] = "point"
    negative_months: NegativeMonths = "carry_forward"
    carried_at_end: CarriedAtEnd = "forgiven"
    minimum_known_ratio: Decimal = Decimal("0.9")
    cap_cny_per_month: Decimal | None = None
    cap_cny_per_year: Decimal | None = None
    floor_cny_per_month: Decimal | None = None
    tax_ratio: Decimal = ZERO
    prices_include_tax: bool = True


@dataclass(frozen=True, slots=True)
class Prices:
    """`agreed`: (carrier, tariff period or "" for all hours) → dated prices. Where `by_tariff`, a
    price of electricity that is not agreed is the dated tariff's."""

    agreed: Mapping[tuple[str, str], tuple[DatedAmount, ...]] = field(default_factory=dict)
    by_tariff: bool = False


@dataclass(frozen=True, slots=True)
class Shared:
    """节能效益分享型: the vendor has a share of what the saving is worth, by contract year; the last
    one named holds for the years after."""

    vendor_shares: Mapping[int, Decimal]

    def share_of(self, year: int) -> Decimal:
        return self.vendor_shares[min(year, max(self.vendor_shares))]


@dataclass(frozen=True, slots=True)
class Guaranteed:
    """节能量保证型: a fee a month; at the end of a contract year the vendor makes good what is
    missing of the guaranteed saving, and has a share of what is beyond it."""

    fee_cny_per_month: tuple[DatedAmount, ...]
    guaranteed_kwh: Mapping[str, Decimal]
    """By carrier, of a contract year of twelve months."""
    surplus_share: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class PriceChange:
    """What a carrier's Δprice is reckoned by: the energy of a year and the price it was agreed at."""

    year_kwh: Decimal
    base_cny_per_kwh: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrusted:
    """能源费用托管型: Fee = base · weight(month) + Δarea + Δheadcount + Δprice + Δservice.

    `weights` of the months 1 to 12 sum to 1; the Δ of area, headcount and price are of a year and
    weigh by the month as the base does. `services` are dated additions a month, by their names.
    """

    base_cny_per_year: tuple[DatedAmount, ...]
    weights: Mapping[int, Decimal]
    base_area_m2: Decimal | None = None
    area_cny_per_m2_year: Decimal = ZERO
    base_headcount: Decimal | None = None
    headcount_cny_per_head_year: Decimal = ZERO
    price_changes: Mapping[str, PriceChange] = field(default_factory=dict)
    services: Mapping[str, tuple[DatedAmount, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OwnProject:
    """The owner's own project: nothing is paid, what was saved is worth something all the same."""


@dataclass(frozen=True, slots=True)
class PvClause:
    """自发自用、余电上网: the owner pays for what it used itself, and the export's income is
    divided. `export_paid_to`: whom the grid company pays."""

    vendor_share: Decimal
    export_paid_to: Literal["owner", "vendor"] = "owner"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The terms of one agreement."""

    form: Shared | Guaranteed | Entrusted | OwnProject
    rules: Rules = Rules()
    prices: Prices = Prices()
    pv: PvClause | None = None
