"""How alike two buildings' loads look: the numbers by which archetypes were calibrated.

Compared are, over whole years of hourly use under the same weather and calendar:

- the weekly profile: mean use by hour of the week, divided by the mean; two profiles are
  compared by their correlation and by the mean absolute difference;
- night to day: mean of working nights (0–5 h) over mean of working days (10–16 h);
- rest to working days: mean of weekends over mean of weekdays;
- base to peak: 5th over 95th percentile of all hours;
- the temperature response of a heating fuel: balance point and slope of daily use (percent of
  the mean for each °C below it), by least squares over balance points in steps of 0.5 °C.
"""

from dataclasses import dataclass

import numpy as np

from domain.calendar import Month
from simulators.devices.climate import Climate
from simulators.devices.grid import Floats, Grid, Ints
from simulators.devices.replayed.archives import whole_column
from simulators.devices.replayed.cambridge import WEATHER_TABLE, cambridge_hours


class Bedford:
    """The measured weather of the Cambridge buildings, 2018–2019, linear between hours."""

    def __init__(self) -> None:
        self._at_ms = whole_column(WEATHER_TABLE, "hour").astype(np.int64) * 3_600_000
        self._celsius = whole_column(WEATHER_TABLE, "outdoor_temperature_c") / 10

    def temperature_c(self, at_ms: Ints) -> Floats:
        """Before the first and after the last hour: that hour's temperature."""
        return np.interp(at_ms, self._at_ms, self._celsius)


@dataclass(frozen=True)
class Shape:
    """A building's electricity in numbers that do not depend on its size."""

    weekly_profile: Floats
    """168 values from Monday 0 h local time, mean 1."""
    night_to_day: float
    rest_to_working: float
    base_to_peak: float

    def correlation(self, other: "Shape") -> float:
        """Of the weekly profiles."""
        return float(np.corrcoef(self.weekly_profile, other.weekly_profile)[0, 1])

    def difference(self, other: "Shape") -> float:
        """Mean absolute difference of the weekly profiles, as a share of the mean use."""
        return float(np.abs(self.weekly_profile - other.weekly_profile).mean())


@dataclass(frozen=True)
class Response:
    """How a heating fuel follows the weather."""

    balance_c: float
    slope_pct_per_c: float
    r2: float


def shape_of(local_hour: Ints, use: Floats) -> Shape:
    """The shape of hourly use; `local_hour` counts local hours since 1970, NaN is skipped."""
    known = ~np.isnan(use)
    local_hour, use = local_hour[known], use[known]
    of_week = (local_hour + 3 * 24) % 168  # 1970-01-01 was a Thursday
    sums = np.bincount(of_week, use, minlength=168)
    profile = sums / np.bincount(of_week, minlength=168)
    profile = profile / profile.mean()
    days = profile.reshape(7, 24)
    low, high = np.percentile(use, [5, 95])
    return Shape(
        profile,
        night_to_day=float(days[:5, 0:5].mean() / days[:5, 10:16].mean()),
        rest_to_working=float(days[5:].mean() / days[:5].mean()),
        base_to_peak=float(low / high),
    )


def response_of(daily_c: Floats, daily_use: Floats) -> Response:
    """Balance point and slope of daily use against daily mean temperature."""
    known = ~np.isnan(daily_use)
    celsius, use = daily_c[known], daily_use[known]
    best: tuple[float, float, float] | None = None
    for balance in np.arange(8.0, 20.5, 0.5):
        table = np.column_stack([np.ones(len(use)), np.clip(balance - celsius, 0, None)])
        found = np.linalg.lstsq(table, use, rcond=None)[0]
        error = float(((table @ found - use) ** 2).sum())
        if best is None or error < best[0]:
            best = (error, float(balance), float(found[1]))
    assert best is not None
    error, balance, slope = best
    spread = float(((use - use.mean()) ** 2).sum())
    return Response(balance, 100 * slope / float(use.mean()), 1 - error / spread)


def measured_shape(building: str) -> Shape:
    """The electricity shape of a shipped Cambridge building."""
    months = [Grid(Month(2018, 1).plus(i), "Europe/London", 3600) for i in range(24)]
    use = np.concatenate([cambridge_hours(building, "electricity", g) for g in months])
    return shape_of(local_hours(months), use)


def daily_mean_c(climate: Climate, first_day: int, days: int) -> Floats:
    """Mean temperature of days in Dongying, counted from 1970-01-01: from the hourly values."""
    hours = (np.arange(first_day * 24, (first_day + days) * 24) - 8) * 3_600_000
    per_hour = climate.temperature_c(hours + 1_800_000)
    return np.asarray(per_hour.reshape(days, 24).mean(axis=1), dtype=np.float64)


def local_hours(grids: list[Grid]) -> Ints:
    """The local hour, since 1970, of each step of hourly grids."""
    return np.concatenate([g.local_ms for g in grids]) // 3_600_000
