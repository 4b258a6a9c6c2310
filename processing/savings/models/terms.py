"""The terms of a daily model: each is a column over days, and is stored by name and numbers.

A term is data: ``{"kind": "heating", "at_c": 15.0, "days": "off"}``. Fitting and predicting
use the same columns, so that a stored model means the same for ever.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from processing.savings.models.sun import Sun

Floats = npt.NDArray[np.float64]
Term = Mapping[str, Any]

DAYS_PER_YEAR = 365.2425


@dataclass(frozen=True)
class Conditions:
    """What a model knows of each day, aligned by position.

    `temperature_c` is the day's mean, NaN where unknown; `off` marks weekends and holidays,
    `holiday` holidays alone, `heating_season` the days of central heating. `irradiance_w_per_m2`
    is the day's mean on the horizontal, NaN where unknown. By the operating calendar the
    institution is `closed`, or out of term (`vacation`), weekends and holidays included.
    """

    days: pd.DatetimeIndex
    temperature_c: Floats
    off: npt.NDArray[np.bool_]
    holiday: npt.NDArray[np.bool_]
    heating_season: npt.NDArray[np.bool_]
    irradiance_w_per_m2: Floats
    closed: npt.NDArray[np.bool_]
    vacation: npt.NDArray[np.bool_]

    @property
    def by_calendar(self) -> "Conditions":
        """As a model that uses the operating calendar sees it: a closed day is a day off like
        another weekend day, with a level of its own."""
        return replace(self, off=self.off | self.closed, holiday=self.holiday & ~self.closed)

    @property
    def without_calendar(self) -> "Conditions":
        """With every day ordinary."""
        never = np.zeros(len(self.days), dtype=bool)
        return replace(self, closed=never, vacation=never)

    @cached_property
    def year_angle(self) -> Floats:
        """Where in the year each day's noon lies, as an angle."""
        day = np.asarray(self.days.day_of_year, dtype=np.float64) - 0.5
        return 2 * np.pi * day / DAYS_PER_YEAR

    def select(self, mask: npt.NDArray[np.bool_]) -> "Conditions":
        """The days where `mask` holds."""
        return Conditions(
            self.days[mask],
            self.temperature_c[mask],
            self.off[mask],
            self.holiday[mask],
            self.heating_season[mask],
            self.irradiance_w_per_m2[mask],
            self.closed[mask],
            self.vacation[mask],
        )


MEMORY_WINDOW_DAYS = 12


def felt_temperature_c(
    on: Conditions, share: float, memory_days: float, sun: Sun | None = None
) -> Floats:
    """The day's mean mixed with the days before, °C: walls remember, and boilers start late.

    `share` of it is a mean of the day and those before it, whose weights fall by e every
    `memory_days`, over the days of the last twelve that are known. With a `sun`, its warmth is
    on top of each day's mean. NaN stays NaN.
    """
    days = on.days
    if not len(days):
        return on.temperature_c.copy()
    temperature_c = on.temperature_c
    if sun is not None:
        temperature_c = temperature_c + sun.warmth_c(on.year_angle, on.irradiance_w_per_m2)
    number = days.to_numpy().astype("datetime64[D]").astype(np.int64)
    first = number.min()
    line = np.full(int(number.max() - first) + MEMORY_WINDOW_DAYS + 1, np.nan)
    at = number - first + MEMORY_WINDOW_DAYS
    line[at] = temperature_c
    known = np.isfinite(line)
    filled = np.where(known, line, 0.0)
    total, weight = np.zeros(len(days)), np.zeros(len(days))
    for back in range(MEMORY_WINDOW_DAYS + 1):
        w = float(np.exp(-back / memory_days))
        total += w * filled[at - back]
        weight += w * known[at - back]
    remembered = total / np.maximum(weight, 1e-12)
    mixed: Floats = np.where(
        np.isfinite(temperature_c), (1 - share) * temperature_c + share * remembered, np.nan
    )
    return mixed


def column(term: Term, on: Conditions) -> Floats:
    """The values of one term over the days; `on.temperature_c` is the felt temperature."""
    values = _shape(term, on)
    match term.get("days"):
        case "off":
            return values * on.off
        case "working":
            return values * ~on.off
        case "season":
            return values * on.heating_season
        case "closed":
            return values * on.closed
        case "vacation":
            return values * (on.vacation & ~on.off)
        case "vacation_off":
            return values * (on.vacation & on.off)
    return values


def _shape(term: Term, on: Conditions) -> Floats:
    match term["kind"]:
        case "level":
            return np.ones(len(on.days))
        case "holiday":
            return on.holiday.astype(np.float64)
        case "heating":
            return np.maximum(float(term["at_c"]) - on.temperature_c, 0.0)
        case "cooling":
            return np.maximum(on.temperature_c - float(term["at_c"]), 0.0)
        case "cosine" | "sine" as wave:
            angle = float(term["per_year"]) * on.year_angle
            return np.cos(angle) if wave == "cosine" else np.sin(angle)
        case "trend":
            start, end = (pd.Timestamp(term[edge]) for edge in ("from", "to"))
            passed = np.asarray((on.days - start) / (end - start), dtype=np.float64)
            return np.clip(passed, 0.0, 1.0) - 0.5
    raise ValueError(f"unknown term {term!r}: this model was written by a later version")


def columns(terms: list[Term], on: Conditions) -> Floats:
    """All columns side by side: days × terms. Days of unknown temperature get NaN where it counts."""
    if not terms:
        return np.empty((len(on.days), 0))
    return np.column_stack([column(t, on) for t in terms])


def name(term: Term) -> str:
    """A short name for people and for explanations, such as ``heating<15°C/off``."""
    kind, days = str(term["kind"]), term.get("days")
    if kind in ("heating", "cooling"):
        sign = "<" if kind == "heating" else ">"
        kind += f"{sign}{float(term['at_c']):g}°C"
    elif "per_year" in term:
        kind += f"×{term['per_year']}"
    return f"{kind}/{days}" if days else kind
