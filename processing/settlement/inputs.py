"""What a month of an agreement is settled from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from domain.calendar import Month
from domain.contracts.statement import FigureRef
from domain.figures import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierSaving:
    """A month's avoided energy of a contract's carrier.

    `saved_kwh` None: nobody can say. `confidence` is that of the intervals. `known_ratio` is the share of its days that are known.
    `by_day` is what was avoided on each known day; empty where nobody knows (bills).
    `period_ratios` is how the use of the month is divided among the tariff's periods; empty where
    no hours are known. `year_verdict` is that of the contract year so far, None: unknown.
    `is_permitted`: the month's saving may be used for settlement. A year whose saving may not is
    given as one that is not known.
    """

    contract: str
    carrier: str
    saved_kwh: float | None
    low_kwh: float | None = None
    high_kwh: float | None = None
    confidence: float | None = None
    verdict: Verdict | None = None
    known_ratio: float = 1.0
    is_permitted: bool = True
    by_day: Mapping[date, float] = field(default_factory=dict)
    period_ratios: Mapping[str, float] = field(default_factory=dict)
    year_saved_kwh: float | None = None
    year_low_kwh: float | None = None
    year_high_kwh: float | None = None
    year_verdict: Verdict | None = None
    year_known_ratio: float = 1.0
    rests_on: tuple[FigureRef, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PvMonth:
    """What a roof of the agreement gave in a month; None: nobody can say."""

    contract: str
    self_use_kwh: float | None
    export_kwh: float | None
    rests_on: tuple[FigureRef, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthInputs:
    """A month of an agreement. [start, end) are its days within the reporting period, `month_days`
    those of the whole month; `last_of_year` and `last_of_all`: it ends its contract year, or the
    agreement. `area_m2` and `headcount` hold on its first day; None: not registered."""

    month: Month
    start: date
    end: date
    year: int
    last_of_year: bool = False
    last_of_all: bool = False
    savings: tuple[CarrierSaving, ...] = ()
    pv: tuple[PvMonth, ...] = ()
    area_m2: Decimal | None = None
    headcount: Decimal | None = None

    @property
    def in_force_ratio(self) -> Decimal:
        """The share of the month's days in which the agreement is in force."""
        days = Decimal((self.end - self.start).days)
        whole = Decimal((self.month.end_day - self.month.first_day).days)
        return (days / whole).quantize(Decimal("0.000001"))
