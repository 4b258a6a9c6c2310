"""Tests of equipment: its days by its own meter, and when it was on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Literal

import numpy as np
import pandas as pd

from domain.carriers import ENERGY_CARRIERS
from domain.errors import ConfigError
from domain.places import Meter
from domain.registry import Registry
from processing.months.site import Site
from processing.savings.tracks import daily_energy

State = Literal["on", "off"]


@dataclass(frozen=True, slots=True)
class Spell:
    """Local days from `start` to `end` (excluded) in which the equipment was on or off."""

    start: date
    end: date
    state: State

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise ConfigError(f"the period {self.start}:{self.end} ends before it starts")


def tested_meter(registry: Registry, meter_id: str) -> Meter:
    """The meter of some equipment, virtual ones too. Raises ConfigError for what is none."""
    meter = registry.device_by_id.get(meter_id)
    if not isinstance(meter, Meter):
        raise ConfigError(f"no meter {meter_id!r}: see `civicmeter registry export` for their ids")
    if meter.carrier not in ENERGY_CARRIERS:
        raise ConfigError(f"{meter_id} meters {meter.carrier}: only energy is tested here")
    return meter


def metered_days(site: Site, meter: Meter, start: date, end: date) -> pd.DataFrame:
    """The local days [start, end) of a meter: use (kWh) and temperature_c.

    Only days wholly known count, others are NaN. Raises ConfigError for a meter that said
    nothing then.
    """
    days = daily_energy(site, meter.carrier, start, end, [meter.id])
    if days is None or not days["use"].notna().any():
        raise ConfigError(f"{meter.id} has no wholly known day from {start} to {end}: see its gaps")
    warm = days["temperature_c"].notna().any()
    return days[["use", "temperature_c"]] if warm else days[["use"]]


def with_state(days: pd.DataFrame, spells: Sequence[Spell]) -> pd.DataFrame:
    """The days of the spells with the column `on`; days of none are no part of the test.

    Raises ConfigError when two spells overlap.
    """
    state = pd.Series(np.nan, index=days.index)
    index = pd.DatetimeIndex(days.index)
    ordered = sorted(spells, key=lambda s: s.start)
    for one, following in pairwise(ordered):
        if following.start < one.end:
            raise ConfigError(f"the periods from {one.start} and {following.start} overlap")
    for spell in ordered:
        inside = (index >= pd.Timestamp(spell.start)) & (index < pd.Timestamp(spell.end))
        state[inside] = float(spell.state == "on")
    tested = days[state.notna()]
    return tested.assign(on=state.dropna().astype(bool))
