"""Charts of use, and of how each device's days were known."""

from collections.abc import Sequence
from datetime import date

from domain.carriers import USE_OF_FIGURE
from domain.figure_names import FIGURE_NAMES
from domain.figures import Figure, MonthResult
from domain.quality import QUALITIES
from domain.subjects import OfDevice
from reports.charts.look import (
    QUALITY_COLOURS,
    Spec,
    Width,
    day_axis,
    month_axis,
    month_labels,
    paler,
    parts,
    spec,
    tip,
    word,
    y_axis,
)
from reports.model import find


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
                **parts("class", used, [colours[c] for c in used]),
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
            "color": parts("quality", list(words.values()), list(QUALITY_COLOURS.values())),
            "tooltip": [
                tip("device", word("device", lang), None),
                tip("day", word("day", lang), None),
                tip("quality", word("quality", lang), None),
            ],
        },
    )
