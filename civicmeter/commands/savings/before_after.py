"""`civicmeter savings before-after`: what equipment saves since a measure."""

from pathlib import Path

import click

from civicmeter.commands.savings.equipment_days import (
    CONFIDENCE,
    JSON,
    LANG,
    METER,
    TABLE,
    equipment_days,
    spell,
    tell,
)
from config.settings import Settings


@click.command("before-after")
@TABLE
@METER
@click.option("--before", required=True, metavar="START:END", help="Local days, end excluded.")
@click.option("--after", required=True, metavar="START:END", help="Local days, end excluded.")
@CONFIDENCE
@LANG
@JSON
@click.pass_obj
def before_after_command(
    settings: Settings,
    table: Path | None,
    meter: str | None,
    before: str,
    after: str,
    confidence: float,
    lang: str,
    as_json: bool,
) -> None:
    """What equipment saves a day since a measure, at its own meter (IPMVP option B).

    A line in the conditions fitted on the days before is applied to those after: enough for what
    follows its conditions in a line. For contracts month by month, register the contract with
    option B.
    """
    from processing.savings.equipment.isolation import before_after
    from processing.savings.equipment.spells import with_state

    first, second = spell(before, "off"), spell(after, "on")
    bounds = (min(first.start, second.start), max(first.end, second.end))
    days = with_state(equipment_days(settings, table, meter, bounds), [first, second])
    parts = [days[days["on"] == state].drop(columns="on") for state in (False, True)]
    tell(before_after(*parts, confidence=confidence), "before_after", lang, as_json)
