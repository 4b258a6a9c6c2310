"""GET /v1/overview: what the overview page says of all institutions together, as rows."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.access.needs import NEEDS_READ
from api.access.seen import BackendDep
from api.dependencies import Backend
from api.overview.rows import ASKED_NAMES, OverviewRow, city_counts, count_rows, month_rows
from api.query import ONE_MONTH_PATTERN, LanguageDep, PageDep
from api.standing_results import months_known, wholes_of_month
from api.tables.route import MomentsRoute
from domain.calendar import Month
from store.ledger.answers import Value

router = APIRouter(
    route_class=MomentsRoute, prefix="/v1", tags=["results"], dependencies=[NEEDS_READ]
)
_MONTHS_TRIED = 6


@router.get("/overview")
def overview_rows(
    backend: BackendDep,
    page: PageDep,
    lang: LanguageDep,
    month: Annotated[
        str | None,
        Query(
            pattern=ONE_MONTH_PATTERN,
            description="YYYY-MM of the sums; when absent the last that is over and has figures.",
        ),
    ] = None,
) -> list[OverviewRow]:
    """The whole city at a glance: institutions, months, what waits, a month's sums · 总览.

    Counts are those of now, sums of a month that is over. What was kept aside is counted every ten
    seconds, and an answer holds for as long.
    """
    ledger, registry = backend.ledger, backend.registry
    aside = ledger.aside(samples=False)
    counts = backend.results.of_all("month_counts", ledger.month_counts)
    if not backend.sees_all:
        devices, places = registry.device_by_id, registry.institution_by_id
        aside = [e for e in aside if e.device in devices]
        counts = [c for c in counts if c.institution in places]
    counted = city_counts(registry.institutions, counts, aside)
    values = _wholes(backend, Month.parse(month) if month else None)
    rows = count_rows(counted, lang)
    return page.cut([*rows, *month_rows(values, registry.institution_by_id, lang)])


def _wholes(backend: Backend, asked: Month | None) -> list[Value]:
    """Figures of whole institutions of one month; of a month that is not over there are none."""
    known = months_known(backend)[::-1][:_MONTHS_TRIED] if asked is None else [asked]
    for month in known:
        found = wholes_of_month(backend, "overview", ASKED_NAMES, month)
        if found:
            return found
    return []
