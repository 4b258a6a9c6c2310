"""A school that is measured: shut in winter and summer, on days that move from year to year."""

from datetime import date

import numpy as np
import pandas as pd

from config.working_days import DayTypes, day_types
from domain.operating import OperatingKind, OperatingSpell

WINTERS = {
    2024: (date(2024, 1, 20), date(2024, 2, 25)),
    2025: (date(2025, 1, 11), date(2025, 2, 16)),
    2026: (date(2026, 2, 1), date(2026, 3, 8)),
}
SUMMERS = {year: (date(year, 7, 5 + year % 3), date(year, 9, 1)) for year in WINTERS}
_BASE_KWH = {"electricity": 200.0, "natural_gas": 40.0}


def spells(kind: OperatingKind = "closed") -> tuple[OperatingSpell, ...]:
    """Its operating calendar of three years."""
    each = sorted([*WINTERS.values(), *SUMMERS.values()])
    return tuple(OperatingSpell(start, end, kind) for start, end in each)


def types(days: pd.DatetimeIndex, operation: tuple[OperatingSpell, ...] = ()) -> DayTypes:
    return day_types(list(days.date), "cn", operation)


def school(seed: int, carrier: str = "electricity", *, depth: float = 0.9) -> pd.DataFrame:
    """Daily kWh and °C of 2024 to 2026. Closed days use their base load and `1 - depth` of the rest;
    with `depth` 0 nobody could tell them from others."""
    rng = np.random.default_rng(seed)
    days = pd.date_range("2024-01-01", "2026-12-31", freq="D")
    noise = np.zeros(len(days))
    for k in range(1, len(days)):
        noise[k] = 0.75 * noise[k - 1] + rng.normal(0, 2)
    warmth = 13.5 - 14 * np.cos(2 * np.pi * (days.day_of_year.to_numpy() - 18) / 365.25) + noise
    kinds = types(days, spells())
    off = np.array([kinds[d] != "working" for d in days.date])
    if carrier == "electricity":
        level = np.where(off, 350.0, 1000.0) + np.maximum(warmth - 24, 0) * np.where(off, 20, 70)
        level += np.maximum(8 - warmth, 0) * np.where(off, 5, 15)
    else:
        level = 60 + np.maximum(15 - warmth, 0) * np.where(off, 50, 70)
    closed = np.array([d in kinds.states for d in days.date])
    base = _BASE_KWH[carrier]
    use = np.where(closed, base + (1 - depth) * (level - base), level)
    return pd.DataFrame(
        {"use": use * (1 + rng.normal(0, 0.05, len(days))), "temperature_c": warmth}, index=days
    )


def year(table: pd.DataFrame, number: int) -> pd.DataFrame:
    return table[pd.DatetimeIndex(table.index).year == number]
