"""Reads what stands for each institution and month: a few queries, whatever is asked for."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Annotated

from fastapi import Depends

from api.access.seen import BackendDep
from api.dependencies import Backend
from api.problems import ProblemError
from api.query import InstitutionsDep, Interval, IntervalDep, PlacesDep, only_one
from api.rows.base import Wanted
from api.rows.standing import StandingResult
from api.views import FIGURES, figure_lines
from domain.calendar import Month
from domain.figures.comparing import RUNNING
from domain.places import Institution
from store.ledger.answers import Value
from store.ledger.port import Ledger, MonthStatus

MAX_DAY_MONTHS = 1_000
MAX_MONTHS = 5_000
MAX_NAMED_MONTHS = 25_000
"""Institution-months in one answer: with day values, with all figures, with some figures."""
MAX_VALUES = 500_000
"""Figures and day values read for one answer, some 1 kB of memory each."""
_NAMED = 500
"""So many institutions are named in a statement; of more the whole month is read."""
_FEW = 50
"""So many institutions are read one by one, without reading the whole city's months."""


def month_status(ledger: Ledger, institution: str, month: Month) -> MonthStatus:
    """Where one month stands. Raises ProblemError 404 for one that was never computed."""
    for status in ledger.statuses(institution, month, month.plus(1)):
        return status
    raise ProblemError(404, "unknown_month", institution=institution, month=month)


def months_known(backend: Backend, institution: str = "") -> list[Month]:
    """The months there are of an institution, or of all that may be seen; sorted."""
    if institution or backend.sees_all:
        return backend.ledger.months_known(institution or None)
    places = backend.registry.institution_by_id
    return sorted({m for place in places for m in backend.ledger.months_known(place)})


def wholes_of_month(
    backend: Backend,
    question: str,
    names: Collection[str],
    month: Month,
    among: Collection[str] | None = None,
) -> list[Value]:
    """Figures of whole institutions of one month that is over, of all in the registry or of some.

    Kept under `question`, which has the same names each time; only institutions whose results
    changed are read again.
    """
    if among is None:
        among = backend.registry.institution_by_id

    def read(those: Collection[str]) -> dict[str, list[Value]]:
        named = those if len(those) <= _NAMED else None
        found: dict[str, list[Value]] = {}
        for value in backend.ledger.values(
            names, month, month.plus(1), institutions=named, subject="", unless=RUNNING
        ):
            found.setdefault(value.institution, []).append(value)
        return found

    known = backend.results.of_each((question, str(month)), among, read)
    return list(chain.from_iterable(known.values()))


@dataclass(frozen=True)
class ResultsQuery:
    """The standing results of the institutions and the interval asked for, not yet read."""

    ledger: Ledger
    institutions: Mapping[str, Institution]
    interval: Interval
    sees_all: bool = True
    """Whether whoever asks may see every institution: of others not even counts are told."""

    def statuses(self) -> list[tuple[Institution, MonthStatus]]:
        """Where each month asked for stands, and whose it is; sorted by institution and month."""
        found = self.ledger.statuses(only_one(self.institutions), *self.interval.coarse())
        return [(self.institutions[s.institution], s) for s in found if self._asks_for(s)]

    def _asks_for(self, status: MonthStatus) -> bool:
        return status.institution in self.institutions and self._holds(
            status.institution, status.month
        )

    def _holds(self, institution: str, month: Month) -> bool:
        if self.interval.is_of_months:
            return True
        return self.interval.holds(month, self.institutions[institution].timezone)

    def wholes(self, names: Collection[str]) -> list[Value]:
        """Figures of whole institutions, without their words, of months that are over.

        Raises ProblemError 422 when they would be too many.
        """
        bounds = self.interval.coarse()
        only = only_one(self.institutions)
        among = [only] if only else None if self.sees_all else sorted(self.institutions)
        # At most one of each name a month: counting them one by one takes as long as reading them.
        places = [None] if among is None else among
        months = sum(self.ledger.count_months(p, *bounds) for p in places)
        if months * len(names) > MAX_VALUES:
            self._require_values(places, names, days=False)
        found = self.ledger.values(names, *bounds, institutions=among, subject="", unless=RUNNING)
        asked = {
            (institution, month)
            for institution, month in {(v.institution, v.month) for v in found}
            if institution in self.institutions and self._holds(institution, Month.parse(month))
        }
        return [v for v in found if (v.institution, v.month) in asked]

    def figure_lines(self, wanted: Wanted, names: Collection[str] | None = None) -> list[bytes]:
        """The rows of figures that are wanted, as JSON, from the views that the ledger keeps.

        Sorted by institution and month. `names`: of no others is any wanted. Raises ProblemError
        as `read`.
        """
        bounds = self.interval.coarse()
        places: list[str | None] = [*sorted(self.institutions)]
        if len(places) > _FEW:
            limit = MAX_MONTHS if names is None else MAX_NAMED_MONTHS
            self._require_months(len(self.statuses()), limit)
            places = [None] if self.sees_all else places
            self._require_values(places, names, days=False)
        # Of a few the rows are counted as they are made: no question more for a small answer.
        lines: list[bytes] = []
        for only in places:
            shown = self.ledger.shown(FIGURES, only, *bounds)
            asked = (
                (self.institutions[s.institution], s, v) for s, v in shown if self._asks_for(s)
            )
            lines += figure_lines(asked, wanted)
            _require_few(len(lines))
        return lines

    def read(
        self, names: Collection[str] | None = None, *, days: bool = False
    ) -> list[StandingResult]:
        """Sorted by institution and month; only figures (and day values) of `names`.

        Day values are read only with `days`: they are most of the ledger. Raises ProblemError
        422, before anything is read, when it would be more months or values than fit in memory.
        """
        found = {(i.id, s.month): (i, s) for i, s in self.statuses()}
        limit = MAX_DAY_MONTHS if days else MAX_MONTHS if names is None else MAX_NAMED_MONTHS
        self._require_months(len(found), limit)
        start, end = self.interval.coarse()
        places = sorted({i for i, _ in found})
        each = [None] if len(places) > _FEW and self.sees_all else places
        self._require_values(each, names, days=days)
        rows = []
        for only in each:
            for result in self.ledger.results(only, start, end, names=names, days=days):
                if place_and_status := found.get((result.institution, result.month)):
                    rows.append(StandingResult(place_and_status[0], result, place_and_status[1]))
        return rows

    def _require_months(self, months: int, limit: int) -> None:
        if months > limit:
            raise ProblemError(422, "too_many_months", months=months, limit=limit)

    def _require_values(
        self, places: Iterable[str | None], names: Collection[str] | None, *, days: bool
    ) -> None:
        bounds = self.interval.coarse()
        _require_few(
            sum(self.ledger.count_values(p, *bounds, names=names, days=days) for p in places)
        )


def _require_few(values: int) -> None:
    if values > MAX_VALUES:
        raise ProblemError(422, "too_many_values", values=values, limit=MAX_VALUES)


async def _query(
    backend: BackendDep, institutions: InstitutionsDep, interval: IntervalDep
) -> ResultsQuery:
    return ResultsQuery(backend.ledger, institutions, interval, backend.sees_all)


ResultsDep = Annotated[ResultsQuery, Depends(_query)]


async def _part_query(
    backend: BackendDep, places: PlacesDep, interval: IntervalDep
) -> ResultsQuery:
    return ResultsQuery(backend.ledger, places, interval, backend.sees_all)


PartResultsDep = Annotated[ResultsQuery, Depends(_part_query)]
"""Also of institutions of which only a contract or a device may be seen: for routes that tell of
single ones, and leave out the others."""
