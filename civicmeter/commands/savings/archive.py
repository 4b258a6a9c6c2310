"""An archive of measured buildings, as the subcommands that fit and test models are given it."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from domain.errors import ConfigError

if TYPE_CHECKING:
    import pandas as pd

    from processing.savings.placebo import Archive

FILE = click.Path(dir_okay=False, path_type=Path)
DAY = click.DateTime(["%Y-%m-%d"])
REFERENCE_TIMEZONE = "Europe/London"  # of the public archive the test is usually run on


def open_archive(table: Path, weather_file: Path, timezone: str, calendar: str) -> "Archive":
    """Local days of use and weather from two Parquet files of hours. Raises ConfigError."""
    from processing.savings.inputs.rollup import daily_use, daily_weather
    from processing.savings.placebo import Archive

    use, weather = (
        daily_use(_read(table), timezone),
        daily_weather(_read(weather_file), timezone),
    )
    return Archive(use, weather, calendar)


def _read(path: Path) -> "pd.DataFrame":
    import pandas as pd

    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read as Parquet ({error}): check the path") from error


def building_days(
    archive: "Archive", building: str, fuel: str, start: datetime, end: datetime
) -> "pd.DataFrame":
    """The local days of a building; ConfigError when it is unknown or the period is empty."""
    import pandas as pd

    if fuel not in archive.fuels() or building not in archive.buildings(fuel):
        known = ", ".join(archive.buildings(fuel)[:20]) or "none"
        raise ConfigError(f"no building {building!r} with {fuel!r}; there are: {known}")
    if end <= start:
        raise ConfigError("--to must lie after --from: it is the day after the last")
    years = range(start.year, end.year + 1)
    days = pd.concat([archive.year(building, fuel, y) for y in years])
    return days[(days.index >= start) & (days.index < end)]
