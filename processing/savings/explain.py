"""What a counterfactual is made of, and the model card a manager understands."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Literal

import numpy as np
import pandas as pd

from config.texts import finding_text, text
from domain.figures import FactorUse
from processing.savings.assessment import SavingsAssessment
from processing.savings.engine import DayTypesLike, conditions
from processing.savings.intervals import POWER, Calibration, calibration_of, provable_ratio
from processing.savings.models.frozen import FrozenModel
from processing.savings.models.operated import spans
from processing.savings.models.terms import columns
from processing.savings.own_calibration import FACTOR, calibration_on

CARD_CONFIDENCE = 0.90
"""At which the model card tells the smallest provable saving."""

Part = Literal["base", "trend", "day_types", "season", "heating", "cooling", "floor"]
PARTS: tuple[Part, ...] = ("base", "trend", "day_types", "season", "heating", "cooling", "floor")


def contributions(model: FrozenModel, daily: pd.DataFrame, day_types: DayTypesLike) -> pd.DataFrame:
    """How much of each day's counterfactual comes from what, in the unit of the use.

    Columns: base (the working-day level), trend (how far the level at the end of the baseline lies
    from its mean), day_types (weekends, holidays), season (terms, slow
    rhythm of the year), heating, cooling, floor (what keeps it from going below zero), total.
    The parts add up to the total, which is the prediction; NaN where it is NaN.
    """
    on = conditions(daily, day_types, model.heating_season)
    on_felt = model.as_felt(model.as_operated(on))
    by_term = columns(list(model.terms), on_felt) * np.array(model.coefficients)
    of_part = np.array([_part(term) for term in model.terms])
    table = {part: by_term[:, of_part == part].sum(axis=1) for part in PARTS}
    total = model.predict(on)
    table["floor"] = total - by_term.sum(axis=1)
    parts = pd.DataFrame(table | {"total": total}, index=daily.index)
    return parts.where(parts["total"].notna())


def _part(term: object) -> Part:
    assert isinstance(term, dict)
    match term["kind"]:
        case "heating" | "cooling" as kind:
            return "heating" if kind == "heating" else "cooling"
        case "cosine" | "sine":
            return "season"
        case "trend":
            return "trend"
        case "holiday":
            return "day_types"
    return "base" if "days" not in term else "season" if term["days"] == "season" else "day_types"


def by_month(seen: SavingsAssessment) -> pd.DataFrame:
    """The chart's months: observed, counterfactual, its low and high, avoided; index month start.

    low and high bound the counterfactual of the month's known days (not sums of the days').
    """
    rows = {}
    for month in pd.DatetimeIndex(seen.days.index).to_period("M").unique():
        start = month.start_time.date()
        end = month.end_time.date() + timedelta(days=1)
        e = seen.period(start, end)
        half = (e.high - e.low) / 2
        rows[pd.Timestamp(start)] = {
            "observed": e.observed,
            "counterfactual": e.counterfactual,
            "low": max(e.counterfactual - half, 0.0) if np.isfinite(half) else half,
            "high": e.counterfactual + half,
            "avoided": e.avoided,
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def model_card(
    model: FrozenModel, lang: str, unit: str = "kWh", *, on: date | None = None
) -> list[str]:
    """The model in plain sentences, Chinese (``zh``) or English (``en``), with the calibration of
    its intervals in force on a day; None: the shipped one."""

    def say(key: str, **values: object) -> str:
        return text("savings", key, lang, unit=unit, **values)

    bills = {} if model.bills is None else {"bills": model.bills}
    lines = [
        say(
            "card.baseline_bills" if bills else "card.baseline",
            **bills,
            start=model.baseline_start.isoformat(),
            last=(model.baseline_end - timedelta(days=1)).isoformat(),
            days=model.days_used,
            mean=f"{model.mean_per_day:,.0f}",
        )
    ]
    if not model.terms:
        return [*lines, *_found(model, lang)]
    lines.append(say("card.how"))
    for kind in ("heating", "cooling"):
        lines.append(_slope(model, kind, say))
    working, off = _levels(model)
    if off is not None:
        share = 100 * (1 + off / working) if working else 100.0
        lines.append(say("card.day_types", share=f"{share:.0f}"))
    if model.operating:
        lines.append(_calendar(model, say))
    drift = sum(
        c for t, c in zip(model.terms, model.coefficients, strict=True) if t["kind"] == "trend"
    )
    if drift and model.mean_per_day:
        lines.append(say("card.trend", share=f"{100 * drift / model.mean_per_day:+.1f}"))
    if model.sun is not None:
        lines.append(say("card.sun", degrees=f"{model.sun.warms_c_per_100_w:.1f}"))
    lines.append(
        say(
            "card.quality",
            r_squared=f"{model.r_squared:.2f}",
            cvrmse=f"{100 * model.cvrmse_ratio:.1f}",
            month=f"{100 * model.cv_month_ratio:.1f}",
        )
    )
    if model.bias_ratio is not None:
        lines.append(say("card.bias", share=f"{100 * model.bias_ratio:+.1f}"))
    calibration = calibration_of(model) if on is None else calibration_on(model, on)
    lines.append(say("card.interval"))
    whose = "shipped" if calibration.valid_from is None else "own"
    since = {} if calibration.valid_from is None else {"since": calibration.valid_from.isoformat()}
    lines.append(say(f"card.calibration_{whose}", source=calibration.source, **since))
    lines.append(_provable(model, calibration, say))
    lines.append(say("card.digest", digest=model.digest[:12]))
    return [*lines, *_found(model, lang)]


def _calendar(model: FrozenModel, say: Callable[..., str]) -> str:
    """The sentence of the operating calendar that the baseline was frozen with."""
    runs = model.operating
    return say(
        "card.calendar" if model.by_calendar else "card.calendar_unused",
        closed=runs.days("closed"),
        vacation=runs.days("vacation"),
        when=spans(sorted((*runs.closed, *runs.vacation))),
        digest=runs.digest[:12],
    )


def calibrated_on(factors: Sequence[FactorUse]) -> date | None:
    """Since when the own calibration is in force that a figure names; None: it names none."""
    return next((f.valid_from for f in factors if f.name == FACTOR), None)


def _provable(model: FrozenModel, calibration: Calibration, say: Callable[..., str]) -> str:
    """The promise: the smallest saving that is proven, or that none can be."""
    ratio = provable_ratio(model, calibration, CARD_CONFIDENCE)
    if not ratio < 1:
        return say("card.provable_none")
    return say(
        "card.provable",
        share=f"{100 * ratio:.0f}",
        confidence=f"{100 * CARD_CONFIDENCE:.0f}",
        power=f"{100 * POWER:.0f}",
    )


def _found(model: FrozenModel, lang: str) -> Sequence[str]:
    return [finding_text(f, lang) for f in model.findings]


def _slope(model: FrozenModel, kind: str, say: Callable[..., str]) -> str:
    """The sentence of the heating or cooling slope: its steepest value and mean change point."""
    terms = [
        (float(t["at_c"]), c)
        for t, c in zip(model.terms, model.coefficients, strict=True)
        if t["kind"] == kind and "days" not in t
    ]
    total = sum(c for _, c in terms)
    if total <= 0:
        return say(f"card.no_{kind}")
    at = sum(a * c for a, c in terms) / total
    of_mean = "" if model.bills is None else "_bills"
    return say(f"card.{kind}{of_mean}", slope=f"{total:,.1f}", at=f"{at:.0f}")


def _levels(model: FrozenModel) -> tuple[float, float | None]:
    found = {
        str(t.get("days", "")): c
        for t, c in zip(model.terms, model.coefficients, strict=True)
        if t["kind"] == "level"
    }
    return found.get("", 0.0), found.get("off")
