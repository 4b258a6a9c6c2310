"""A thermometer that goes off: found by comparing it with the other stations of its city.

Stations of one city differ, by where they stand and by their sensors, but their differences
stay about the same from week to week. One whose difference from most of the others grows
day after day is drifting. What is judged are differences of daily means, so a constant offset
never counts. A single neighbour cannot say which of the two is wrong, and a station without
neighbours is not judged at all: what a month's temperature may be by chance (a standard
deviation of some 2.5 °C for a day) hides any drift that is worth finding.

Not found: a drift below some 0.15 °C a day, which the seasons can make between the coast and
the land behind it; a step; one that a majority of the stations shares.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from config.processing import WeatherDriftRules, processing_settings
from domain.findings import Finding
from domain.registry import Registry
from processing.curves.curve import Floats, UseCurve
from processing.curves.days import day_edges
from processing.curves.measured_states import daily_mean

_NORMAL = 1.4826  # scatter of a normal distribution over its median absolute deviation


@dataclass(frozen=True, slots=True)
class Drift:
    """How far a station went off (°C, with its sign) within how many days, by most of how many
    neighbours."""

    growth_c: float
    days: int
    neighbours: int


def _rules() -> WeatherDriftRules:
    return processing_settings().weather_drift


def _lags_days(rules: WeatherDriftRules) -> tuple[int, int]:
    return rules.lag_days, 2 * rules.lag_days


def neighbour_stations(registry: Registry, station: str) -> tuple[str, ...]:
    """Other stations of the same city, by the first four digits of the district code: those of
    the same district first. Empty where the city is not known."""
    places = registry.institution_by_id

    def code(device: str) -> str:
        return places[registry.device_by_id[device].institution].district_code

    if station not in registry.device_by_id or len(code(station)) < 4:
        return ()
    own = code(station)
    others = [
        d.id for d in registry.weather_stations if d.id != station and code(d.id)[:4] == own[:4]
    ]
    return tuple(sorted(others, key=lambda d: (code(d) != own, d))[: _rules().most_neighbours])


def drift_findings(
    station: str,
    own: UseCurve,
    neighbours: Sequence[UseCurve],
    start: date,
    end: date,
    timezone: str,
) -> tuple[Finding, ...]:
    """A finding ``sensor_drift`` when the station went off on days of [start, end).

    `own` and `neighbours` are integrals of the temperatures over time (see `processing.curves.measured_states`).
    """
    rules = _rules()
    if len(neighbours) < rules.fewest_neighbours or own.at_ms.size < 2 or end <= start:
        return ()
    before = max(_lags_days(rules)) + rules.smoothed_days
    edges = day_edges(start - timedelta(days=before), end, timezone)
    others = np.array([daily_mean(n, edges) for n in neighbours])
    found = drift_of(daily_mean(own, edges), others, before, rules)
    if found is None:
        return ()
    numbers = {
        "growth_c": round(found.growth_c, 1),
        "days": found.days,
        "neighbours": found.neighbours,
    }
    return (Finding("sensor_drift", "warning", subject=station, numbers=numbers),)


def drift_of(
    own_c: Floats, others_c: Floats, first: int, rules: WeatherDriftRules | None = None
) -> Drift | None:
    """The largest drift that shows on the days from index `first` on, or None.

    `own_c[n]` and `others_c[k, n]` are daily means, NaN where unknown. Without `rules` those
    of `config/tables/processing.toml` hold.
    """
    rules = rules or _rules()
    apart = own_c - others_c
    known = ~np.isnan(apart).all(axis=1)
    apart = apart[known]
    if len(apart) < rules.fewest_neighbours:
        return None
    smooth = _smooth(apart, rules)
    need = np.maximum(rules.growth_c, rules.scatter_factor * _scatter(apart))
    found = [
        d
        for lag in _lags_days(rules)
        if (d := _largest(smooth, need, lag, first, rules.step_ratio))
    ]
    return max(found, key=lambda d: abs(d.growth_c), default=None)


def _largest(smooth: Floats, need: Floats, lag: int, first: int, step_ratio: float) -> Drift | None:
    """The largest growth over `lag` days that most neighbours confirm on two days running."""
    last = smooth.shape[1]
    low = max(first, lag)
    if low >= last:
        return None
    now, then = smooth[:, low:], smooth[:, low - lag : last - lag]
    half = lag // 2
    middle = smooth[:, low - half : last - half]
    growth = now - then
    moves = np.nan_to_num(np.abs(np.diff(smooth, axis=1)))[:, low - lag : last - 1]
    step = np.lib.stride_tricks.sliding_window_view(moves, lag, axis=1).max(axis=2)
    with np.errstate(invalid="ignore"):
        # A step is on one side of the middle; what grows is half-way there.
        share = (middle - then) / growth
        steady = (share > 0.15) & (share < 0.85) & (step < step_ratio * np.abs(growth))
        large = steady & (np.abs(growth) >= need[:, None])
        up, down = large & (growth > 0), large & (growth < 0)
    majority = len(smooth) // 2 + 1
    best: Drift | None = None
    for confirmed in (up, down):
        enough = confirmed.sum(axis=0) >= majority
        twice = enough & np.concatenate([[False], enough[:-1]])
        for day in np.flatnonzero(twice):
            size = float(np.median(growth[confirmed[:, day], day]))
            if best is None or abs(size) > abs(best.growth_c):
                best = Drift(size, lag, len(smooth))
    return best


def _smooth(apart: Floats, rules: WeatherDriftRules) -> Floats:
    """Medians over the day and those before it; NaN where too few of them are known."""
    lead = np.full((len(apart), rules.smoothed_days - 1), np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(
        np.concatenate([lead, apart], axis=1), rules.smoothed_days, axis=1
    )
    known = (~np.isnan(windows)).sum(axis=2)
    ordered = np.sort(windows, axis=2)  # what is unknown comes last
    middle = np.stack([np.maximum(known - 1, 0) // 2, known // 2], axis=2)
    middle = np.minimum(middle, rules.smoothed_days - 1)
    medians: Floats = np.take_along_axis(ordered, middle, axis=2).mean(axis=2)
    return np.where(known >= rules.known_days, medians, np.nan)


def _scatter(apart: Floats) -> Floats:
    """How much each neighbour's daily differences vary, whatever their course: from the steps
    from one day to the next, of which a drift moves little but the median.
    """
    found = np.zeros(len(apart))
    for number, row in enumerate(np.diff(apart, axis=1)):
        steps = row[~np.isnan(row)]
        if steps.size:
            found[number] = _NORMAL * np.median(np.abs(steps - np.median(steps))) / np.sqrt(2)
    return found
