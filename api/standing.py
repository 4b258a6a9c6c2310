"""Reads what stands for each institution and month: a few queries, whatever is asked for."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends

from api.asked import InstitutionsDep, Interval, IntervalDep
from api.figure_rows import Standing
from api.parts import PartsDep
from domain.places import Institution
from store.ledger import Ledger


@dataclass(frozen=True)
class Standings:
    """The standing results of the institutions and the interval asked for, not yet read."""

    ledger: Ledger
    institutions: dict[str, Institution]
    interval: Interval

    def read(self, names: Collection[str] | None = None, *, days: bool = False) -> list[Standing]:
        """Sorted by institution and month; only figures (and day values) of `names`.

        Day values are read only with `days`: they are most of the ledger.
        """
        only = next(iter(self.institutions)) if len(self.institutions) == 1 else None
        start, end = self.interval.coarse()
        results = self.ledger.results(only, start, end, names=names, days=days)
        status = {(s.institution, s.month): s for s in self.ledger.statuses(only)}
        known = self.institutions
        return [
            Standing(known[r.institution], r, status.get((r.institution, r.month)))
            for r in results
            if r.institution in known
            and self.interval.holds(r.month, known[r.institution].timezone)
        ]


def _standings(parts: PartsDep, institutions: InstitutionsDep, interval: IntervalDep) -> Standings:
    return Standings(parts.ledger, institutions, interval)


StandingsDep = Annotated[Standings, Depends(_standings)]
