"""Reads what stands for each institution and month: a few queries, whatever is asked for."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends

from api.dependencies import BackendDep
from api.problems import ProblemError
from api.query import InstitutionsDep, Interval, IntervalDep
from api.rows.figures import Standing
from domain.places import Institution
from store.ledger.port import Ledger

MAX_DAY_MONTHS = 1_000
MAX_MONTHS = 5_000
MAX_NAMED_MONTHS = 25_000
"""Institution-months in one answer: with day values, with all figures, with some figures."""


@dataclass(frozen=True)
class Standings:
    """The standing results of the institutions and the interval asked for, not yet read."""

    ledger: Ledger
    institutions: dict[str, Institution]
    interval: Interval

    def read(self, names: Collection[str] | None = None, *, days: bool = False) -> list[Standing]:
        """Sorted by institution and month; only figures (and day values) of `names`.

        Day values are read only with `days`: they are most of the ledger. Raises ProblemError
        422 when it would be more institution-months than fit in memory.
        """
        known = self.institutions
        only = next(iter(known)) if len(known) == 1 else None
        status = {
            (s.institution, s.month): s
            for s in self.ledger.statuses(only)
            if s.institution in known
            and self.interval.holds(s.month, known[s.institution].timezone)
        }
        limit = MAX_DAY_MONTHS if days else MAX_MONTHS if names is None else MAX_NAMED_MONTHS
        if len(status) > limit:
            raise ProblemError(422, "too_many_months", months=len(status), limit=limit)
        start, end = self.interval.coarse()
        results = self.ledger.results(only, start, end, names=names, days=days)
        return [
            Standing(known[r.institution], r, status[r.institution, r.month])
            for r in results
            if (r.institution, r.month) in status
        ]


def _standings(
    backend: BackendDep, institutions: InstitutionsDep, interval: IntervalDep
) -> Standings:
    return Standings(backend.ledger, institutions, interval)


StandingsDep = Annotated[Standings, Depends(_standings)]
