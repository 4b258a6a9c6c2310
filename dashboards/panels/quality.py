"""Panels of how complete an institution's data are, and of what was found in them."""

from dashboards.panels import columns
from dashboards.panels.charts import bars, table
from dashboards.panels.infinity import OURS, Panel, Query, override
from dashboards.panels.words import Words

_COLOURS = {"measured": "green", "estimated": "yellow", "missing": "red"}


def completeness(words: Words) -> Panel:
    """Shares of each month that were measured, estimated and missing."""
    shares = {columns.share(words, f"{s}_share"): colour for s, colour in _COLOURS.items()}
    return bars(
        words.say("quality.completeness"),
        Query("/v1/quality", (columns.MONTH, *shares), OURS),
        unit="percentunit",
        stacked=True,
        maximum=1,
        description=words.say("quality.note"),
        overrides=[
            override(share.text, color={"mode": "fixed", "fixedColor": colour})
            for share, colour in shares.items()
        ],
    )


def findings(words: Words) -> Panel:
    month = columns.told(words, "month")
    shown = (month, *(columns.told(words, c) for c in ("severity", "subject", "text")))
    query = Query("/v1/findings", shown, {**OURS, "lang": words.lang, "once": "true"})
    return table(words.say("quality.findings"), query, width=12, sort_by=month.text)


def devices(words: Words) -> Panel:
    """Readings expected of each device and received from it."""
    month = columns.told(words, "month")
    shown = (
        month,
        columns.told(words, "device"),
        columns.told(words, f"device_name_{words.lang}", key="name"),
        columns.figure(words, "readings_expected_count"),
        columns.figure(words, "readings_received_count"),
        columns.share(words, "received_share"),
    )
    query = Query("/v1/quality/devices", shown, OURS)
    return table(words.say("quality.devices"), query, sort_by=month.text)
