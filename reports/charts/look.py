"""What all charts share: colours, fonts, axes and tooltips."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal

from config.texts import text
from domain.calendar import Month, months_between
from domain.figures import DayValue, MonthResult
from domain.places import WasteStream

Spec = dict[str, Any]
Width = int | Literal["container"]

FONT = (
    "Civicmeter Sans, Noto Sans CJK SC, PingFang SC, Microsoft YaHei, Civicmeter Rare, sans-serif"
)
INK, MUTED, GRID = "#1f2937", "#64748b", "#e5e7eb"
OBSERVED, COUNTERFACTUAL, BAND = "#0f766e", "#475569", "#94a3b8"
# The colours of the bins in GB/T 19095-2019, so that a reader knows them from the yard.
STREAM_COLOURS = {
    WasteStream.RECYCLABLE: "#2563eb",
    WasteStream.FOOD: "#16a34a",
    WasteStream.HAZARDOUS: "#dc2626",
    WasteStream.RESIDUAL: "#6b7280",
}
QUALITY_COLOURS = {"measured": "#0f766e", "estimated": "#f59e0b", "missing": "#e5e7eb"}
PV_COLOUR, EXPORT_COLOUR = "#eab308", "#fde68a"


def paler(colour: str, strength: float) -> str:
    """A ``#rrggbb`` colour mixed with white; strength 1 leaves it, 0 gives white."""
    parts = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(255 - (255 - p) * strength):02x}" for p in parts)


def config() -> Spec:
    """The common look."""
    axis = {
        "labelColor": MUTED,
        "titleColor": MUTED,
        "titleFontWeight": "normal",
        "domainColor": "#cbd5e1",
        "tickColor": "#cbd5e1",
        "gridColor": GRID,
        "labelFontSize": 10,
        "titleFontSize": 10,
    }
    return {
        "font": FONT,
        "background": "transparent",
        "view": {"stroke": None},
        "axis": axis,
        "legend": {
            "labelColor": INK,
            "labelFontSize": 10,
            "labelLimit": 300,
            "orient": "bottom",
            "title": None,
            "symbolType": "square",
            "symbolOpacity": 1,
            "symbolStrokeWidth": 0,
            "symbolSize": 80,
            "offset": 6,
        },
    }


def spec(width: Width, height: int, values: list[Spec], **body: Any) -> Spec:
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "width": width,
        "height": height,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "config": config(),
        "data": {"values": values},
        **body,
    }


def word(key: str, lang: str) -> str:
    return text("report", f"chart.{key}", lang)


def month_labels(history: Sequence[MonthResult]) -> list[str]:
    """Every month from the first result to the last, those without a result too."""
    if not history:
        return []
    return [str(m) for m in months_between(history[0].month, history[-1].month.plus(1))]


def month_axis(labels: list[str], show: int) -> Spec:
    every = max(1, -(-len(labels) // show))
    # Counted from the end: the month of the report always has its label.
    shown = labels[::-1][::every]
    return {
        "field": "month",
        "type": "ordinal",
        "scale": {"domain": labels},
        "axis": {
            "title": None,
            "labelAngle": 0,
            "values": shown,
            "grid": False,
            "labelOverlap": "greedy",
        },
    }


def day_axis(month: Month) -> Spec:
    days = [d.day for d in month.days()]
    return {
        "field": "day",
        "type": "ordinal",
        "scale": {"domain": days},
        "axis": {
            "title": None,
            "labelAngle": 0,
            "values": [d for d in days if d == 1 or d % 5 == 0],
            "grid": False,
        },
    }


def y_axis(field: str, unit: str, **more: Any) -> Spec:
    axis = {"title": unit, "format": ",~f", "tickCount": 5}
    return {"field": field, "type": "quantitative", "axis": axis, **more}


def tip(field: str, title: str, form: str | None = ",.0f") -> Spec:
    tip = {"field": field, "title": title, "type": "quantitative" if form else "nominal"}
    return {**tip, "format": form} if form else tip


def parts(field: str, names: list[str], colours: list[str]) -> Spec:
    """The colour of marks by the part they stand for."""
    return {"field": field, "type": "nominal", "scale": {"domain": names, "range": colours}}


def days_of(result: MonthResult, name: str, subject: str) -> Iterable[DayValue]:
    """The day values of one series."""
    return (d for d in result.days if d.name == name and d.subject == subject)


def stacked_months(
    width: Width,
    rows: list[Spec],
    history: Sequence[MonthResult],
    *,
    show: int,
    unit: str,
    colour: Spec,
    tooltip: list[Spec],
) -> Spec:
    """Bars by month whose parts are stacked by their `order`."""
    return spec(
        width,
        130,
        rows,
        mark={"type": "bar", "cornerRadiusEnd": 1.5},
        encoding={
            "x": month_axis(month_labels(history), show),
            "y": y_axis("value", unit),
            "order": {"field": "order"},
            "color": colour,
            "tooltip": tooltip,
        },
    )
