"""Too little was seen, or measured, for what is claimed."""

from collections.abc import Iterator

from domain.findings import Finding
from processing.savings.doubts.case import Case
from processing.savings.doubts.limits import rules


def doubt(case: Case) -> Iterator[Finding]:
    """Under half of the days known: the figure is of those days, and proves nothing of the rest.
    Or its larger part filled in rather than measured (bills are read, or merged, as a whole)."""
    due, seen = (case.end - case.start).days, len(case.known)
    if 0 < seen < rules()["known_days_min_ratio"] * due:
        yield Finding("savings_thin_evidence", "serious", numbers={"known": seen, "days": due})
    if case.model.bills is None and "estimated" in case.known and seen:
        share = float(case.known["estimated"].mean())
        if share > rules()["estimated_max_ratio"]:
            percent = round(100 * share, 1)
            yield Finding("savings_mostly_estimated", "serious", numbers={"percent": percent})
