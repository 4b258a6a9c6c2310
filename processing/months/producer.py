"""What a month is made of: parts, each from a producer that says which figures it makes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from domain.calendar import Month
from domain.figures import DayValue, Figure
from domain.findings import Finding
from processing.curves.curve import Ints
from processing.months.site import Site
from processing.savings.track import SavingsTrack
from processing.use.month_use import Period


@dataclass(frozen=True, kw_only=True)
class Part:
    """What a producer adds to a month, in the order in which people see it.

    `findings` are of the month as a whole; those of a figure are in it. `periods` are what later
    producers need of the days behind the figures. `models` are digests of frozen models used.
    """

    figures: Sequence[Figure] = ()
    days: Sequence[DayValue] = ()
    findings: Sequence[Finding] = ()
    periods: Sequence[Period] = ()
    models: Sequence[str] = ()


@dataclass(frozen=True)
class MonthContext:
    """One month of a site, for producers.

    `edges` are the instants at which its local days begin, and its end; `now_ms` may lie
    before, within or after it. `earlier` has the parts of the producers before, by their names.
    """

    site: Site
    month: Month
    edges: Ints
    now_ms: int
    tracks: Sequence[SavingsTrack]
    earlier: Mapping[str, Part]

    @property
    def start_ms(self) -> int:
        return int(self.edges[0])

    @property
    def reached_ms(self) -> int:
        """The month's end, or now where that comes first."""
        return min(int(self.edges[-1]), self.now_ms)

    @property
    def days(self) -> list[date]:
        return self.month.days()

    @property
    def today(self) -> date:
        """The day after the last local day of the month that is over."""
        over = int((self.edges[1:] <= self.now_ms).sum())
        return date.fromordinal(self.month.first_day.toordinal() + over)


@dataclass(frozen=True)
class Producer:
    """A name, the figures that nobody else makes, and the function that makes them.

    The function is pure. It leaves out a figure that the place has nothing for; one that should
    be there and cannot be said has no value and a finding that says why.
    """

    name: str
    figures: tuple[str, ...]
    make: Callable[[MonthContext], Part]
