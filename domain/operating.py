"""An institution's own calendar: terms, vacations, closures, and days on which it works all the same."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from itertools import pairwise
from typing import Literal

from domain.calendar import days_between

OperatingKind = Literal["closed", "vacation", "term", "open"]
"""``closed``: nobody is there. ``vacation``: working days run at less, as out of term. ``term``: in
session; the working days between two terms are vacation. ``open``: works, whatever the calendar of
working days says."""

State = Literal["closed", "vacation"]
"""How an institution runs on a day that is not ordinary."""

LONGEST_VACATION_DAYS = 130
"""Terms further apart than this have a term between them that nobody entered."""

_YEAR_DAYS = 366


@dataclass(frozen=True, slots=True)
class OperatingSpell:
    """The local days from `start` to `end` (excluded) that an institution runs in some way."""

    start: date
    end: date
    kind: OperatingKind
    note: str = ""


class OperatingCalendar:
    """The spells of an institution, asked by day. Without any, every day is ordinary."""

    def __init__(self, spells: Iterable[OperatingSpell] = ()) -> None:
        self._of_day: dict[date, OperatingKind] = {}
        each = sorted(spells, key=lambda s: s.start)
        terms = [s for s in each if s.kind == "term"]
        between = [
            OperatingSpell(one.end, following.start, "vacation")
            for one, following in pairwise(terms)
            if (following.start - one.end).days <= LONGEST_VACATION_DAYS
        ]
        told = [s for s in each if s.kind != "term"]
        for spell in (*terms, *between, *told):  # what is told of single days wins
            self._of_day.update(dict.fromkeys(days_between(spell.start, spell.end), spell.kind))
        self._by_terms = bool(terms)

    def kind(self, day: date) -> OperatingKind | None:
        """What is registered of the day; None: nothing."""
        return self._of_day.get(day)

    @property
    def until(self) -> date | None:
        """The day after the last that it says something of; None: it says nothing."""
        return max(self._of_day) + timedelta(days=1) if self._of_day else None

    def states(self, days: Iterable[date]) -> dict[date, State]:
        """Which of the days are closed or out of term."""
        found: dict[date, State] = {}
        for day in days:
            kind = self._of_day.get(day)
            if kind == "closed" or kind == "vacation":
                found[day] = kind
        return found

    def leaves_open(self, day: date) -> bool:
        """Whether the calendar goes by terms and says nothing of the day: nobody entered that part."""
        return self._by_terms and day not in self._of_day


@dataclass(frozen=True, slots=True)
class Runs:
    """Days as runs: ((first, day after the last), …) in their order."""

    closed: tuple[tuple[date, date], ...] = ()
    vacation: tuple[tuple[date, date], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.closed or self.vacation)

    def as_dict(self) -> dict[str, list[list[str]]]:
        """As JSON keeps it."""
        return {
            kind: [[start.isoformat(), end.isoformat()] for start, end in runs]
            for kind, runs in (("closed", self.closed), ("vacation", self.vacation))
            if runs
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Sequence[Sequence[str]]]) -> "Runs":
        """What `as_dict` gave. Raises ValueError or TypeError for anything else."""

        def read(runs: Sequence[Sequence[str]]) -> tuple[tuple[date, date], ...]:
            return tuple((date.fromisoformat(a), date.fromisoformat(b)) for a, b in runs)

        return cls(read(data.get("closed", ())), read(data.get("vacation", ())))

    @classmethod
    def of(cls, states: Mapping[date, State]) -> "Runs":
        """The runs of days that are told by day."""
        closed, vacation = (
            runs_of(day for day, state in states.items() if state == kind)
            for kind in ("closed", "vacation")
        )
        return cls(closed, vacation)

    def states(self) -> dict[date, State]:
        """The state of each day."""
        found: dict[date, State] = {}
        for kind, runs in (("closed", self.closed), ("vacation", self.vacation)):
            state: State = "closed" if kind == "closed" else "vacation"
            for start, end in runs:
                found.update(dict.fromkeys(days_between(start, end), state))
        return found

    def repeated(self, days: Iterable[date]) -> list[OperatingSpell]:
        """The runs of the last year of these, on the same days of the year in every year of `days`."""
        years = {day.year for day in days}
        years |= {year - 1 for year in years}  # of a closure over the turn of the year
        found = []
        for kind, runs in (("closed", self.closed), ("vacation", self.vacation)):
            last = max((end for _, end in runs), default=None)
            state: State = "closed" if kind == "closed" else "vacation"
            for start, end in runs:
                if last is None or (last - start).days > _YEAR_DAYS:
                    continue
                for year in sorted(years):
                    first = date(year, start.month, min(start.day, 28))
                    found.append(OperatingSpell(first, first + (end - start), state))
        return found

    @property
    def digest(self) -> str:
        """What tells one calendar from another: SHA-256 over its days."""
        return sha256(f"{self.closed} {self.vacation}".encode()).hexdigest()

    def days(self, kind: State) -> int:
        """How many days are of the kind."""
        runs = self.closed if kind == "closed" else self.vacation
        return sum((end - start).days for start, end in runs)


def runs_of(days: Iterable[date]) -> tuple[tuple[date, date], ...]:
    """Days as runs of neighbours.

    >>> runs_of([date(2026, 1, 2), date(2026, 1, 1), date(2026, 1, 9)])[0][1].isoformat()
    '2026-01-03'
    """
    found: list[tuple[date, date]] = []
    for day in sorted(set(days)):
        if found and found[-1][1] == day:
            found[-1] = (found[-1][0], day + timedelta(days=1))
        else:
            found.append((day, day + timedelta(days=1)))
    return tuple(found)


def overlaps(spells: Sequence[OperatingSpell]) -> list[tuple[int, int]]:
    """Positions of spells that contradict each other: (the later one, the one it meets).

    Single days may be closed or open within a term; else a day has one kind.
    """
    found = []
    for k, one in enumerate(spells):
        for j, other in enumerate(spells[:k]):
            meet = one.start < other.end and other.start < one.end
            kinds = {one.kind, other.kind}
            if meet and not ("term" in kinds and kinds & {"closed", "open"}):
                found.append((k, j))
                break
    return found
