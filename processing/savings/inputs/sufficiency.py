"""Data sufficiency: CalTRACK's rules, read from a table, giving findings and never silent drops."""

import tomllib
from datetime import date
from functools import cache
from importlib.resources import files

import numpy as np
import pandas as pd

from domain.findings import Finding
from processing.savings.changes import Change
from processing.savings.models.frozen import FrozenModel


@cache
def rules() -> dict[str, float]:
    """The thresholds of `config/tables/savings_sufficiency.toml` by name."""
    source = files("config") / "tables" / "savings_sufficiency.toml"
    table = tomllib.loads(source.read_text(encoding="utf-8"))
    return {row["name"]: float(row["value"]) for row in table["rule"]}


def baseline_findings(daily: pd.DataFrame, start: date, end: date) -> tuple[Finding, ...]:
    """What is thin or odd in the baseline days (columns `use`, `temperature_c`)."""
    limit = rules()
    length = (end - start).days
    use = daily["use"].astype(float)
    missing = length - int(use.notna().sum())
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
    if "temperature_c" in daily and (no_weather := int(daily["temperature_c"].isna().sum())):
        found.append(Finding("savings_no_temperature", "info", numbers={"days": no_weather}))
    return (*found, *_odd_days(use.dropna(), limit))


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


def reporting_findings(
    model: FrozenModel, known: pd.DataFrame, expected: int, unsteadiness: float
) -> tuple[Finding, ...]:
    """What the reader of an estimate must know: of the days `known`, of how many were due.

    `unsteadiness` is the scatter of the months over the model's own error.
    """
    found = [f for f in model.findings if f.severity != "info"]
    missing = expected - len(known)
    if missing:
        found.append(
            Finding("savings_days_missing", numbers={"missing": missing, "days": expected})
        )
    if model.temperature_low_c is not None and model.temperature_high_c is not None:
        margin = rules()["temperature_margin_c"]
        outside = (known["temperature_c"] < model.temperature_low_c - margin) | (
            known["temperature_c"] > model.temperature_high_c + margin
        )
        if outside.any():
            found.append(
                Finding("savings_weather_outside_baseline", numbers={"days": int(outside.sum())})
            )
    if unsteadiness > rules()["unsteadiness_max"]:
        found.append(
            Finding("savings_unsteady", "serious", numbers={"times": round(unsteadiness, 1)})
        )
    return tuple(found)


def change_finding(change: Change) -> Finding:
    """The finding of a proposed step: a large one has to be explained before anything is proven."""
    large = abs(change.ratio) >= rules()["change_explained_from_ratio"]
    return Finding(
        "savings_change_unexplained" if large else "savings_change_proposed",
        "serious" if large else "info",
        numbers={
            "on": change.on.isoformat(),
            "percent": round(100 * change.ratio, 1),
            "per_day": f"{change.per_day:+,.0f}",
        },
    )
