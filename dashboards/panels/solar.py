"""Panels of a PV system."""

from dashboards.panels import columns
from dashboards.panels.charts import bars
from dashboards.panels.infinity import OURS, Panel, Query
from dashboards.panels.words import Words
from domain.carriers import EXPORT


def generation(words: Words) -> Panel:
    """What it gave, and where that went."""
    return _by_month(words, "pv_generation_kwh", "pv_self_use_kwh", EXPORT.figure)


def performance(words: Words) -> Panel:
    """How well it works, and how well what it gives fits what is used."""
    return _by_month(
        words, "pv_performance_ratio", "pv_self_use_ratio", "pv_self_sufficiency_ratio"
    )


def _by_month(words: Words, *names: str) -> Panel:
    shown = (columns.MONTH, *(columns.figure(words, n) for n in names))
    query = Query("/v1/pv", shown, {**OURS, "system": "${pv}"})
    return bars(words.say(f"pv.{names[0]}"), query)
