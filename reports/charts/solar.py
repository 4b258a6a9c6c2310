"""Charts of rooftop PV."""

from collections.abc import Sequence

from domain.figures import MonthResult
from reports.charts.look import (
    EXPORT_COLOUR,
    PV_COLOUR,
    Spec,
    Width,
    day_axis,
    days_of,
    parts,
    spec,
    stacked_months,
    tip,
    word,
    y_axis,
)
from reports.model import find


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
    return stacked_months(
        width,
        rows,
        history,
        show=show,
        unit="kWh",
        colour=parts("part", used, [colours[p] for p in used]),
        tooltip=[
            tip("month", word("month", lang), None),
            tip("part", "", None),
            tip("value", "kWh"),
            tip("total", f"{labels[2]} kWh"),
        ],
    )


def pv_by_day(result: MonthResult, subject: str, lang: str, *, width: Width) -> Spec | None:
    """PV generation by local day of the month."""
    rows = [
        {"day": d.day.day, "value": d.value}
        for d in days_of(result, "pv_generation_kwh", subject)
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
