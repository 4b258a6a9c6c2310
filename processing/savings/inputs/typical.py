"""The typical year of a contract: the years of weather under which savings are normalised.

The year's use is predicted under each stored year and the mean taken: the mean of their
temperatures would be milder than any real year, and heat and cold count only beyond a change
point. The years are frozen with the contract, so that the figure does not change when more
weather comes. Source: IPMVP "normalized savings" leaves the choice of conditions to the parties.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from domain.calendar import Month
from domain.errors import ConfigError
from domain.figures import FactorUse
from processing.savings.inputs.sufficiency import rules

FORMAT = "civicmeter-typical-year/1"
MOST_YEARS = 10


@dataclass(frozen=True)
class TypicalYear:
    """Years of daily mean temperatures (°C) of a station: start → the days from there on.

    Each year has the days of twelve months; None is a day that is not known.
    """

    station: str
    years: Mapping[date, tuple[float | None, ...]]

    def to_json(self) -> str:
        """Canonical JSON."""
        years = {start.isoformat(): list(days) for start, days in sorted(self.years.items())}
        data = {"format": FORMAT, "station": self.station, "years": years}
        return json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> "TypicalYear":
        """Read back what `to_json` wrote. Raises ConfigError for anything else."""
        try:
            data: dict[str, Any] = json.loads(text)
            if data["format"] != FORMAT:
                raise KeyError("format")
            years = {date.fromisoformat(d): tuple(t) for d, t in data["years"].items()}
            return cls(data["station"], years)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ConfigError(
                f"this is not a typical year of format {FORMAT} ({error!r}): "
                "read it with the version that wrote it"
            ) from error

    @cached_property
    def tables(self) -> list[pd.DataFrame]:
        """Each year as a table of local days with the column temperature_c."""
        return [
            pd.DataFrame(
                {"temperature_c": np.array(days, dtype=np.float64)},
                index=pd.date_range(start, periods=len(days), freq="D"),
            )
            for start, days in sorted(self.years.items())
        ]

    def factor(self) -> FactorUse:
        """The dated factor of a figure: the mean temperature, and which years of which station."""
        known = np.concatenate([t["temperature_c"].to_numpy() for t in self.tables])
        starts = sorted(self.years)
        years = ", ".join(f"{d}/{d + timedelta(days=len(self.years[d]) - 1)}" for d in starts)
        source = f"mean of the years {years} of weather station {self.station}"
        value = round(float(np.nanmean(known)), 2)
        return FactorUse("weather.typical_year", value, "°C", source, starts[0])


def typical_year(station: str, temperature_c: pd.Series, end: Month) -> TypicalYear:
    """The last years of twelve months before the month `end` that are nearly complete.

    `temperature_c` is daily, by local date, gaps NaN. A year counts when it misses no more days
    than a baseline may (CalTRACK 2.2.1.2); at most ten years are taken.
    """
    years: dict[date, tuple[float | None, ...]] = {}
    known = pd.DatetimeIndex(temperature_c.dropna().index)
    while len(known) and end.first_day > known[0].date() and len(years) < MOST_YEARS:
        start = end.plus(-12)
        index = pd.date_range(start.first_day, end.first_day, freq="D", inclusive="left")
        days = temperature_c.reindex(index)
        if days.isna().sum() <= rules()["baseline_missing_days_max"]:
            years[start.first_day] = tuple(
                None if np.isnan(t) else round(float(t), 2) for t in days.to_numpy()
            )
        end = start
    return TypicalYear(station, years)
