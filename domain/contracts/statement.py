"""A settlement statement: what a month of an agreement pays, line by line, and what each rests on."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from domain.calendar import Month
from domain.contracts.money import ZERO, fen
from domain.errors import ConfigError
from domain.findings import Finding

LineKind = Literal[
    "saving",  # a saving that counts, at its price and share
    "settled_after_wait",  # of an earlier month, whose contract year is proven now
    "pv_self_use",
    "pv_export",
    "fee",
    "shortfall",  # what is missing of a guaranteed saving
    "surplus",
    "base_fee",
    "delta_area",
    "delta_headcount",
    "delta_price",
    "delta_service",
    "carried_in",  # what months before left to be made up
    "carried_out",  # what is left to be made up by months after
    "floored",  # a negative month that costs the vendor nothing
    "capped",
    "raised_to_floor",
    "tax",
]


@dataclass(frozen=True, slots=True)
class FigureRef:
    """A figure of a closed month, or of one that is open (`revision` 0)."""

    institution: str
    month: Month
    revision: int
    digest: str
    name: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line: `amount_cny` = quantity · price · share, to the fen, wherever there is a price.

    `of` is the carrier, service or other thing it is about; `start` and `end` (excluded) are local
    days. `month` is the month a line of another statement's month is about.
    """

    kind: LineKind
    amount_cny: Decimal
    contract: str = ""
    of: str = ""
    period: str = ""
    start: date | None = None
    end: date | None = None
    quantity: Decimal | None = None
    unit: str = ""
    price_cny: Decimal | None = None
    price_source: str = ""
    share: Decimal | None = None
    month: Month | None = None
    rests_on: tuple[FigureRef, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What one month of an agreement settles to. `amount_cny` is the sum of `lines`, what the owner
    pays the vendor (negative: the other way). `waiting` are lines that count when their contract
    year is proven; `carried_cny`, 0 or less, is left to be made up by the months after."""

    agreement: str
    month: Month
    form: str
    year: int
    lines: tuple[Line, ...]
    waiting: tuple[Line, ...] = ()
    carried_cny: Decimal = ZERO
    findings: tuple[Finding, ...] = ()

    @property
    def amount_cny(self) -> Decimal:
        return fen(sum((line.amount_cny for line in self.lines), ZERO))


class SettlementError(ConfigError):
    """A month that cannot be settled. `code` is a stable word, `numbers` fill its sentence in
    either language (``settlement.refused.<code>``); the text is the English one's core."""

    def __init__(self, code: str, text: str, **numbers: str) -> None:
        super().__init__(text)
        self.code = code
        self.numbers = numbers
