"""The mean outdoor temperature, and whether its thermometer goes off."""

import numpy as np

from domain.figures import DayValue, Figure, Shares
from processing.curves.days import elapsed
from processing.curves.measured_states import daily_mean, mean_on_grid
from processing.months.producer import MonthContext, Part, Producer
from processing.quality.weather_drift import drift_findings
from processing.use.month_use import value_or_none

_NAME = "outdoor_temperature_mean_c"


def _make(context: MonthContext) -> Part:
    site, days = context.site, context.days
    reached = elapsed(context.edges, context.now_ms, None, 0)
    if site.temperature.at_ms.size < 2 or reached.size < 2:
        return Part()
    mean, share = mean_on_grid(site.temperature, reached[[0, -1]])
    figure = Figure(
        name=_NAME,
        value=value_or_none(mean),
        shares=Shares.known(float(share[0])),
        method="time-weighted-mean/1",
        findings=drift_findings(
            site.institution.weather_device,
            site.temperature,
            site.temperatures_around,
            context.month.first_day,
            context.today,
            site.institution.timezone,
        ),
    )
    values = [
        DayValue(
            day=day,
            name=_NAME,
            subject="",
            value=None if np.isnan(t) else float(t),
            quality="missing" if np.isnan(t) else "measured",
        )
        for day, t in zip(days, daily_mean(site.temperature, reached), strict=False)
    ]
    return Part(figures=[figure], days=values)


PRODUCER = Producer("temperature", (_NAME,), _make)
