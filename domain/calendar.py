"""Months and days as people mean them: local calendar at the edges, aware UTC inside."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from domain.errors import ConfigError

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
"""24 hours; a local day may have another."""


def month_pattern(years: str = r"\d{4}") -> str:
    """The regular expression of a month, ``YYYY-MM``, of the years that match `years`."""
    return rf"({years})-(0[1-9]|1[0-2])"


YEARS_ASKED = r"19[7-9]\d|[2-8]\d{3}"
"""The years of which a month may be asked for: 1970 to 8999."""

_MONTH = re.compile(month_pattern())
DEFAULT_TIMEZONE = "Asia/Shanghai"


@dataclass(frozen=True, order=True, slots=True)
class Month:
    """A calendar month; prints as ``2019-03``. Its days are half-open, like every interval.

    >>> month = Month.parse("2026-11")
    >>> str(month.plus(2)), month.end_day.isoformat()
    ('2027-01', '2026-12-01')
    >>> Month.parse("2026-13")
    Traceback (most recent call last):
    domain.errors.ConfigError: '2026-13' is not a month: write it as YYYY-MM, for example 2019-03
    """

    year: int
    month: int

    @classmethod
    def parse(cls, text: str) -> "Month":
        """Read ``YYYY-MM``. Raises ConfigError otherwise."""
        match = _MONTH.fullmatch(text)
        if match is None:
            raise ConfigError(f"{text!r} is not a month: write it as YYYY-MM, for example 2019-03")
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def of(cls, day: date) -> "Month":
        return cls(day.year, day.month)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"

    def plus(self, months: int) -> "Month":
        """The month so many months later (earlier when negative)."""
        years, month = divmod(self.month - 1 + months, 12)
        return Month(self.year + years, month + 1)

    @property
    def first_day(self) -> date:
        return date(self.year, self.month, 1)

    @property
    def end_day(self) -> date:
        """The day after the last: the first day of the next month."""
        return self.plus(1).first_day

    def days(self) -> list[date]:
        return days_between(self.first_day, self.end_day)

    def interval(self, timezone: str) -> tuple[datetime, datetime]:
        """Start and end (excluded) as aware UTC instants.

        A month in which clocks are put forward is an hour shorter:

        >>> for at in Month(2019, 3).interval("Europe/London"):
        ...     print(at)
        2019-03-01 00:00:00+00:00
        2019-03-31 23:00:00+00:00
        """
        return local_midnight(self.first_day, timezone), local_midnight(self.end_day, timezone)


def months_between(first: Month, end: Month) -> Iterator[Month]:
    """Every month from `first` to `end`, which is excluded.

    >>> [str(month) for month in months_between(Month(2025, 12), Month(2026, 2))]
    ['2025-12', '2026-01']
    """
    while first < end:
        yield first
        first = first.plus(1)


def days_between(start: date, end: date) -> list[date]:
    """Every day from `start` to `end`, which is excluded."""
    return [start + timedelta(days=i) for i in range((end - start).days)]


@lru_cache(maxsize=1_000)
def zone_or_none(name: str) -> ZoneInfo | None:
    """The time zone of a name; None for a name that the time zone database does not know."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # OSError: the name of a folder, such as Asia
        return None


def _zone(name: str) -> ZoneInfo:
    """An unknown one costs its institution its figures (see processing.quality.failures) but no page
    that shows it among others: there the default's clocks count."""
    return zone_or_none(name) or ZoneInfo(DEFAULT_TIMEZONE)


def local_midnight(day: date, timezone: str) -> datetime:
    """The instant a local day begins, as aware UTC.

    >>> print(local_midnight(date(2026, 1, 1), "Asia/Shanghai"))
    2025-12-31 16:00:00+00:00
    """
    return datetime.combine(day, time(), _zone(timezone)).astimezone(UTC)


def local_time(at: datetime, timezone: str) -> datetime:
    """What the clocks of a time zone show at an aware instant."""
    return at.astimezone(_zone(timezone))


def local_day(at: datetime, timezone: str) -> date:
    """The local day on which an aware instant falls."""
    return local_time(at, timezone).date()


def to_ms(at: datetime) -> int:
    """Milliseconds since the epoch of an aware instant, rounded down."""
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def from_ms(at_ms: int) -> datetime:
    """The aware UTC instant of milliseconds since the epoch."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms)
