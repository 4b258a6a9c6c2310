"""Arithmetic around estimates: sums with correlation, baseline-year rules, gross load."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from domain.errors import ConfigError


def half_width_of_sum(halves: Sequence[float], correlation: float) -> float:
    """The half-width of a sum whose parts' errors are correlated (0 independent … 1 together).

    half² = Σh² + 2·ρ·Σ h_i·h_j. Raises ConfigError for another correlation.
    """
    if not 0 <= correlation <= 1:
        raise ConfigError(f"the correlation {correlation} must lie between 0 and 1")
    known = np.array(halves, dtype=np.float64)
    squares, total = float(np.sum(known**2)), float(known.sum())
    return float(np.sqrt(squares + correlation * (total**2 - squares)))


@dataclass(frozen=True, slots=True)
class BaselineYear:
    """Which years make the baseline use, and why."""

    rule: Literal["falling", "steady", "neither"]
    years: tuple[int, ...]
    use: float


def baseline_year(use_by_year: Mapping[int, float], band: float = 0.10) -> BaselineYear:
    """The baseline of the last three years by the rule of Shandong's quotas.

    Falling every year: the latest year. All within ±`band` of their mean: the mean of three
    years. Otherwise the latest year, said as ``neither``: somebody has to decide.
    Source: DB37/T 2672-2019 §4.3 (from its public summary). Raises ConfigError for fewer than
    three years.
    """
    years = tuple(sorted(use_by_year))[-3:]
    if len(years) < 3:
        raise ConfigError(f"the rule needs three years of use, not {len(years)}")
    uses = [float(use_by_year[y]) for y in years]
    if uses[0] > uses[1] > uses[2]:
        return BaselineYear("falling", years[-1:], uses[-1])
    mean = sum(uses) / 3
    if all(abs(u - mean) <= band * mean for u in uses):
        return BaselineYear("steady", years, mean)
    return BaselineYear("neither", years[-1:], uses[-1])


def gross_load(imported: pd.Series, generated: pd.Series, exported: pd.Series) -> pd.Series:
    """Gross load of a site with PV: import + generation − export; NaN where any is missing.

    A saving model needs it, since self-used generation hides consumption from the grid meter.
    """
    return imported + generated - exported
