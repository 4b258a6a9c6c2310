"""A synthetic climate of Dongying: cold zone B, HDD18 ≈ 2507 and CDD26 ≈ 109 a year.

A year's weather is a smooth yearly course plus persistent daily anomalies plus a daily course
that clouds damp. It is a function of seed and time alone, so any month can be had by itself.
The yearly course was fitted so that degree days of daily means (GB 50176 counts them so)
average to the two totals above; `tests/unit/simulators/devices/test_climate.py` checks them.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

import numpy as np

from simulators.devices.grid import Floats, Grid, Ints, fixed
from simulators.devices.randomness import stream
from simulators.devices.solar import Place, clear_sky_w_per_m2

DONGYING = Place(latitude=37.43, longitude=118.67, altitude_m=6.0)
_OFFSET_H = 8
_HOUR_MS = 3_600_000
_SPIN_UP_DAYS = 60

# The yearly course of the daily mean: mean, yearly and half-yearly amplitudes in °C.
_MEAN_C, _YEARLY_C, _HALF_YEARLY_C, _COLDEST_DAY = 13.836, 14.532, -0.55, 17.0
_ANOMALY_SD_C, _PERSISTENCE = 2.5, 0.72


@dataclass(frozen=True)
class Weather:
    """Weather at some instants: °C, %, and global horizontal W/m²."""

    temperature_c: Floats
    humidity_pct: Floats
    ghi_w_per_m2: Floats


@dataclass(frozen=True)
class Climate:
    """The weather of one seed at one place."""

    seed: int
    place: Place = DONGYING

    def on(self, grid: Grid) -> Weather:
        """The mean weather of each step, taken at its middle; all who share both share it."""
        return _weather_on(self, grid)

    def at(self, at_ms: Ints) -> Weather:
        """The weather at instants, in any order."""
        days = _DaysAt.of(at_ms, self.seed)
        clearness = np.clip(days.clearness + _ripple(self.seed, at_ms), 0.08, 1.0)
        temperature = days.temperature_c
        humidity = _relative_humidity(temperature, days.dew_point_c)
        return Weather(temperature, humidity, clearness * clear_sky_w_per_m2(at_ms, self.place))

    def temperature_c(self, at_ms: Ints) -> Floats:
        """Outdoor temperature alone, cheaper than all of the weather."""
        return _DaysAt.of(at_ms, self.seed).temperature_c


@lru_cache(maxsize=4)
def _weather_on(climate: Climate, grid: Grid) -> Weather:
    weather = climate.at(grid.middles_ms)
    return Weather(
        fixed(weather.temperature_c), fixed(weather.humidity_pct), fixed(weather.ghi_w_per_m2)
    )


@dataclass(frozen=True)
class _DaysAt:
    """The days' weather, carried smoothly from noon to noon, at instants."""

    temperature_c: Floats
    clearness: Floats
    dew_point_c: Floats

    @classmethod
    def of(cls, at_ms: Ints, seed: int) -> "_DaysAt":
        hours = at_ms / _HOUR_MS + _OFFSET_H  # local hours since 1970
        days = hours / 24.0
        noon = np.floor(days - 0.5).astype(np.int64)  # the noon before each instant
        share = days - 0.5 - noon
        low = int(noon.min())
        table = _table(seed, low, int(noon.max()) + 2)
        mean, clear, dew = table[:, noon - low] * (1 - share) + table[:, noon - low + 1] * share
        daily = np.cos(2 * np.pi * (hours - 14.7) / 24)
        daily += 0.18 * np.cos(4 * np.pi * (hours - 14.2) / 24)
        return cls(mean + (2.2 + 3.6 * clear) * daily, clear, dew)


def _table(seed: int, low: int, high: int) -> Floats:
    """Mean temperature, clearness and dew point (rows) of days `low` to `high`, excluded."""
    first, last = _year_of(low), _year_of(high - 1)
    years = [_year_days(seed, y) for y in range(first, last + 1)]
    start = low - _first_day(first)
    return np.concatenate(years, axis=1)[:, start : start + high - low]


def _ripple(seed: int, at_ms: Ints) -> Floats:
    """Passing clouds: smooth within hours, independent between them."""
    hour = at_ms // _HOUR_MS
    share = (at_ms % _HOUR_MS) / _HOUR_MS
    low = int(hour.min()) // 24
    days = range(low, (int(hour.max()) + 1) // 24 + 1)
    noise = np.concatenate([_day_noise(seed, d) for d in days])
    index = hour - low * 24
    return 0.09 * (noise[index] * (1 - share) + noise[index + 1] * share)


@lru_cache(maxsize=64)
def _year_days(seed: int, year: int) -> Floats:
    """Rows: mean temperature °C, clearness 0–1, dew point °C; a column for each day."""
    tail = _shocks(seed, year - 1)[:, -_SPIN_UP_DAYS:]
    shocks = np.concatenate([tail, _shocks(seed, year)], axis=1)
    anomaly = np.zeros_like(shocks)
    kept = np.sqrt(1 - _PERSISTENCE**2)
    for i in range(1, shocks.shape[1]):
        anomaly[:, i] = _PERSISTENCE * anomaly[:, i - 1] + kept * shocks[:, i]
    anomaly = anomaly[:, _SPIN_UP_DAYS:]
    turn = 2 * np.pi * (np.arange(anomaly.shape[1]) - _COLDEST_DAY) / 365.25
    spread = 1.0 + 0.25 * np.cos(turn)  # winters vary more
    mean = _MEAN_C - _YEARLY_C * np.cos(turn) + _HALF_YEARLY_C * np.cos(2 * turn)
    mean = mean + _ANOMALY_SD_C * spread * anomaly[0]
    rainy = 0.10 * np.exp(-(((turn - np.pi) / 0.7) ** 2))  # the summer rains
    clear = np.clip(0.74 - rainy + 0.17 * anomaly[1] - 0.04 * np.abs(anomaly[1]), 0.12, 0.98)
    dew = mean - (9.5 + 3.5 * np.cos(turn)) * (0.35 + clear) + 0.8 * anomaly[0]
    return np.vstack([mean, clear, dew])


def _shocks(seed: int, year: int) -> Floats:
    days = _first_day(year + 1) - _first_day(year)
    return stream(seed, "climate", year).standard_normal((2, days))


@lru_cache(maxsize=4096)
def _day_noise(seed: int, day: int) -> Floats:
    return stream(seed, "clouds", day).standard_normal(24)


def _relative_humidity(temperature_c: Floats, dew_point_c: Floats) -> Floats:
    """Magnus formula (Alduchov and Eskridge 1996 coefficients), clipped to 8–100 %."""

    def pressure(t: Floats) -> Floats:
        return np.exp(17.625 * t / (243.04 + t))

    return np.clip(100 * pressure(dew_point_c) / pressure(temperature_c), 8.0, 100.0)


def _first_day(year: int) -> int:
    return (datetime(year, 1, 1, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).days


def _year_of(day: int) -> int:
    return int((np.datetime64(day, "D")).astype("datetime64[Y]").astype(int)) + 1970
