"""Panels of all institutions together."""

from dashboards.panels import columns
from dashboards.panels.charts import table, total
from dashboards.panels.infinity import TIME_RANGE, Panel, Query
from dashboards.panels.words import Words


def institutions(words: Words) -> Panel:
    shown = (
        columns.told(words, "id", key="institution"),
        columns.told(words, f"name_{words.lang}", key="name"),
        columns.told(words, "origin"),
        columns.told(words, "floor_area_m2", "number", key="floor_area"),
        columns.told(words, "provenance"),
    )
    query = Query("/v1/institutions", shown)
    return table(words.say("all.institutions"), query, description=words.say("all.origin_note"))


def aside_count(words: Words) -> Panel:
    """How much was kept aside; 0 is good."""
    count = columns.told(words, "count", "number")
    return total(words.say("all.aside_count"), Query("/v1/aside", (count,)))


def aside(words: Words) -> Panel:
    """What was kept aside, by reason."""
    shown = (
        columns.told(words, "code", key="reason"),
        columns.told(words, "count", "number"),
        columns.told(words, "source"),
        columns.told(words, "device"),
        columns.told(words, "last_at", "timestamp"),
        columns.told(words, "detail"),
    )
    return table(words.say("all.aside"), Query("/v1/aside", shown), width=18)


def months(words: Words) -> Panel:
    """Every institution's months, and how far they are."""
    month = columns.told(words, "month")
    shown = (
        columns.told(words, "institution"),
        month,
        columns.told(words, "state"),
        columns.told(words, "revision", "number"),
        columns.told(words, "computed_at", "timestamp"),
    )
    return table(
        words.say("all.months"), Query("/v1/months", shown, TIME_RANGE), sort_by=month.text
    )
