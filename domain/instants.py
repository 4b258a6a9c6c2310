"""Instants as people, files and devices write them: one strict reader of ISO 8601.

What places accept beyond a time with its zone is said by the parameters.
"""

import re
from datetime import UTC, datetime, time
from typing import Literal
from zoneinfo import ZoneInfo

from domain.calendar import from_ms

Fault = Literal["no_time", "no_zone", "beyond", "no_such_time", "two_such_times"]

_MS = re.compile(r"-?[0-9]{1,15}")
_DAY = len("2024-03-01")


class InstantError(ValueError):
    """A text is no instant: it is no time (`no_time`), says no zone (`no_zone`), lies beyond
    the calendar (`beyond`), or names a local time that is never (`no_such_time`) or twice
    (`two_such_times`). `at` is the time as far as it was read."""

    def __init__(self, fault: Fault, at: datetime | None = None) -> None:
        super().__init__(fault)
        self.fault: Fault = fault
        self.at = at


def parse_instant(
    text: str,
    *,
    ms: bool = False,
    bare_day: bool = False,
    timezone: str | None = None,
    near: datetime | None = None,
) -> datetime:
    """The instant of a time in ISO 8601 that carries its zone, as aware UTC.

    `ms`: milliseconds since the epoch, in digits, are taken too. `bare_day`: so is a day alone;
    it means its beginning in UTC. `timezone`: a time without a zone is local there. The hour
    that is there twice in autumn, or never in spring, is refused then, unless `near` says about
    when it was: the nearer of the two is meant. Spaces around the text are the caller's to strip.
    Raises InstantError.

    >>> parse_instant("2024-03-01T08:00+08:00").isoformat()
    '2024-03-01T00:00:00+00:00'
    """
    try:
        if ms and _MS.fullmatch(text):
            return from_ms(int(text))
        at = datetime.fromisoformat(text)
    except ValueError:
        raise InstantError("no_time") from None
    except OverflowError:
        raise InstantError("beyond") from None
    if at.tzinfo is None and bare_day and len(text) <= _DAY and at.time() == time():
        at = at.replace(tzinfo=UTC)
    if at.tzinfo is None and timezone is None:
        raise InstantError("no_zone", at)
    try:
        if at.tzinfo is None and timezone is not None:
            return _of_local(at, ZoneInfo(timezone), near)
        return at.astimezone(UTC)
    except InstantError:
        raise
    except (OverflowError, ValueError):
        raise InstantError("beyond", at) from None


def _of_local(at: datetime, zone: ZoneInfo, near: datetime | None) -> datetime:
    first, second = (at.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if near is not None:
        return min((first, second), key=lambda one: abs(one - near))
    if first.astimezone(zone).replace(tzinfo=None) != at:
        raise InstantError("no_such_time", at)
    if first != second:
        raise InstantError("two_such_times", at)
    return first
