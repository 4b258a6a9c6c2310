"""Data sufficiency: CalTRACK's rules, read from a table, giving findings and never silent drops."""

import tomllib
from datetime import date
from functools import cache
from importlib.resources import files

import numpy as np
import pandas as pd

from domain.findings import Finding


@cache
def rules() -> dict[str, float]:
    """The thresholds of `config/tables/savings_sufficiency.toml` by name."""
    source = files("config") / "tables" / "savings_sufficiency.toml"
    table = tomllib.loads(source.read_text(encoding="utf-8"))
    return {row["name"]: float(row["value"]) for row in table["rule"]}


def baseline_findings(daily: pd.DataFrame, start: date, end: date) -> tuple[Finding, ...]:
    """What is thin or odd in the baseline days (columns `use`, `temperature_c`)."""
    found = list(length_findings(start, end, int(daily["use"].notna().sum())))
    if "temperature_c" in daily and (no_weather := int(daily["temperature_c"].isna().sum())):
        found.append(Finding("savings_no_temperature", "info", numbers={"days": no_weather}))
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
                "serious" if missing > length / 2 else "warning",
                numbers={"missing": missing, "days": length},
            )
        )
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
