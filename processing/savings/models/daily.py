"""The daily change-point model: day types, holidays, season of the year, heating and cooling.

Level by day type + trend + slow season of the year + slopes below a heating and above a cooling change
point. Change points, and whether a slope is there at all, are judged by cross-validation over
calendar months; the candidates about as good as the best are averaged, which is steadier than
picking one. Their slopes are never negative. Outlying days count less, and so do busy days,
which scatter more, and days long ago.

Beside them stands one smooth curve of temperature with every change point at once, a ridge on
each bend. The prediction is the mean of the two: both are sums of the same terms, so their mean
is one such sum again. They err differently, so their mean mostly errs
less than either. Where the mean would fall towards the cold, the change points stand alone.
"""

from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from processing.savings.models.linear import Floats, Grams, Ints, Reduced, huber_weights
from processing.savings.models.sun import Sun, fit_sun
from processing.savings.models.terms import Conditions, column, columns, felt_temperature_c

OUTLIER_LIMIT = 1.0
"""Robust standard deviations from which a day counts less (Huber): use has long tails, and the
usual day tells more of the next year than the mean day."""
HEATING_GRID_C = tuple(np.arange(8.0, 20.5, 1.0))
COOLING_GRID_C = tuple(np.arange(12.0, 25.0, 2.0))
KEPT = 6
"""Candidates of each structure that go on to cross-validation."""
SOFTNESS = 0.03
"""A candidate's weight falls by e for each 3 % its left-out squared error lies above the best."""
LEAST_WEIGHT = 0.05
"""Candidates of less weight than this, relative to the best, are dropped."""
SMOOTH_SHARE = 0.5
"""How much of the prediction the smooth curve is; the averaged change points are the rest."""
SMOOTH_MIDDLE_C = 16.0
"""Below it the smooth curve is made of heating terms, above it of cooling terms."""
BEND_PENALTY = 0.02
"""Ridge on each bend of the smooth curve (°C², per unit of the days' weight)."""
BEND_PENALTY_OFF = 0.2
"""The same for what days off bend differently."""
FEW_DAYS = 5.0
"""Ridge on the level of closed days, and of those out of term, in days: of so many days half is
believed, so that a few say little."""
FEW_DAYS_SLOPE = 1.0
"""The same for how closed days follow the weather, from CLOSED_HEATING_C down and CLOSED_COOLING_C up."""
CLOSED_HEATING_C = 16.0
CLOSED_COOLING_C = 20.0
CALENDAR_GAIN = 0.97
"""An operating calendar is used where it takes the absolute error of left-out months down to so much:
one that has nothing to do with the use would only add noise."""
LEAST_TREND_DAYS = 330
"""In a baseline shorter than about a year a trend cannot be told from the season."""
SPREAD_POWER = 0.5
"""The scatter's variance grows with this power of the expected use."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Habit:
    """How a carrier's use varies beside the weather.

    `waves` of the year may bend the level, each with a ridge relative to its own sum of squares
    (`penalty` × wave number). What drifts within the baseline is carried on as it was at its end,
    by a trend with a ridge of `trend_penalty` (None: without). The felt temperature takes
    `memory_share` of the days before, fading over `memory_days`, and rises with the sun by
    `sun_c_per_100_w` (see `sun.py`). A day's weight halves with every `half_life_days` that it lies
    before the last: what drifts goes on from where it is, so the last months tell more of the next
    year. All were chosen on years other than those reported.
    """

    waves: int
    penalty: float
    memory_share: float
    memory_days: float
    trend_penalty: float | None = None
    sun_c_per_100_w: float = 0.0
    half_life_days: float = 180.0


USE_LED = Habit(waves=3, penalty=1.0, memory_share=0.5, memory_days=2.0, trend_penalty=0.3)
"""Electricity, water, cooling: people and terms make the season."""
WEATHER_LED = Habit(waves=2, penalty=3.0, memory_share=0.7, memory_days=4.0, sun_c_per_100_w=1.0)
"""Gas and heat: the weather makes it."""
WEATHER_LED_CARRIERS = frozenset({"natural_gas", "heat"})
"""Carriers that do not follow people first of all."""


def habit_of(carrier: str) -> Habit:
    return WEATHER_LED if carrier in WEATHER_LED_CARRIERS else USE_LED


@dataclass(frozen=True, slots=True)
class DailyFit:
    """Terms with their coefficients, and what the fit says of itself.

    `left_out` are the residuals observed − predicted of each used day (positions `used`) when
    its calendar month was left out of the fit; `residuals` those within the fit. `parameters`
    counts the coefficients of the best single candidate. `sun` is None where it is not counted.
    `by_calendar`: the terms are about `Conditions.by_calendar`, else `Conditions.without_calendar`.
    """

    terms: list[Json]
    coefficients: Floats
    used: npt.NDArray[np.bool_]
    residuals: Floats
    left_out: Floats
    parameters: int
    sun: Sun | None
    by_calendar: bool = False


@dataclass(frozen=True, slots=True)
class _Candidates:
    """The wide table's terms, and the choices of columns by structure."""

    terms: list[Json]
    penalty: Floats
    base: int
    structures: list[Ints]


def fit_daily(use: Floats, on: Conditions, habit: Habit = USE_LED) -> DailyFit:
    """Fit `use` per day (any energy unit, NaN = missing) under the conditions `on`.

    Days without use or temperature are not used; with temperatures on fewer than half of the
    days the model has no slopes. Needs at least one used day; the result is deterministic.
    With an operating calendar, it is fitted with and without, and what predicts left-out months
    clearly better is kept.
    """
    plain = _fit(use, on.without_calendar, habit)
    if not (on.closed | on.vacation).any():
        return plain
    operated = replace(_fit(use, on.by_calendar, habit), by_calendar=True)
    before, after = (float(np.abs(f.left_out).sum()) for f in (plain, operated))
    return operated if after < CALENDAR_GAIN * before else plain


def _fit(use: Floats, on: Conditions, habit: Habit) -> DailyFit:
    with_temperature = bool(np.isfinite(on.temperature_c).mean() >= 0.5)
    sun = fit_sun(on.year_angle, on.irradiance_w_per_m2, habit.sun_c_per_100_w)
    felt = felt_temperature_c(on, habit.memory_share, habit.memory_days, sun)
    used = np.isfinite(use) & (np.isfinite(felt) if with_temperature else True)
    felt = np.where(np.isfinite(felt), felt, 0.0)
    inside = replace(on, temperature_c=felt).select(used)
    y = use[used]
    choice = _candidates(inside, with_temperature, habit)
    table = columns(list(choice.terms), inside)
    months = np.asarray(inside.days.year * 12 + inside.days.month, dtype=np.intp)
    names, block = np.unique(months, return_inverse=True)

    def grams(weights: Floats) -> Grams:
        return Grams.of(table, y, weights, block, len(names), choice.penalty)

    first = grams(np.ones(len(y)))
    age = np.asarray((inside.days[-1] - inside.days).days, dtype=np.float64)
    weights = _weights(y, table @ _best_in_sample(first, choice))
    weights = weights * 0.5 ** (age / habit.half_life_days)
    last = grams(weights)
    beta, beta_by_block, parameters = _averaged(last, choice)
    if with_temperature:
        smooth, smooth_by_block = _smooth(last, choice)
        mean = (1 - SMOOTH_SHARE) * beta + SMOOTH_SHARE * smooth
        if _rises_towards_cold(choice.terms, mean):
            beta = mean
            beta_by_block = (1 - SMOOTH_SHARE) * beta_by_block + SMOOTH_SHARE * smooth_by_block
    kept = np.flatnonzero(beta) if beta.any() else np.zeros(1, dtype=np.intp)  # nought is a level
    left_out = np.einsum("di,di->d", table, beta_by_block[block])
    return DailyFit(
        [choice.terms[i] for i in kept],
        beta[kept],
        used,
        y - np.maximum(table @ beta, 0.0),
        y - np.maximum(left_out, 0.0),
        parameters,
        sun,
    )


def _weights(y: Floats, expected: Floats) -> Floats:
    """The weight of each day: less for outliers, and less where use (so its scatter) is large."""
    level = np.maximum(expected, 0.0) + 0.1 * abs(float(y.mean()))
    if not level.min() > 0:
        return np.ones(len(y))
    spread = level ** (SPREAD_POWER / 2)
    robust = huber_weights((y - expected) / spread, OUTLIER_LIMIT)
    weights: Floats = robust / spread**2 * float(np.mean(spread**2))
    return weights


def _candidates(on: Conditions, with_temperature: bool, habit: Habit) -> _Candidates:
    base: list[tuple[Json, float]] = [({"kind": "level"}, 0.0)]
    if on.off.any() and not on.off.all():
        base.append(({"kind": "level", "days": "off"}, 0.0))
    if on.holiday.any():
        base.append(({"kind": "holiday"}, 0.3))
    if on.heating_season.any() and not on.heating_season.all():
        base.append(({"kind": "level", "days": "season"}, 0.02))
    base += _operated(on, with_temperature)
    span = (on.days[-1] - on.days[0]).days
    if habit.trend_penalty is not None and span >= LEAST_TREND_DAYS:
        first, last = (d.date().isoformat() for d in (on.days[0], on.days[-1]))
        base.append(({"kind": "trend", "from": first, "to": last}, habit.trend_penalty))
    for wave, kind in product(range(1, habit.waves + 1), ("cosine", "sine")):
        season: Json = {"kind": kind, "per_year": wave}
        penalty = habit.penalty * wave
        base += [(season, penalty), ({**season, "days": "working"}, penalty)]
    k, heats, cools = len(base), len(HEATING_GRID_C), len(COOLING_GRID_C)
    wide = base + [({"kind": "heating", "at_c": float(c)}, 0.0) for c in HEATING_GRID_C]
    wide += [({"kind": "heating", "at_c": float(c), "days": "off"}, 0.02) for c in HEATING_GRID_C]
    wide += [({"kind": "cooling", "at_c": float(c)}, 0.0) for c in COOLING_GRID_C]
    if not with_temperature:
        wide = base
    return _Candidates(
        [term for term, _ in wide],
        np.array([penalty for _, penalty in wide]),
        k,
        _structures(k, heats, cools) if with_temperature else [np.arange(k)[None]],
    )


def _operated(on: Conditions, with_temperature: bool) -> list[tuple[Json, float]]:
    """What the operating calendar adds to the terms that every candidate has."""
    found: list[tuple[Json, float]] = []
    for days in ("closed", "vacation", "vacation_off"):
        level: Json = {"kind": "level", "days": days}
        count = int(column(level, on).sum())
        if not 0 < count < len(on.days):
            continue
        found.append((level, FEW_DAYS / count))
        if days == "closed" and with_temperature:  # a boiler turned down saves by the degree
            heating: Json = {"kind": "heating", "at_c": CLOSED_HEATING_C, "days": days}
            cooling: Json = {"kind": "cooling", "at_c": CLOSED_COOLING_C, "days": days}
            found += [(heating, FEW_DAYS_SLOPE / count), (cooling, FEW_DAYS_SLOPE / count)]
    return found


def _structures(base: int, heats: int, cools: int) -> list[Ints]:
    """Choices of columns: none, heating, heating by day type, cooling, and both."""
    heat, heat_off, cool = base, base + heats, base + 2 * heats
    every_heat, every_cool = range(heats), range(cools)
    both = [
        (h, c) for h, c in product(every_heat, every_cool) if HEATING_GRID_C[h] <= COOLING_GRID_C[c]
    ]
    extra: list[list[list[int]]] = [
        [[]],
        [[heat + h] for h in every_heat],
        [[heat + h, heat_off + h] for h in every_heat],
        [[cool + c] for c in every_cool],
        [[heat + h, cool + c] for h, c in both],
        [[heat + h, heat_off + h, cool + c] for h, c in both],
    ]
    return [np.array([[*range(base), *e] for e in structure], dtype=np.intp) for structure in extra]


def _best_in_sample(grams: Grams, choice: _Candidates) -> Floats:
    """Coefficients over all columns of the candidate with the least squared error."""
    best, coefficients = np.inf, np.zeros(len(choice.terms))
    reduced = grams.without_base(choice.base)
    for picks in choice.structures:
        beta, error = _solve(grams, reduced, choice, picks)
        i = int(np.argmin(error))
        if error[i] < best:
            best, coefficients = error[i], np.zeros(len(choice.terms))
            coefficients[picks[i]] = beta[i]
    return coefficients


def _averaged(grams: Grams, choice: _Candidates) -> tuple[Floats, Floats, int]:
    """Candidates averaged by how well they predict left-out months.

    Gives the coefficients over all columns, those without each block, and the number of
    coefficients of the best candidate.
    """
    found: list[tuple[float, Ints, Floats, Floats]] = []
    reduced = grams.without_base(choice.base)
    block_wise = grams.without_base(choice.base, blocks=True)
    for picks in choice.structures:
        beta, error = _solve(grams, reduced, choice, picks)
        ranked = np.argsort(error, kind="stable")[:KEPT]
        ranked = ranked[np.isfinite(error[ranked])]
        if len(ranked):
            by_block, score = grams.left_out(picks[ranked], block_wise)
            rows = zip(score, picks[ranked], beta[ranked], by_block.swapaxes(0, 1), strict=True)
            found += [(float(s), p, b, bb) for s, p, b, bb in rows]
    scores = np.array([f[0] for f in found])
    least = float(scores.min())
    weights = np.exp(-(scores / least - 1) / SOFTNESS) if least > 0 else (scores == least) * 1.0
    weights = np.where(weights >= LEAST_WEIGHT, weights, 0.0)
    weights = weights / weights.sum()
    coefficients = np.zeros(len(choice.terms))
    by_blocks = np.zeros((len(grams.ff), len(choice.terms)))
    for weight, (_, picked, beta, by_block) in zip(weights, found, strict=True):
        coefficients[picked] += weight * beta
        by_blocks[:, picked] += weight * by_block
    return coefficients, by_blocks, len(found[int(np.argmin(scores))][1])


def _smooth(grams: Grams, choice: _Candidates) -> tuple[Floats, Floats]:
    """The smooth curve: coefficients over all columns, and those without each block.

    A ridge on the coefficients of hinges is one on the bends of a piecewise straight curve (a
    penalised spline of first degree). The base columns keep the ridge they have.
    """
    picked = np.array([i for i, t in enumerate(choice.terms) if _in_smooth(t)], dtype=np.intp)
    ridge = grams.ridge[picked].copy()
    off = np.array(["days" in choice.terms[i] for i in picked[choice.base :]])
    bends = np.where(off, BEND_PENALTY_OFF, BEND_PENALTY)
    ridge[choice.base :] = bends * grams.weight.sum()
    ff, fy = grams.ff[:, picked[:, None], picked], grams.fy[:, picked]
    whole, target = ff.sum(axis=0)[None], fy.sum(axis=0)[None]
    parts = np.concatenate([whole, whole - ff]) + np.diag(ridge)
    solved = np.linalg.solve(parts, np.concatenate([target, target - fy])[..., None])
    beta = np.zeros((len(parts), len(choice.terms)))
    beta[:, picked] = solved[..., 0]
    return beta[0], beta[1:]


def _in_smooth(term: Json) -> bool:
    """Colder than SMOOTH_MIDDLE_C the curve bends by heating terms, warmer by cooling terms."""
    match term["kind"]:
        case "heating":
            return bool(term["at_c"] <= SMOOTH_MIDDLE_C)
        case "cooling":
            return bool(term["at_c"] >= SMOOTH_MIDDLE_C)
    return True


def _rises_towards_cold(terms: list[Json], beta: Floats) -> bool:
    """Whether use grows with the cold below every bend, on working days and on days off; what
    closed days have less of is no slope of its own."""
    heating = [(t, c) for t, c in zip(terms, beta, strict=True) if t["kind"] == "heating"]
    slope = sum(c for t, c in heating if "days" not in t)
    slope_off = sum(c for t, c in heating if t.get("days") != "closed")
    return bool(min(slope, slope_off) >= 0)


def _solve(
    grams: Grams, reduced: Reduced, choice: _Candidates, picks: Ints
) -> tuple[Floats, Floats]:
    """Coefficients and errors of candidates; infinite error where a slope would be negative."""
    beta = reduced.coefficients(picks)[0]
    physical = _physical(choice.terms, picks, beta)
    return beta, np.where(physical, grams.errors(picks, beta), np.inf)


def _physical(terms: list[Json], picks: Ints, beta: Floats) -> npt.NDArray[np.bool_]:
    """Where every slope is at least zero, on working days and on days off (CalTRACK 3.4.3.2)."""
    good = np.ones(len(picks), dtype=bool)
    first = picks[0]
    for position, index in enumerate(first):
        term = terms[index]
        if term["kind"] not in ("heating", "cooling") or term.get("days") == "closed":
            continue
        slope = beta[:, position]
        if term.get("days") == "off":  # its sum with the slope of all days, just before it
            slope = slope + beta[:, position - 1]
        good &= slope >= 0
    return good
