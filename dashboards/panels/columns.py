"""Columns of the API's answers, under the words people see."""

from dashboards.panels.infinity import Column, ColumnType
from dashboards.panels.units import grafana_unit
from dashboards.panels.words import Words

MONTH = Column("month", "month")
"""The category of bars: its name is not shown."""


def told(words: Words, selector: str, kind: ColumnType = "string", key: str = "") -> Column:
    """A column under the dashboards' text for it: ``column.<key>``, the selector unless given."""
    return Column(selector, words.say(f"column.{key or selector}"), kind)


def figure(words: Words, name: str) -> Column:
    """A column that holds the figure `name`, with its meaning and unit from the table."""
    return Column(name, words.figure(name), "number", grafana_unit(name))


def unitless(words: Words, name: str, selector: str = "") -> Column:
    """A figure's column (or another that holds it) where the whole panel has its unit."""
    return Column(selector or name, words.figure(name), "number")


def share(words: Words, name: str) -> Column:
    """A share of the time or of the readings, as per cent."""
    return Column(name, words.say(f"column.{name}"), "number", "percentunit")
