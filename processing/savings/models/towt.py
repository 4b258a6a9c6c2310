"""Time-of-week and temperature (TOWT), hourly or daily.

Source: Mathieu, Price, Kiliccote, Piette, "Quantifying changes in building electricity use",
IEEE Trans. Smart Grid 2 (2011); the knots as in LBNL's RMV 2.0 and kW-Labs' nmecr, whose golden
results a test repeats. Times of week whose use a plain temperature regression mostly
underestimates are "occupied"; occupied and unoccupied times get a regression each, on the time
of week and the temperature's segments.
"""

import json
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.errors import ConfigError
from processing.savings.models.terms import Floats

FORMAT = "civicmeter-towt/1"
Slot = Literal["hour", "day"]

SEGMENTS = 6
LEAST_BEYOND_KNOT = 20
"""Readings that must lie beyond an outer knot for it to stay."""
COLD_C, WARM_C = 10.0, 65 * 5 / 9 - 160 / 9
"""50 °F and 65 °F: the bends of the plain regression that tells occupied times."""
OCCUPIED_SHARE = 0.65


@dataclass(frozen=True)
class TowtModel:
    """A fitted model. `level` by time of week (NaN: never seen) and `slopes` of each mode.

    Times of week count from Monday 0 h (or Monday) of local time, upwards.
    """

    slot: Slot
    knots_c: tuple[float, ...]
    occupied: tuple[int, ...]
    level: dict[int, float]
    slopes_occupied: tuple[float, ...]
    slopes_unoccupied: tuple[float, ...]
    parameters: int
    """Coefficients, both modes' intercepts not counted (as in nmecr's statistics)."""

    def to_json(self) -> str:
        """Canonical JSON."""
        data = asdict(self) | {"format": FORMAT}
        return json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> "TowtModel":
        """Read back what `to_json` wrote. Raises ConfigError for anything else."""
        try:
            data = json.loads(text)
            if data.pop("format") != FORMAT:
                raise KeyError("format")
            data["level"] = {int(k): float(v) for k, v in data["level"].items()}
            lists = ("knots_c", "occupied", "slopes_occupied", "slopes_unoccupied")
            return cls(**data | {k: tuple(data[k]) for k in lists})
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ConfigError(f"this is not a model of format {FORMAT} ({error!r})") from error

    def predict(self, at: pd.DatetimeIndex, temperature_c: Floats) -> Floats:
        """Use per slot, never below zero; NaN without temperature or for an unseen time of week."""
        slots = time_of_week(at, self.slot)
        level = np.array([self.level.get(int(s), np.nan) for s in slots])
        table = segments(temperature_c, np.array(self.knots_c))
        occupied = np.isin(slots, self.occupied)
        bent = np.where(
            occupied,
            table @ np.array(self.slopes_occupied or np.zeros(table.shape[1])),
            table @ np.array(self.slopes_unoccupied or np.zeros(table.shape[1])),
        )
        predicted: Floats = np.where(
            np.isfinite(temperature_c), np.maximum(level + bent, 0.0), np.nan
        )
        return predicted


def fit_towt(
    at: pd.DatetimeIndex, use: Floats, temperature_c: Floats, slot: Slot = "hour"
) -> TowtModel:
    """Fit on naive local times (start of slot); NaN use or temperature is left out.

    Raises ConfigError when fewer than two weeks of slots are known.
    """
    known = np.isfinite(use) & np.isfinite(temperature_c)
    per_week = 168 if slot == "hour" else 7
    if known.sum() < 2 * per_week:
        raise ConfigError(
            f"{int(known.sum())} known {slot}s are too few for a time-of-week model: "
            f"give at least {2 * per_week}"
        )
    y, t = use[known], temperature_c[known]
    slots = time_of_week(at[known], slot)
    knots = temperature_knots(t)
    occupied = _occupied(y, t, slots)
    table = segments(t, knots)
    level: dict[int, float] = {}
    slopes: dict[bool, tuple[float, ...]] = {True: (), False: ()}
    parameters = 0
    for mode in (True, False):
        rows = np.isin(slots, occupied) == mode
        if not rows.any():
            continue
        names, position = np.unique(slots[rows], return_inverse=True)
        design = np.column_stack([table[rows], np.eye(len(names))[position]])
        beta, _, rank, _ = np.linalg.lstsq(design, y[rows], rcond=None)
        bends = table.shape[1]
        slopes[mode] = tuple(float(b) for b in beta[:bends])
        level |= {int(n): float(b) for n, b in zip(names, beta[bends:], strict=True)}
        parameters += int(rank) - 1
    return TowtModel(
        slot,
        tuple(float(k) for k in knots),
        tuple(int(o) for o in occupied),
        level,
        slopes[True],
        slopes[False],
        parameters,
    )


def time_of_week(at: pd.DatetimeIndex, slot: Slot) -> npt.NDArray[np.int64]:
    """The hour (0–167) or day (0–6) of the week, from Monday."""
    day = np.asarray(at.day_of_week, dtype=np.int64)
    return day if slot == "day" else day * 24 + np.asarray(at.hour, dtype=np.int64)


def temperature_knots(temperature_c: Floats) -> Floats:
    """Bends at equal numbers of readings; outer ones with too few readings beyond are dropped."""
    ordered = np.sort(temperature_c)
    n = len(ordered)
    position = np.floor(np.sort(n - n / SEGMENTS * np.arange(SEGMENTS + 1)) + 0.001).astype(int)
    knots: Floats = ordered[position[position > 0] - 1]
    while len(knots) > 1 and (ordered > knots[-1]).sum() < LEAST_BEYOND_KNOT:
        knots = knots[:-1]
    while len(knots) > 1 and (ordered < knots[0]).sum() < LEAST_BEYOND_KNOT:
        knots = knots[1:]
    return knots


def segments(temperature_c: Floats, knots_c: Floats) -> Floats:
    """How much of the temperature lies in each segment: readings × (knots + 1)."""
    edges = np.concatenate([knots_c, [np.inf]])
    first = np.minimum(temperature_c, knots_c[0])
    rest = [np.clip(temperature_c - low, 0.0, high - low) for low, high in pairwise(edges)]
    return np.column_stack([first, *rest])


def _occupied(y: Floats, t: Floats, slots: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Times of week that a regression on temperature alone mostly underestimates."""
    cold = np.where(t > COLD_C, 0.0, t - COLD_C)
    warm = np.where(t < WARM_C, 0.0, t - WARM_C)
    plain = np.column_stack([np.ones(len(t)), cold, warm])
    under = y - plain @ np.linalg.lstsq(plain, y, rcond=None)[0] > 0
    names, position = np.unique(slots, return_inverse=True)
    share = np.bincount(position, weights=under) / np.bincount(position)
    found: npt.NDArray[np.int64] = names[share > OCCUPIED_SHARE]
    return found if len(found) > 2 else names[:0]
