"""What IPMVP calls static factors: a smaller building, or fewer people, saves by being smaller."""

from collections.abc import Iterator
from datetime import timedelta

from domain.findings import Finding
from domain.places import value_on
from processing.savings.doubts.case import Case
from processing.savings.doubts.limits import rules

_FACTORS = ("floor_area_m2", "headcount", "staff", "students", "beds")


def doubt(case: Case) -> Iterator[Finding]:
    """A registered size that fell since the baseline, with no adjustment for it."""
    about = case.background
    if about.institution is None or about.option == "B":
        return
    last = case.end - timedelta(days=1)
    for name in _FACTORS:
        history = getattr(about.institution, name)
        before = value_on(history, case.model.baseline_end - timedelta(days=1))
        now = value_on(history, last)
        if not before or now is None:
            continue
        fell = 1.0 - now / before
        if fell > rules()["static_factor_max_ratio"]:
            yield Finding(
                f"savings_smaller_{name}",
                "warning" if about.adjustments else "serious",
                numbers={"before": f"{before:,.0f}", "now": f"{now:,.0f}"},
            )
