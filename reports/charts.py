"""Charts as Vega-Lite specifications with their data in them: pure functions of results.

The page shows them with vega-embed, the reports as SVG; both draw the same specification.
Months and days are ordinal text (``2019-03``), never instants, so that no browser's timezone
can move them. A missing month or day keeps its place on the axis and stays empty.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from config.texts import text
from domain.carriers import USE_OF_FIGURE
from domain.figure_names import FIGURE_NAMES
from domain.figures import DayValue, Figure, MonthResult
from domain.places import WasteStream
from domain.quality import QUALITIES
from domain.subjects import OfDevice
from reports.chart_look import (
    BAND,
    COUNTERFACTUAL,
    EXPORT_COLOUR,
    OBSERVED,
    PV_COLOUR,
    QUALITY_COLOURS,
    STREAM_COLOURS,
    Spec,
    Width,
    day_axis,
    month_axis,
    month_labels,
    paler,
    spec,
    tip,
    word,
    y_axis,
)
from reports.model import find


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
                "verdict": text("report", f"verdict.word.{avoided.verdict or 'none'}", lang)
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
    observed = {d.day: d for d in _days(result, "observed_kwh", subject)}
    modelled = {d.day: d for d in _days(result, "counterfactual_kwh", subject)}
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


def use_by_month(
    history: Sequence[MonthResult], name: str, lang: str, *, width: Width, show: int = 5
) -> Spec | None:
    """The institution's use of one carrier by month, paler where time is missing or estimated."""
    found = {r.month: f for r in history if (f := find(r, name)) and f.value is not None}
    if not found:
        return None
    classes = [word("complete", lang), word("estimated", lang), word("incomplete", lang)]
    rows = [
        {
            "month": str(month),
            "value": figure.value,
            "class": classes[_completeness(figure)],
            "measured": figure.shares.measured,
            "missing": figure.shares.missing,
        }
        for month, figure in found.items()
    ]
    colour = USE_OF_FIGURE[name].colour
    unit = FIGURE_NAMES[name].unit
    used = [c for c in classes if any(r["class"] == c for r in rows)]
    strengths = (1.0, 0.68, 0.32)
    colours = {c: paler(colour, s) for c, s in zip(classes, strengths, strict=True)}
    return spec(
        width,
        110,
        rows,
        mark={"type": "bar", "cornerRadiusEnd": 1.5},
        encoding={
            "x": month_axis(month_labels(history), show),
            "y": y_axis("value", unit),
            "color": {
                **_parts("class", used, [colours[c] for c in used]),
                # All of it complete needs no legend.
                **({"legend": None} if used == classes[:1] else {}),
            },
            "tooltip": [
                tip("month", word("month", lang), None),
                tip("value", f"{getattr(FIGURE_NAMES[name], lang)} {unit}", ",.1f"),
                tip("measured", word("measured_share", lang), ".1%"),
                tip("missing", word("missing_share", lang), ".1%"),
            ],
        },
    )


COMPLETE_SHARE = 0.995
"""From this measured share on a month is drawn as complete: less than four hours lacking."""


def _completeness(figure: Figure) -> int:
    if figure.shares.missing > 1 - COMPLETE_SHARE:
        return 2
    return 0 if figure.shares.measured >= COMPLETE_SHARE else 1


def pv_by_month(
    history: Sequence[MonthResult], subject: str, lang: str, *, width: Width, show: int = 9
) -> Spec | None:
    """PV generation by month, split into self-use and export where self-use is known."""
    labels = [word("self_use", lang), word("export", lang), word("generation", lang)]
    rows: list[Spec] = []
    for result in history:
        generation = find(result, "pv_generation_kwh", subject)
        self_use = find(result, "pv_self_use_kwh", subject)
        if generation is None or generation.value is None:
            continue
        base = {"month": str(result.month), "total": generation.value}
        if self_use is not None and self_use.value is not None:
            rest = generation.value - self_use.value
            rows.append({**base, "part": labels[0], "value": self_use.value, "order": 0})
            rows.append({**base, "part": labels[1], "value": rest, "order": 1})
        else:
            rows.append({**base, "part": labels[2], "value": generation.value, "order": 0})
    if not rows:
        return None
    used = [p for p in labels if any(r["part"] == p for r in rows)]
    colours = dict(zip(labels, ("#ca8a04", EXPORT_COLOUR, PV_COLOUR), strict=True))
    return spec(
        width,
        130,
        rows,
        mark={"type": "bar", "cornerRadiusEnd": 1.5},
        encoding={
            "x": month_axis(month_labels(history), show),
            "y": y_axis("value", "kWh"),
            "order": {"field": "order"},
            "color": _parts("part", used, [colours[p] for p in used]),
            "tooltip": [
                tip("month", word("month", lang), None),
                tip("part", "", None),
                tip("value", "kWh"),
                tip("total", f"{labels[2]} kWh"),
            ],
        },
    )


def pv_by_day(result: MonthResult, subject: str, lang: str, *, width: Width) -> Spec | None:
    """PV generation by local day of the month."""
    rows = [
        {"day": d.day.day, "value": d.value}
        for d in _days(result, "pv_generation_kwh", subject)
        if d.value is not None
    ]
    if not rows:
        return None
    return spec(
        width,
        130,
        rows,
        mark={"type": "bar", "color": PV_COLOUR, "cornerRadiusEnd": 1.5},
        encoding={
            "x": day_axis(result.month),
            "y": y_axis("value", "kWh"),
            "tooltip": [tip("day", word("day", lang), None), tip("value", "kWh", ",.1f")],
        },
    )


def waste_by_month(
    history: Sequence[MonthResult], lang: str, *, width: Width, show: int = 9
) -> Spec | None:
    """Waste mass by month and stream, stacked."""
    names = {s: text("report", f"stream.{s.value}", lang) for s in WasteStream}
    rows = [
        {"month": str(r.month), "stream": names[s], "value": f.value, "order": i}
        for r in history
        for i, s in enumerate(WasteStream)
        if (f := find(r, "waste_mass_kg", s.value)) and f.value is not None
    ]
    if not rows:
        return None
    return spec(
        width,
        130,
        rows,
        mark={"type": "bar", "cornerRadiusEnd": 1.5},
        encoding={
            "x": month_axis(month_labels(history), show),
            "y": y_axis("value", "kg"),
            "order": {"field": "order"},
            "color": _parts("stream", list(names.values()), [STREAM_COLOURS[s] for s in names]),
            "tooltip": [
                tip("month", word("month", lang), None),
                tip("stream", word("stream", lang), None),
                tip("value", "kg", ",.1f"),
            ],
        },
    )


def quality_by_day(
    result: MonthResult, names: dict[str, str], lang: str, *, width: Width, days: list[date]
) -> Spec | None:
    """How each device's days were known: measured, estimated, missing; one row a device.

    `names` gives the devices shown and their names, in order; `days` are those to be
    judged: one without any value of a device is missing, a later one is not there yet.
    """
    known = {
        (d.subject, d.day): QUALITIES[d.quality].counts_as
        for d in result.days
        if d.subject in names and isinstance(d.about, OfDevice) and d.quality in QUALITIES
    }
    shown = {i: n for i, n in names.items() if any(s == i for s, _ in known)}
    if not shown:
        return None
    words = {q: word(f"quality_{q}", lang) for q in QUALITY_COLOURS}
    rows = [
        {"device": name, "day": day.day, "quality": words[known.get((i, day), "missing")]}
        for i, name in shown.items()
        for day in days
    ]
    return spec(
        width,
        18 * len(shown),
        rows,
        mark={"type": "rect", "stroke": "white", "strokeWidth": 1},
        encoding={
            "x": day_axis(result.month),
            "y": {
                "field": "device",
                "type": "ordinal",
                "sort": list(shown.values()),
                "axis": {"title": None, "labelLimit": 150, "ticks": False, "domain": False},
            },
            "color": _parts("quality", list(words.values()), list(QUALITY_COLOURS.values())),
            "tooltip": [
                tip("device", word("device", lang), None),
                tip("day", word("day", lang), None),
                tip("quality", word("quality", lang), None),
            ],
        },
    )


def _parts(field: str, names: list[str], colours: list[str]) -> Spec:
    return {"field": field, "type": "nominal", "scale": {"domain": names, "range": colours}}


def _days(result: MonthResult, name: str, subject: str) -> Iterable[DayValue]:
    return (d for d in result.days if d.name == name and d.subject == subject)
