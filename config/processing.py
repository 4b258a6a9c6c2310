"""The thresholds of `tables/processing.toml`, typed: each table of the file is a class here.

Every value, its unit (last in its name) and why it is what it is stand in the file.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from domain.errors import ConfigError

FILE = "processing.toml"


@dataclass(frozen=True, slots=True)
class RegisterThresholds:
    """[registers]: which readings of a register are believed, and how near is near."""

    max_gap_h: float
    spike_factor: float
    shortest_minutes: float
    longest_glitch: int
    longest_overlap_days: float


@dataclass(frozen=True, slots=True)
class HabitRules:
    """[habits]: what a meter can have used, by what it usually uses."""

    before_days: float
    after_days: float
    high_quantile: float
    peak_factor: float
    peak_h: float
    lasting_factor: float
    floor_days: float
    fewest_steps: int
    least_steps: int
    neighbours: int
    outstanding_factor: float
    outstanding_others: int
    unproven_kwh_per_h: float
    unproven_m3_per_h: float
    unproven_gj_per_h: float

    def unproven_per_h(self) -> dict[str, float]:
        """Unit → the rate that is believed of a register without habits yet."""
        return {
            "kWh": self.unproven_kwh_per_h,
            "m³": self.unproven_m3_per_h,
            "GJ": self.unproven_gj_per_h,
        }


@dataclass(frozen=True, slots=True)
class StandstillRules:
    """[standstill]: when a rest of a register and the leap after it are one gap of known use."""

    least_h: float
    longest_days: float
    rest_factor: float
    rest_factor_before_gap: float
    most_alike: int
    leap_factor: float
    restless_leap_factor: float
    brief_h: float
    brief_leap_factor: float
    least_units: float
    least_share_ratio: float
    most_ratio: float
    least_steps: int
    before_days: float
    after_days: float


@dataclass(frozen=True, slots=True)
class BoardRules:
    """[completeness]: when a device is stale, its readings are missed, its use fell silent, or a
    month is mostly missing."""

    stale_after_intervals: float
    noted_absence_ratio: float
    zero_least_days: float
    zero_longest_days: float
    zero_habit_days: float
    zero_rest_factor: float
    mostly_missing_ratio: float


@dataclass(frozen=True, slots=True)
class HeatingRules:
    """[heating]: which meters are of heating alone."""

    item_codes: tuple[str, ...]
    excess_ratio: float


@dataclass(frozen=True, slots=True)
class SolarRules:
    """[solar]: what a PV system can give."""

    most_of_capacity_ratio: float


@dataclass(frozen=True, slots=True)
class WasteRules:
    """[waste]: how a bin's scale is read, what is recovered, how inspections are judged."""

    most_of_capacity_ratio: float
    most_of_usual_ratio: float
    least_usual_kg: float
    most_below_zero_kg: float
    leap_of_usual_ratio: float
    least_leaps: int
    repeats_by_chance: float
    least_fall_kg: float
    noise_factor: float
    noise_of_usual_ratio: float
    empty_kg: float
    empty_capacity_ratio: float
    max_gap_h: float
    quiet_gap_h: float
    stuck_days: float
    silent_days: float
    before_days: float
    recovered_streams: tuple[str, ...]
    inspection_confidence_ratio: float


@dataclass(frozen=True, slots=True)
class HoursRules:
    """[hours]: when a working day's office hours are; whole local hours, the end excluded."""

    work_start_h: int
    work_end_h: int


@dataclass(frozen=True, slots=True)
class NightFlowRules:
    """[night_flow]: when nights are, and when their flow looks like a leak."""

    start_h: int
    end_h: int
    least_nights: int
    resting_quantile_ratio: float
    leak_ratio: float
    least_flow_ratio: float
    smallest_nominal_m3_per_h: float


@dataclass(frozen=True, slots=True)
class BalanceRules:
    """[balance]: how far sub-meters may exceed their main."""

    excess_ratio: float


@dataclass(frozen=True, slots=True)
class ComparisonRules:
    """[comparison]: what may be compared with what."""

    least_known_ratio: float
    least_peers: int


@dataclass(frozen=True, slots=True)
class WeatherDriftRules:
    """[weather_drift]: when a thermometer goes off from those around it."""

    most_neighbours: int
    fewest_neighbours: int
    smoothed_days: int
    known_days: int
    lag_days: int
    growth_c: float
    scatter_factor: float
    step_ratio: float


@dataclass(frozen=True, slots=True)
class BoundsRules:
    """[bounds]: when a device's history is enough to propose a bound, and how much is left over."""

    longest_months: int
    least_days: float
    least_known_ratio: float
    fewest_hours: int
    high_quantile: float
    margin_ratio: float
    margin_of_part_ratio: float
    most_dropped_ratio: float
    most_of_usual_month_ratio: float
    fewest_collections: int
    fill_quantile: float
    fill_margin_ratio: float
    tare_scatter_ratio: float
    peak_months: int
    least_peak_ratio: float
    most_peak_ratio: float
    usual_peak_ratio: float


@dataclass(frozen=True, slots=True)
class ProcessingSettings:
    """The tables of the file, by the name of each."""

    registers: RegisterThresholds
    habits: HabitRules
    standstill: StandstillRules
    completeness: BoardRules
    heating: HeatingRules
    solar: SolarRules
    waste: WasteRules
    hours: HoursRules
    night_flow: NightFlowRules
    balance: BalanceRules
    comparison: ComparisonRules
    weather_drift: WeatherDriftRules
    bounds: BoundsRules


@cache
def processing_settings() -> ProcessingSettings:
    """The file shipped with this version. Raises ConfigError for a wrong one."""
    return read_processing_settings(_source().read_text(encoding="utf-8"))


def _source() -> Traversable:
    return files("config") / "tables" / FILE


def read_processing_settings(text: str) -> ProcessingSettings:
    """The thresholds of a file's text.

    Raises ConfigError for a table or value that is missing, unknown, not of its type or
    negative.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{FILE} is no TOML: {error}") from error
    return ProcessingSettings(
        **{f.name: _rules(f.name, f.type, tables.get(f.name)) for f in fields(ProcessingSettings)}
    )


def _rules(name: str, kind: Any, table: Any) -> Any:
    if not isinstance(table, Mapping):
        raise ConfigError(f"{FILE} has no table [{name}]: add it")
    wanted = {f.name: f.type for f in fields(kind)}
    if table.keys() != wanted.keys():
        wrong = ", ".join(sorted(table.keys() ^ wanted.keys()))
        raise ConfigError(f"{FILE} [{name}]: {wrong} is missing or unknown")
    return kind(**{k: _value(f"[{name}] {k}", wanted[k], v) for k, v in table.items()})


def _value(where: str, kind: Any, value: Any) -> Any:
    if (
        kind == tuple[str, ...]
        and isinstance(value, list)
        and all(isinstance(v, str) for v in value)
    ):
        return tuple(value)
    if kind in (float, int) and isinstance(value, int | float) and not isinstance(value, bool):
        if kind(value) == value >= 0:
            return kind(value)
    elif kind is bool and isinstance(value, bool):
        return value
    raise ConfigError(f"{FILE} {where}: {value!r} will not do, it must be {kind} and not negative")
