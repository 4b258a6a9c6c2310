"""Panels of use and of what it costs."""

from dashboards.panels import columns
from dashboards.panels.charts import bars, stacked_bars
from dashboards.panels.infinity import OURS, Panel, Query
from dashboards.panels.units import grafana_unit
from dashboards.panels.words import Words
from domain.carriers import Metered, uses_of

TARIFF_PERIODS = ("sharp", "peak", "flat", "valley", "deep_valley")


def use_by_month(words: Words, use: Metered) -> Panel:
    """One way of metering a carrier; the ways of one carrier share a line."""
    value = columns.unitless(words, use.figure, "value")
    return bars(
        value.text,
        Query(
            "/v1/consumption",
            (columns.MONTH, value),
            {**OURS, "name": use.figure, "per": "institution"},
        ),
        unit=grafana_unit(use.figure),
        width=12 // len(uses_of(use.carrier)),
    )


def electricity_by_period(words: Words) -> Panel:
    return _by_period(words, "use", "electricity_period_kwh")


def cost_by_period(words: Words) -> Panel:
    return _by_period(words, "cost", "electricity_cost_cny")


def _by_period(words: Words, what: str, figure: str) -> Panel:
    periods = {p: words.say(f"period.{p}") for p in TARIFF_PERIODS}
    return stacked_bars(words, words.say(f"cost.{what}"), "/v1/costs", "period", figure, periods)
