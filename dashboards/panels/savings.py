"""Panels of a contract's savings, always with their interval."""

from dashboards.panels import columns
from dashboards.panels.charts import lines, table
from dashboards.panels.infinity import OURS, Column, Panel, Query, override
from dashboards.panels.units import grafana_unit
from dashboards.panels.words import Words

AVOIDED = "avoided_energy_kwh"
_OF_CONTRACT = {**OURS, "contract": "${contract}"}


def avoided_energy(words: Words, carrier: str) -> Panel:
    """A carrier's avoided energy over time, in the band of its interval."""
    low, high = _bounds(words)
    return lines(
        f"{words.figure(AVOIDED)} · {words.say('carrier.' + carrier)}",
        Query(
            "/v1/savings",
            (
                Column("start_at", "time", "timestamp"),
                columns.unitless(words, AVOIDED),
                Column(low.selector, low.text, "number"),
                Column(high.selector, high.text, "number"),
            ),
            {**_OF_CONTRACT, "carrier": carrier},
        ),
        unit=grafana_unit(AVOIDED),
        description=words.say("savings.note"),
        overrides=[
            override(
                high.text,
                custom__fillBelowTo=low.text,
                custom__lineWidth=0,
                custom__showPoints="never",
            ),
            override(low.text, custom__lineWidth=0, custom__showPoints="never"),
        ],
    )


def savings_table(words: Words) -> Panel:
    """Month by month: both sides of each saving, its interval, verdict and evidence."""
    month = columns.told(words, "month")
    shown = (
        month,
        columns.told(words, "carrier"),
        *(columns.figure(words, n) for n in ("counterfactual_kwh", "observed_kwh", AVOIDED)),
        *_bounds(words),
        columns.told(words, "verdict"),
        columns.share(words, "measured_share"),
        columns.told(words, "state"),
        columns.told(words, "method"),
    )
    query = Query("/v1/savings", shown, _OF_CONTRACT)
    return table(words.say("savings.table"), query, sort_by=month.text)


def _bounds(words: Words) -> tuple[Column, Column]:
    unit = grafana_unit(AVOIDED)
    return (
        Column("avoided_energy_low_kwh", words.say("savings.low"), "number", unit),
        Column("avoided_energy_high_kwh", words.say("savings.high"), "number", unit),
    )
