"""`civicmeter savings fit`: freeze a building's baseline."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from civicmeter.commands.savings.archive import (
    DAY,
    FILE,
    MODEL,
    OPERATION,
    building_days,
    building_of,
    kind_of,
    open_archive,
)
from config.working_days import CALENDARS
from domain.calendar import DEFAULT_TIMEZONE
from domain.errors import ConfigError

if TYPE_CHECKING:
    from processing.savings.models.frozen import Season
    from processing.savings.placebo import Kind


@click.command("fit")
@click.argument("table", type=FILE, metavar="DATA")
@click.option("--weather", type=FILE, required=True, metavar="W", help="ts, temperature.")
@click.option("--building", metavar="ID", help="Needed where DATA has several.")
@click.option("--fuel", default="electricity", show_default=True)
@click.option("--from", "start", type=DAY, required=True, help="First local day of the baseline.")
@click.option("--to", "end", type=DAY, required=True, help="The day after the last.")
@click.option("--timezone", default=DEFAULT_TIMEZONE, show_default=True, help="Of the building.")
@click.option("--calendar", type=click.Choice(CALENDARS), default="cn", show_default=True)
@OPERATION
@click.option("--heating-season", metavar="MM-DD:MM-DD", help="Central heating, end excluded.")
@click.option("--out", type=FILE, metavar="FILE.json", help="Where the model goes; default: print.")
@MODEL
def fit_command(
    table: Path,
    weather: Path,
    building: str | None,
    fuel: str,
    start: datetime,
    end: datetime,
    timezone: str,
    calendar: str,
    operation: Path | None,
    heating_season: str | None,
    out: Path | None,
    kind: "Kind | None",
) -> None:
    """Fit a building's baseline and freeze it as JSON.

    DATA (and W) are Parquet or CSV: hours (building, fuel, ts in UTC, kwh or tenths), or monthly
    bills (start, end excluded, or month, and use; perhaps building, fuel, estimated).
    """
    from dataclasses import replace

    from config.working_days import day_types
    from processing.savings.engine import fit_baseline
    from processing.savings.models.billing import fit_bills
    from processing.savings.placebo import CARRIERS

    archive = open_archive(table, weather, timezone, calendar, operation)
    carrier = CARRIERS.get(fuel, fuel)
    building = building_of(archive, building, fuel, start, end)
    if kind_of(archive, kind) == "billing":
        first, last = start.date(), end.date()
        bills = archive.bills(building, fuel, first, last)
        model = fit_bills(bills, archive.warmth_c, carrier, first, last)
    else:
        days = building_days(archive, building, fuel, start, end)
        kinds = day_types([t.date() for t in days.index], calendar, archive.operation)
        model = fit_baseline(
            days, day_types=kinds, heating_season=_season(heating_season), carrier=carrier
        )
        model = replace(model, findings=(*model.findings, *kinds.findings))
    if out is None:
        click.echo(model.to_json())
    else:
        out.write_text(model.to_json() + "\n", encoding="utf-8")
        click.echo(f"{out}: model {model.digest[:12]}, CV(RMSE) {model.cvrmse_ratio:.1%}")


def _season(text: str | None) -> "Season | None":
    if text is None:
        return None
    try:
        first, last = (datetime.strptime(f"2000-{p}", "%Y-%m-%d") for p in text.split(":"))  # noqa: DTZ007
    except ValueError as error:
        raise ConfigError(f"--heating-season {text!r}: write it as 11-15:03-16") from error
    return (first.month, first.day), (last.month, last.day)
