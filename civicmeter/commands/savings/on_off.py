"""`civicmeter savings on-off`: what equipment saves, by switching it on and off in turn."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from civicmeter.commands.savings.equipment_days import (
    CONFIDENCE,
    JSON,
    LANG,
    METER,
    TABLE,
    equipment_days,
    read_table,
    spell,
    tell,
)
from config.settings import Settings
from domain.errors import ConfigError

if TYPE_CHECKING:
    from processing.savings.equipment.spells import Spell


@click.command("on-off")
@TABLE
@METER
@click.option(
    "--periods",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.csv",
    help="Columns start, end (excluded) and state (on or off). Without it the table has a column on.",
)
@click.option("--on", "on", multiple=True, metavar="START:END", help="It was on; repeatable.")
@click.option("--off", "off", multiple=True, metavar="START:END", help="It was off; repeatable.")
@CONFIDENCE
@LANG
@JSON
@click.pass_obj
def on_off(
    settings: Settings,
    table: Path | None,
    meter: str | None,
    periods: Path | None,
    on: tuple[str, ...],
    off: tuple[str, ...],
    confidence: float,
    lang: str,
    as_json: bool,
) -> None:
    """What a device saves a day while it is on, from periods with it on and off in turn.

    Days in no period are no part of the test. At least six switches within fourteen known days.
    """
    from processing.savings.equipment.isolation import on_off_test
    from processing.savings.equipment.spells import with_state

    spells = _spells(periods, on, off)
    if meter is not None and not spells:
        raise ConfigError("say when it was on and off: --periods FILE.csv, or --on and --off")
    bounds = (min(s.start for s in spells), max(s.end for s in spells)) if spells else None
    days = equipment_days(settings, table, meter, bounds)
    if spells:
        days = with_state(days, spells)
    if "on" not in days:
        raise ConfigError(
            "the table has no column on: add it (true or false), or give --periods, --on and --off"
        )
    tell(on_off_test(days, confidence=confidence), "on_off", lang, as_json)


def _spells(periods: Path | None, on: Sequence[str], off: Sequence[str]) -> "list[Spell]":
    found = [spell(text, "on") for text in on] + [spell(text, "off") for text in off]
    if periods is None:
        return found
    rows = read_table(periods)
    if not {"start", "end", "state"} <= set(rows):
        raise ConfigError(f"{periods} needs columns start, end and state")
    for row in rows.itertuples():
        found.append(spell(f"{row.start}:{row.end}", str(row.state).strip().lower()))
    return found
