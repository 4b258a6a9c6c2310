"""Temperatures that no place has: °F, tenths, a sensor in the plant room."""

from collections.abc import Iterator

import pandas as pd

from domain.findings import Finding
from processing.savings.doubts.case import Case
from processing.savings.doubts.limits import climate

_FEWEST = 15


def doubt(case: Case) -> Iterator[Finding]:
    """Calendar months whose mean the institution's place cannot have; of a model that asks for
    the weather, in the baseline or among the judged days."""
    if not case.model.needs_temperature:
        return
    low, high = climate(case.background.institution)
    for where, days in (("baseline", case.baseline), ("reporting", case.window)):
        found = [
            (month, mean)
            for month, mean in monthly_c(days).items()
            if not low[month.month - 1] <= mean <= high[month.month - 1]
        ]
        if found:
            month, mean = found[0]
            yield Finding(
                f"savings_{where}_climate_impossible",
                "serious",
                numbers={"month": str(month), "mean_c": round(mean, 1), "months": len(found)},
            )


def monthly_c(days: pd.DataFrame) -> dict[pd.Period, float]:
    """The mean temperature of each month that has some days of it."""
    known = days["temperature_c"].dropna()
    grouped = known.groupby(pd.DatetimeIndex(known.index).to_period("M"))
    means = grouped.mean()[grouped.size() >= _FEWEST]
    months = pd.PeriodIndex(means.index)
    return {month: float(mean) for month, mean in zip(months, means, strict=True)}
