"""The daily change-point model: day types, holidays, season of the year, heating and cooling.

Level by day type + slow season of working days + slopes below a heating and above a cooling
change point. The change points, and whether a slope is there at all, are chosen by
cross-validation over calendar months; slopes are never negative; outlying days count less.
"""

from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from processing.savings.linear import Floats, Grams, Ints, huber_weights
from processing.savings.terms import Conditions, columns, felt_temperature_c

MEMORY = 0.3
"""Share of yesterday in the felt temperature."""
OUTLIER_LIMIT = 3.0
"""Robust standard deviations from which a day counts less (Huber)."""
HEATING_GRID_C = tuple(np.arange(8.0, 20.5, 1.0))
COOLING_GRID_C = tuple(np.arange(12.0, 25.0, 2.0))
SEASON_PENALTY = 0.3
"""Ridge of the season's waves, relative to their own sum of squares: they may bend, not lead."""
KEPT = 10
"""Candidates of each structure that go on to cross-validation."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class DailyFit:
    """Terms with their coefficients, and what the fit says of itself.

    `left_out` are the residuals observed − predicted of each used day (positions `used`) when
    its calendar month was left out of the fit; `residuals` those within the fit.
    """

    terms: list[Json]
    coefficients: Floats
    used: npt.NDArray[np.bool_]
    residuals: Floats
    left_out: Floats
    memory: float


@dataclass(frozen=True, slots=True)
class _Candidates:
    """The wide table's terms, and the choices of columns by structure."""

    terms: list[Json]
    penalty: Floats
    structures: list[Ints]


def fit_daily(use: Floats, on: Conditions) -> DailyFit:
    """Fit `use` per day (any energy unit, NaN = missing) under the conditions `on`.

    Days without use or temperature are not used; with temperatures on fewer than half of the
    days the model has no slopes. Needs at least one used day; the result is deterministic.
    """
    with_temperature = bool(np.isfinite(on.temperature_c).mean() >= 0.5)
    felt = felt_temperature_c(on.days, on.temperature_c, MEMORY)
    used = np.isfinite(use) & (np.isfinite(felt) if with_temperature else True)
    felt = np.where(np.isfinite(felt), felt, 0.0)
    inside = replace(on, temperature_c=felt).select(used)
    y = use[used]
    choice = _candidates(inside, with_temperature)
    table = columns(list(choice.terms), inside)
    months = np.asarray(inside.days.year * 12 + inside.days.month, dtype=np.intp)
    names, block = np.unique(months, return_inverse=True)
    everything = np.ones(len(y), dtype=bool)

    def grams(weights: Floats) -> Grams:
        return Grams.of(table, y, weights, block, len(names), choice.penalty)

    first = grams(np.ones(len(y)))
    best, beta = _select(first, choice, cross_validate=False)
    weights = huber_weights(y - table[:, best] @ beta, everything, OUTLIER_LIMIT)
    second = grams(weights)
    best, beta = _select(second, choice, cross_validate=True)
    left_out = _left_out_residuals(second, best, table, y, block)
    return DailyFit(
        [choice.terms[i] for i in best],
        beta,
        used,
        y - np.maximum(table[:, best] @ beta, 0.0),
        left_out,
        MEMORY,
    )


def _candidates(on: Conditions, with_temperature: bool) -> _Candidates:
    base: list[tuple[Json, float]] = [({"kind": "level"}, 0.0)]
    if on.off.any() and not on.off.all():
        base.append(({"kind": "level", "days": "off"}, 0.0))
    if on.holiday.any():
        base.append(({"kind": "holiday"}, 0.05))
    if on.heating_season.any() and not on.heating_season.all():
        base.append(({"kind": "level", "days": "season"}, 0.02))
    for wave in (1, 2):
        for kind in ("cosine", "sine"):
            season: Json = {"kind": kind, "per_year": wave, "days": "working"}
            base.append((season, SEASON_PENALTY))
    k, heats, cools = len(base), len(HEATING_GRID_C), len(COOLING_GRID_C)
    wide = base + [({"kind": "heating", "at_c": float(c)}, 0.0) for c in HEATING_GRID_C]
    wide += [({"kind": "heating", "at_c": float(c), "days": "off"}, 0.02) for c in HEATING_GRID_C]
    wide += [({"kind": "cooling", "at_c": float(c)}, 0.0) for c in COOLING_GRID_C]
    if not with_temperature:
        wide = base
    return _Candidates(
        [term for term, _ in wide],
        np.array([penalty for _, penalty in wide]),
        _structures(k, heats, cools) if with_temperature else [np.arange(k)[None]],
    )


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


def _select(grams: Grams, choice: _Candidates, *, cross_validate: bool) -> tuple[Ints, Floats]:
    """The best candidate's columns and coefficients; slopes that would be negative are out."""
    winners: list[tuple[float, Ints, Floats]] = []
    for picks in choice.structures:
        beta, error = grams.solve(picks)
        error = np.where(_physical(choice.terms, picks, beta), error, np.inf)
        ranked = np.argsort(error, kind="stable")[: KEPT if cross_validate else 1]
        ranked = ranked[np.isfinite(error[ranked])]
        if not len(ranked):
            continue
        if cross_validate:
            score = grams.left_out_errors(picks[ranked]).sum(axis=1)
        else:
            score = error[ranked]
        i = int(np.argmin(score))
        winners.append((float(score[i]), picks[ranked[i]], beta[ranked[i]]))
    _, picked, coefficients = min(winners, key=lambda w: w[0])
    return picked, coefficients


def _physical(terms: list[Json], picks: Ints, beta: Floats) -> npt.NDArray[np.bool_]:
    """Where every slope is at least zero, on working days and on days off (CalTRACK 3.4.3.2)."""
    good = np.ones(len(picks), dtype=bool)
    first = picks[0]
    for position, index in enumerate(first):
        term = terms[index]
        if term["kind"] not in ("heating", "cooling"):
            continue
        slope = beta[:, position]
        if term.get("days") == "off":  # its sum with the slope of all days, just before it
            slope = slope + beta[:, position - 1]
        good &= slope >= 0
    return good


def _left_out_residuals(
    grams: Grams, picked: Ints, table: Floats, y: Floats, block: Ints
) -> Floats:
    """Residuals of each day when its block was left out."""
    a = grams.ff[:, picked[:, None], picked[None, :]]
    b = grams.fy[:, picked]
    rest = a.sum(axis=0)[None] - a + np.diag(grams.ridge[picked])[None]
    beta = np.linalg.solve(rest, (b.sum(axis=0)[None] - b)[..., None])[..., 0]
    predicted = np.einsum("di,di->d", table[:, picked], beta[block])
    residuals: Floats = y - np.maximum(predicted, 0.0)
    return residuals
