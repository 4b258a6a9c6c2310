"""Data sufficiency: CalTRACK's rules, read from a table, giving findings and never silent drops."""

import tomllib
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Literal

import numpy as np
import pandas as pd

from domain.findings import Finding, Severity


@cache
def rules() -> dict[str, float]:
    """The thresholds of `config/tables/savings_sufficiency.toml` by name."""
    source = files("config") / "tables" / "savings_sufficiency.toml"
    table = tomllib.loads(source.read_text(encoding="utf-8"))
    return {row["name"]: float(row["value"]) for row in table["rule"]}


def baseline_findings(daily: pd.DataFrame, start: date, end: date) -> tuple[Finding, ...]:
    """What is thin or odd in the baseline days (columns `use`, `temperature_c`)."""
    found = list(length_findings(start, end, int(daily["use"].notna().sum())))
    with_weather = int(daily["temperature_c"].notna().sum()) if "temperature_c" in daily else 0
    if 2 * with_weather < len(daily):
        numbers = {"days": with_weather, "of": len(daily)}
        found.append(Finding("savings_not_weather_normalised", numbers=numbers))
    elif no_weather := len(daily) - with_weather:
        many = no_weather > rules()["baseline_missing_days_max"]
        serious = no_weather > rules()["baseline_missing_serious_ratio"] * len(daily)
        severity: Severity = "serious" if serious else "warning" if many else "info"
        found.append(Finding("savings_no_temperature", severity, numbers={"days": no_weather}))
    return (*found, *_odd_days(daily["use"].astype(float).dropna(), rules()))


def length_findings(start: date, end: date, known_days: int) -> tuple[Finding, ...]:
    """Whether a baseline period is long enough, and known on enough of its days."""
    limit = rules()
    length = (end - start).days
    missing = length - known_days
    found: list[Finding] = []
    if length < limit["baseline_days_min"]:
        needed = int(limit["baseline_days_min"])
        serious = length < limit["baseline_days_serious"]
        found.append(
            Finding(
                "savings_baseline_short",
                "serious" if serious else "warning",
                numbers={"days": length, "needed": needed},
            )
        )
    if missing > limit["baseline_missing_days_max"]:
        found.append(
            Finding(
                "savings_baseline_gaps",
                "serious"
                if missing > limit["baseline_missing_serious_ratio"] * length
                else "warning",
                numbers={"missing": missing, "days": length},
            )
        )
    return tuple(found)


def months_unseen(days: pd.DatetimeIndex) -> tuple[int, ...]:
    """Calendar months (1 to 12) of which a baseline fitted on `days` knows next to nothing.

    One alone, between two that were seen, is bridged by its neighbours and not among them.
    """
    few = np.bincount(days.month, minlength=13)[1:] < rules()["baseline_month_days_min"]
    return tuple(m + 1 for m in range(12) if few[m] and (few[m - 1] or few[(m + 1) % 12]))


def unseen_findings(months: tuple[int, ...]) -> tuple[Finding, ...]:
    """That a baseline never saw these months: what is said of them has no evidence."""
    if not months:
        return ()
    return (Finding("savings_baseline_months_unseen", numbers={"months": listed(months)}),)


def listed(months: tuple[int, ...]) -> str:
    return ", ".join(str(m) for m in months)


def fit_findings(
    cvrmse_ratio: float, r_squared: float, of: Literal["days", "bills"]
) -> tuple[Finding, ...]:
    """Whether a model scatters beyond Guideline 14, and whether it explains little."""
    limit = rules()
    most = limit[f"cvrmse_{of}_max_ratio"]
    found: list[Finding] = []
    if cvrmse_ratio > most:
        numbers = {"percent": round(100 * cvrmse_ratio, 1), "limit": round(100 * most)}
        found.append(Finding("savings_fit_scatters", numbers=numbers))
    if r_squared < limit["r_squared_min"]:
        numbers = {"r_squared": round(r_squared, 2), "limit": limit["r_squared_min"]}
        found.append(Finding("savings_fit_explains_little", "info", numbers=numbers))
    return tuple(found)


def _odd_days(use: pd.Series, limit: dict[str, float]) -> list[Finding]:
    if use.empty:
        return []
    found: list[Finding] = []
    lower, median, upper = np.quantile(use, [0.25, 0.5, 0.75])
    extreme = int((use > median + limit["extreme_iqr_factor"] * (upper - lower)).sum())
    zeros = int((use == 0).sum())
    if extreme:
        found.append(Finding("savings_extreme_days", "info", numbers={"days": extreme}))
    if zeros:
        found.append(Finding("savings_zero_days", "info", numbers={"days": zeros}))
    return found
