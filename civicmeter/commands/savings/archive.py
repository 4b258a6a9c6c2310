"""An archive of measured buildings, as the subcommands that fit and test models are given it."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from config.working_days import CALENDARS
from domain.errors import ConfigError

if TYPE_CHECKING:
    import pandas as pd

    from domain.operating import OperatingSpell
    from processing.savings.placebo import Archive, Kind

FILE = click.Path(dir_okay=False, path_type=Path)
Command = TypeVar("Command", bound=Callable[..., Any])
DAY = click.DateTime(["%Y-%m-%d"])
MODEL = click.option(
    "--model",
    "kind",
    type=click.Choice(("daily", "billing")),
    help="Of days, or of monthly bills; default: billing where DATA is bills, else daily.",
)


OPERATION = click.option(
    "--operation",
    type=FILE,
    metavar="FILE.csv",
    help="Operating calendar of the buildings: start, end (excluded), kind, perhaps note.",
)


def archive_options(command: Command) -> Command:
    """The archive whose placebo years are walked over, and the model they are of."""
    options = (
        click.argument("table", type=FILE, metavar="DATA"),
        click.option("--weather", type=FILE, required=True, metavar="W", help="ts, temperature."),
        click.option(
            "--timezone",
            default="Europe/London",  # of the public archive the test is usually run on
            show_default=True,
            help="Of the buildings.",
        ),
        click.option("--calendar", type=click.Choice(CALENDARS), default="gb", show_default=True),
        OPERATION,
        MODEL,
    )
    for option in reversed(options):
        command = option(command)
    return command


def open_archive(
    table: Path,
    weather_file: Path,
    timezone: str,
    calendar: str,
    operation: Path | None = None,
) -> "Archive":
    """Use and weather by local day from two files of hours, or bills and hourly weather.

    Parquet or CSV; `operation` is a CSV of an operating calendar. Raises ConfigError.
    """
    from processing.savings.inputs.bills import bills_of_table, days_of_bills, is_bills
    from processing.savings.inputs.rollup import daily_use, daily_weather
    from processing.savings.placebo import Archive

    use, weather = _read(table), daily_weather(_read(weather_file), timezone)
    if is_bills(use):
        bills = bills_of_table(use)
        return Archive(days_of_bills(bills), weather, calendar, bills)
    return Archive(daily_use(use, timezone), weather, calendar, operation=_spells(operation))


def _spells(path: Path | None) -> "tuple[OperatingSpell, ...]":
    """The spells of an operating calendar, checked as those of a registry's workbook are."""
    from registry.spells import spells_of_rows

    if path is None:
        return ()
    rows = _read(path, "CSV").to_dict("records")
    try:
        return spells_of_rows({str(k): v for k, v in row.items()} for row in rows)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


def _read(path: Path, kind: str = "") -> "pd.DataFrame":
    import pandas as pd

    is_csv = kind == "CSV" or path.suffix.lower() == ".csv"
    try:
        if not is_csv:
            return pd.read_parquet(path)
        table = pd.read_csv(path)
        return table.assign(ts=pd.to_datetime(table["ts"])) if "ts" in table else table
    except (OSError, ValueError) as error:
        kind = "CSV" if is_csv else "Parquet"
        raise ConfigError(f"{path} cannot be read as {kind} ({error}): check the path") from error


def kind_of(archive: "Archive", asked: "Kind | None") -> "Kind":
    """The kind of model that is meant; ConfigError where the data cannot have it."""
    if archive.billed is None:
        return asked or "daily"
    if asked == "daily":
        raise ConfigError("a daily model cannot be made of bills: use a model of bills")
    return "billing"


def building_of(
    archive: "Archive", building: str | None, fuel: str, start: datetime, end: datetime
) -> str:
    """The building that is meant; ConfigError when it is unknown or the period is empty."""
    there = archive.buildings(fuel)
    if building is None and len(there) == 1:
        building = there[0]
    if building is None or building not in there:
        known = ", ".join(there[:20]) or "none"
        asked = "name one with --building" if building is None else f"no building {building!r}"
        raise ConfigError(f"{asked} with {fuel!r}; there are: {known}")
    if end <= start:
        raise ConfigError("--to must lie after --from: it is the day after the last")
    return building


def building_days(
    archive: "Archive", building: str, fuel: str, start: datetime, end: datetime
) -> "pd.DataFrame":
    """The local days of a building."""
    import pandas as pd

    years = range(start.year, end.year + 1)
    days = pd.concat([archive.year(building, fuel, y) for y in years])
    return days[(days.index >= start) & (days.index < end)]
