"""Panels of sorted waste."""

from dashboards.panels import columns
from dashboards.panels.charts import stacked_bars, table
from dashboards.panels.infinity import OURS, Panel, Query
from dashboards.panels.words import Words
from domain.places import WasteStream


def mass_by_stream(words: Words) -> Panel:
    streams = {s.value: words.say(f"stream.{s}") for s in WasteStream}
    title = words.say("waste.by_stream")
    return stacked_bars(words, title, "/v1/waste", "stream", "waste_mass_kg", streams)


def waste_table(words: Words) -> Panel:
    figures = (
        "waste_mass_kg",
        "waste_share_ratio",
        "waste_collections_count",
        "waste_bin_coverage_ratio",
    )
    shown = (
        columns.told(words, "month"),
        columns.told(words, "stream"),
        *(columns.figure(words, n) for n in figures),
        columns.share(words, "measured_share"),
    )
    return table(words.say("waste.table"), Query("/v1/waste", shown, OURS), width=12)
