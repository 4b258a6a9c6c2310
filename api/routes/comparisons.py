"""How a month, a year and an institution compare: earlier months, quotas, peers, the form."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from api.access.needs import NEEDS_READ
from api.access.seen import BackendDep
from api.problems import ProblemError
from api.query import Interval, LanguageDep, PageDep
from api.rows.comparisons import (
    YEAR_NAMES,
    By,
    ComparisonRow,
    History,
    PeerRow,
    QuotaRow,
    SurveyFieldRow,
    TotalRow,
    comparison_rows,
    peer_rows,
    quota_rows,
    survey_field_rows,
    total_rows,
)
from api.standing_results import ResultsDep, ResultsQuery
from api.tables.route import ResultsRoute
from domain.calendar import Month
from domain.figures import MonthResult
from domain.figures.names import AMONG_PEERS, COMPARED

router = APIRouter(
    route_class=ResultsRoute, prefix="/v1", tags=["comparisons"], dependencies=[NEEDS_READ]
)


def histories(query: ResultsQuery, names: tuple[str, ...], back: int) -> Iterator[History]:
    """The asked months of each institution, with the `back` months before them."""
    asked = query.interval
    wider = replace(query, interval=_earlier(asked, back))
    by_institution: dict[str, list[MonthResult]] = {}
    for s in wider.read(names):
        by_institution.setdefault(s.institution.id, []).append(s.result)
    for name, results in by_institution.items():
        institution = query.institutions[name]
        months = [r.month for r in results if asked.holds(r.month, institution.timezone)]
        yield History(institution, results, months)


def _earlier(interval: Interval, months: int) -> Interval:
    start = interval.start
    if isinstance(start, datetime):
        start = Month.of((start - timedelta(days=1)).date())
    return Interval(start.plus(-months) if start else None, interval.end)


@router.get("/comparisons")
def comparisons(query: ResultsDep, page: PageDep) -> list[ComparisonRow]:
    """Figures against last month and last year · 环比与同比."""
    return page.cut(comparison_rows(histories(query, COMPARED, 12)))


@router.get("/quotas")
def quotas(query: ResultsDep, page: PageDep, lang: LanguageDep) -> list[QuotaRow]:
    """The twelve months up to each month against the institution's own quotas · 定额对标.

    By kind, level, climate zone and kind of heating; where there is no grade, it says why.
    """
    return page.cut(quota_rows(histories(query, YEAR_NAMES, 11), lang))


@router.get("/peers")
def peers(backend: BackendDep, query: ResultsDep, page: PageDep) -> list[PeerRow]:
    """Each institution among those of its building type · 同类比较."""
    everybody = backend.registry.institution_by_id
    known = replace(query, institutions=everybody).wholes(AMONG_PEERS)
    return page.cut(peer_rows(query.institutions, everybody.values(), known))


@router.get("/totals")
def totals(
    query: ResultsDep,
    page: PageDep,
    by: Annotated[By, Query(description="One sum, or one a district or kind.")] = "city",
    name: Annotated[list[str] | None, Query(description="Only these figures.")] = None,
) -> list[TotalRow]:
    """All institutions of the city, a district or a kind together · 汇总."""
    for unknown in set(name or ()) - set(COMPARED):
        reason = f"{unknown!r} cannot be added up; choose from {', '.join(COMPARED)}"
        raise ProblemError(422, "bad_parameter", where="query.name", reason=reason)
    names = [n for n in COMPARED if not name or n in name]
    return page.cut(total_rows(query.wholes(names), query.institutions, by))


@router.get("/survey")
def survey(query: ResultsDep, page: PageDep) -> list[SurveyFieldRow]:
    """The national survey form over the twelve months up to each month · 统计调查表."""
    return page.cut(survey_field_rows(histories(query, YEAR_NAMES, 11)))
