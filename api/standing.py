"""Reads what stands for each institution and month: two queries, whatever is asked for."""

from typing import Annotated

from fastapi import Depends

from api.asked import InstitutionsDep, Interval, IntervalDep
from api.figure_rows import Standing
from api.parts import Parts, PartsDep
from domain.places import Institution


def read_standing(
    parts: Parts, institutions: dict[str, Institution], interval: Interval
) -> list[Standing]:
    """The standing results of these institutions that overlap the interval, sorted by
    institution and month. Statuses and results are one query each."""
    only = next(iter(institutions)) if len(institutions) == 1 else None
    start, end = interval.coarse()
    results = parts.ledger.results(only, start, end)
    status = {(s.institution, s.month): s for s in parts.ledger.statuses(only)}
    return [
        Standing(institutions[r.institution], r, status.get((r.institution, r.month)))
        for r in results
        if r.institution in institutions
        and interval.holds(r.month, institutions[r.institution].timezone)
    ]


def _standing(
    parts: PartsDep, institutions: InstitutionsDep, interval: IntervalDep
) -> list[Standing]:
    return read_standing(parts, institutions, interval)


StandingDep = Annotated[list[Standing], Depends(_standing)]
