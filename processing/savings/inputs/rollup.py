"""From an hourly table to local days, by CalTRACK's rules for gaps."""

import numpy as np
import pandas as pd

from domain.errors import ConfigError
from processing.savings.inputs.sufficiency import rules


def local_days(at: pd.Series, timezone: str) -> pd.Series:
    """The naive local date (midnight) of each naive UTC instant."""
    known = pd.DatetimeIndex(at).tz_localize("UTC").tz_convert(timezone)
    return pd.Series(known.tz_localize(None).normalize(), index=at.index)


def daily_use(hourly: pd.DataFrame, timezone: str) -> pd.DataFrame:
    """Daily use per building and fuel of an hourly table, and how its hours looked.

    `hourly` has building, fuel, ts (naive UTC, start of the hour) and kwh or tenths (of a kWh).
    Gives columns building, fuel, day, use (kWh; NaN where more than half of the day's hours are
    missing, otherwise the mean of the known hours times the hours of the day), hours, zeros.
    A zero of a meter with a base load is a lost reading (see `_outages`), otherwise data.
    Source: CalTRACK 2.3.2.2. Raises ConfigError when a column is missing.
    """
    missing = {"building", "fuel", "ts"} - set(hourly)
    if missing or not {"kwh", "tenths"} & set(hourly):
        raise ConfigError(
            "the hourly table needs columns building, fuel, ts and kwh or tenths; "
            f"it has {', '.join(map(str, hourly.columns))}"
        )
    kwh = hourly["kwh"].astype(float) if "kwh" in hourly else hourly["tenths"].astype(float) / 10
    # One table of instants to days for all buildings: converting time zones is the slow part.
    instants = pd.Series(hourly["ts"].unique())
    days = pd.Series(local_days(instants, timezone).to_numpy(), index=pd.Index(instants))
    table = pd.DataFrame(
        {
            "building": hourly["building"].astype(str).astype("category"),
            "fuel": hourly["fuel"].astype(str).astype("category"),
            "day": hourly["ts"].map(days),
            "kwh": kwh,
            "zero": (kwh == 0).where(kwh.notna()),
        }
    )
    table["sound"] = table["kwh"].mask(_outages(table))
    grouped = table.groupby(["fuel", "building", "day"], sort=True, observed=True)
    daily = grouped.agg(
        total=("sound", "sum"),
        sound=("sound", "count"),
        hours=("kwh", "count"),
        zeros=("zero", "sum"),
    ).reset_index()
    due = _hours_due(daily["day"], timezone)
    enough = daily["sound"] >= rules()["day_missing_readings_max_ratio"] * due
    daily["use"] = (daily["total"] / daily["sound"] * due).where(enough)
    names = {"fuel": str, "building": str}
    return daily.drop(columns=["total", "sound"]).astype(names)


def _outages(table: pd.DataFrame) -> pd.Series:
    """Zeros of meters that otherwise never come near zero: lost readings, and no use of nothing.

    A meter has such a base load when 19 of 20 of its non-zero hours lie above a share of their
    median (`base_load_min_ratio`), and hardly any hour is zero (`base_load_zeros_max_ratio`).
    Elsewhere a zero is data, as gas in summer.
    """
    meter = table.groupby(["fuel", "building"], observed=True).ngroup()
    used = table["kwh"].where(table["kwh"] > 0).groupby(meter)
    ratio = used.quantile(0.05) / used.median()
    zeros = 1 - used.count() / table["kwh"].groupby(meter).count()
    always_on = (ratio > rules()["base_load_min_ratio"]) & (
        zeros <= rules()["base_load_zeros_max_ratio"]
    )
    return (table["kwh"] == 0) & meter.map(always_on)


WEATHER_NAMES = {
    "temperature_c": ("temperature_c", "air_temperature_c", "outdoor_temperature_c"),
    "irradiance_w_per_m2": ("irradiance_w_per_m2", "ghi_w_per_m2"),
}
"""What a day's weather is made of, and the columns of an hourly table that may hold it."""


def daily_weather(hourly: pd.DataFrame, timezone: str) -> pd.DataFrame:
    """Daily means by local date of an hourly weather table: temperature_c, irradiance_w_per_m2.

    `hourly` has ts (naive UTC), a temperature and perhaps an irradiance on the horizontal
    (columns of WEATHER_NAMES; without irradiance its means are NaN). Gaps of up to six hours are
    interpolated (CalTRACK 2.3.3); a day with more than half of its hours missing is NaN.
    """
    found = {
        name: next((n for n in names if n in hourly), None) for name, names in WEATHER_NAMES.items()
    }
    if found["temperature_c"] is None or "ts" not in hourly:
        names = ", ".join(WEATHER_NAMES["temperature_c"])
        raise ConfigError(f"the weather table needs columns ts and one of {names}")
    table = hourly.dropna(subset=["ts"]).drop_duplicates("ts").set_index("ts").sort_index()
    means = {
        name: _daily_mean(table[column].astype(float), timezone)
        for name, column in found.items()
        if column is not None
    }
    return pd.DataFrame(means).reindex(columns=list(WEATHER_NAMES)).astype(float)


def _daily_mean(values: pd.Series, timezone: str) -> pd.Series:
    by_hour = values.resample("h").mean()
    gap = by_hour.isna()
    run = gap.groupby((~gap).cumsum()).transform("sum")
    short = run <= rules()["temperature_gap_interpolated_max_h"]
    by_hour = by_hour.where(~gap | ~short, by_hour.interpolate(limit_area="inside"))
    days = local_days(pd.Series(by_hour.index), timezone).to_numpy()
    grouped = by_hour.groupby(days)
    mean: pd.Series = grouped.mean().where(grouped.count() >= 12)
    return mean


def _hours_due(days: pd.Series, timezone: str) -> "np.typing.NDArray[np.float64]":
    """How many hours each local day has: 23 or 25 where clocks change."""
    unique = pd.DatetimeIndex(days.unique())
    start = unique.tz_localize(timezone, ambiguous=True, nonexistent="shift_forward")
    end = (unique + pd.Timedelta(days=1)).tz_localize(
        timezone, ambiguous=True, nonexistent="shift_forward"
    )
    hours = pd.Series((end - start).total_seconds() / 3600, index=unique)
    due: np.typing.NDArray[np.float64] = days.map(hours).to_numpy(dtype=np.float64)
    return due
