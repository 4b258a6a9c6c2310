"""Charts of savings: observed use against the counterfactual with its band."""

from collections.abc import Sequence
from typing import Any

from config.texts import text
from domain.figures import MonthResult
from reports.charts.look import (
    BAND,
    COUNTERFACTUAL,
    OBSERVED,
    Spec,
    Width,
    day_axis,
    days_of,
    month_axis,
    month_labels,
    spec,
    tip,
    word,
    y_axis,
)
from reports.model import find
from reports.words.verdicts import verdict_word


def savings_by_month(
    history: Sequence[MonthResult], subject: str, lang: str, *, width: Width, show: int = 9
) -> Spec | None:
    """Observed use against the counterfactual with its band, by month; None without data."""
    rows = []
    for result in history:
        avoided = find(result, "avoided_energy_kwh", subject)
        observed = find(result, "observed_kwh", subject)
        counterfactual = find(result, "counterfactual_kwh", subject)
        if observed is None or observed.value is None:
            continue
        low, high = (avoided.low, avoided.high) if avoided else (None, None)
        rows.append(
            {
                "month": str(result.month),
                "observed": observed.value,
                "counterfactual": counterfactual.value if counterfactual else None,
                "low": None if low is None else max(0.0, observed.value + low),
                "high": None if high is None else max(0.0, observed.value + high),
                "verdict": (
                    verdict_word(avoided, lang) or text("report", "verdict.word.none", lang)
                )
                if avoided
                else "",
            }
        )
    if not rows:
        return None
    x = month_axis([r["month"] for r in _span(history, rows)], show)
    return _savings(rows, x, "month", word("month", lang), lang, width)


def savings_by_day(result: MonthResult, subject: str, lang: str, *, width: Width) -> Spec | None:
    """Observed use against the counterfactual with its band, by local day; None without data."""
    observed = {d.day: d for d in days_of(result, "observed_kwh", subject)}
    modelled = {d.day: d for d in days_of(result, "counterfactual_kwh", subject)}
    rows = [
        {
            "day": day.day,
            "observed": observed[day].value if day in observed else None,
            "counterfactual": modelled[day].value if day in modelled else None,
            "low": _floored(modelled[day].low) if day in modelled else None,
            "high": modelled[day].high if day in modelled else None,
        }
        for day in result.month.days()
    ]
    if all(r["observed"] is None for r in rows):
        return None
    return _savings(rows, day_axis(result.month), "day", word("day", lang), lang, width)


def _floored(value: float | None) -> float | None:
    return None if value is None else max(0.0, value)


def _span(history: Sequence[MonthResult], rows: list[Spec]) -> list[Spec]:
    labels = month_labels(history)
    first = labels.index(rows[0]["month"])
    return [{"month": m} for m in labels[first:]]


def _savings(rows: list[Spec], x: Spec, key: str, key_title: str, lang: str, width: Width) -> Spec:
    names = [word("observed", lang), word("counterfactual", lang), word("band", lang)]
    colours = [OBSERVED, COUNTERFACTUAL, BAND]
    scale = {"domain": names, "range": colours}
    tooltip = [
        tip(key, key_title, None),
        tip("observed", f"{names[0]} kWh"),
        tip("counterfactual", f"{names[1]} kWh"),
        tip("low", f"{names[2]} ↓ kWh"),
        tip("high", f"{names[2]} ↑ kWh"),
    ]
    if "verdict" in rows[0]:
        tooltip.append(tip("verdict", word("verdict", lang), None))

    def layer(mark: Spec, field: str, name: str, **more: Any) -> Spec:
        colour = {"datum": name, "type": "nominal", "scale": scale}
        y = y_axis(field, "kWh", stack=None)
        return {"mark": mark, "encoding": {"y": y, "color": colour, **more}}

    return spec(
        width,
        120,
        rows,
        encoding={"x": x, "tooltip": tooltip},
        layer=[
            layer(
                {"type": "bar", "width": {"band": 0.62}, "cornerRadiusEnd": 1.5},
                "observed",
                names[0],
            ),
            layer(
                # An error bar a step wide: a band over months that follow each other, and
                # still seen for a month that stands alone.
                {"type": "bar", "width": {"band": 0.94}, "opacity": 0.42},
                "low",
                names[2],
                y2={"field": "high"},
            ),
            layer(
                {"type": "tick", "thickness": 2, "width": {"band": 0.94}},
                "counterfactual",
                names[1],
            ),
        ],
    )
