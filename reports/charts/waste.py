"""The chart of sorted waste."""

from collections.abc import Sequence

from config.texts import text
from domain.figures import MonthResult
from domain.places import WasteStream
from reports.charts.look import STREAM_COLOURS, Spec, Width, parts, stacked_months, tip, word
from reports.model import find


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
    return stacked_months(
        width,
        rows,
        history,
        show=show,
        unit="kg",
        colour=parts("stream", list(names.values()), [STREAM_COLOURS[s] for s in names]),
        tooltip=[
            tip("month", word("month", lang), None),
            tip("stream", word("stream", lang), None),
            tip("value", "kg", ",.1f"),
        ],
    )
