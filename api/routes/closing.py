"""What is looked at before a month is closed."""

from fastapi import APIRouter

from api.access.needs import NEEDS_READ
from api.access.seen import BackendDep
from api.query import LanguageDep, MonthPath
from api.rows.trail.checks import CheckRow, check_rows
from api.standing_results import month_status
from api.tables.route import TableRoute
from config.closing import check_rules_on
from domain.calendar import Month
from domain.closing.checks import checks_of

router = APIRouter(route_class=TableRoute, prefix="/v1", tags=["months"], dependencies=[NEEDS_READ])


@router.get("/months/{institution}/{month}/checks")
def checks(
    backend: BackendDep, institution: str, month: MonthPath, lang: LanguageDep
) -> list[CheckRow]:
    """The checks that a month does not pass, or what waits to be its next revision · 签发前检查.

    An empty list: it may be closed. What blocks has to be mended, or waived by name (`civicmeter
    close --waive`)."""
    backend.institution(institution)
    ledger = backend.ledger
    status = month_status(ledger, institution, Month.parse(month))
    (standing,) = ledger.results(institution, status.month, status.month.plus(1), days=False)
    found = checks_of(
        ledger.pending(institution, status.month) or standing,
        check_rules_on(status.month.first_day),
        ledger.adjustments(institution),
        is_touched=any(
            (t.institution, t.month) == (institution, status.month) for t in ledger.touched()
        ),
    )
    waivers = {w.code: w for w in ledger.waivers(institution, status.month)}
    return check_rows(found, waivers, lang)
