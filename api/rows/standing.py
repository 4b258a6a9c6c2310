"""What stands for a month, and what rows of one or several of its figures begin with."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from api.rows.base import finite, month_fields, shares_fields
from domain.figures import Figure, MonthResult, Shares
from domain.places import Institution
from domain.subjects import Subject
from store.ledger.port import MonthStatus


@dataclass(frozen=True)
class StandingResult:
    """The result that stands for a month, with whose it is and where the month stands."""

    institution: Institution
    result: MonthResult
    status: MonthStatus | None

    @cached_property
    def head(self) -> dict[str, Any]:
        """The fields of a MonthRow."""
        return month_fields(self.institution, self.result.month, self.status)


def evidence_fields(main: Shares | None, figures: Iterable[Figure]) -> dict[str, Any]:
    """The fields of an EvidenceRow beyond the month's: shares of the main figure, methods and
    findings of all."""
    figures = list(figures)
    return {
        **shares_fields(main),
        "method": "; ".join(dict.fromkeys(f.method for f in figures)),
        "findings": ", ".join(dict.fromkeys(x.code for f in figures for x in f.findings)),
    }


Group = Mapping[str, Figure]


def groups_of(s: StandingResult, names: Iterable[str]) -> Iterator[tuple[Subject, Group]]:
    """Subject → its figures by name, in order of appearance."""
    wanted = frozenset(names)
    found: dict[Subject, dict[str, Figure]] = {}
    for f in s.result.figures:
        if f.name in wanted:
            found.setdefault(f.about, {})[f.name] = f
    yield from found.items()


def value_of(group: Group, name: str) -> float | None:
    return finite(group[name].value) if name in group else None


def wide_fields(group: Group, names: Iterable[str]) -> dict[str, Any]:
    return {n: value_of(group, n) for n in names}


def main_shares(group: Group, name: str) -> Shares | None:
    """The shares of the figure that the others of the row rest on."""
    return group[name].shares if name in group else None


def worst_shares(group: Group) -> Shares:
    """The shares of the figure that is known least."""
    return max((f.shares for f in group.values()), key=lambda s: (s.missing, s.estimated))
