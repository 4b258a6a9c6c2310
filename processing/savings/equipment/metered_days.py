"""Tests of equipment: its days from a table or from stored readings, and when it was on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Literal

import numpy as np
import pandas as pd

from domain.calendar import Month, months_between
from domain.carriers import ENERGY_CARRIERS
from domain.errors import ConfigError
from domain.places import Meter
from domain.registry import Registry
from processing.months.reading import SiteReader
from processing.quality.corrections import amendments
from processing.savings.tracks import daily_energy
from store.ledger.port import Ledger
from store.readings.port import ReadingStore

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


def metered_days(
    store: ReadingStore,
    ledger: Ledger,
    registry: Registry,
    meter_id: str,
    start: date,
    end: date,
    now: datetime,
) -> pd.DataFrame:
    """The local days [start, end) of a meter, virtual ones too: use (kWh) and temperature_c.

    Only days wholly known count, others are NaN. Raises ConfigError for an unknown meter and for
    one that said nothing then.
    """
    meter = registry.device_by_id.get(meter_id)
    if not isinstance(meter, Meter):
        raise ConfigError(f"no meter {meter_id!r}: see `civicmeter registry export` for their ids")
    if meter.carrier not in ENERGY_CARRIERS:
        raise ConfigError(f"{meter_id} meters {meter.carrier}: only energy is tested here")
    institution = registry.institution_by_id[meter.institution]
    months = list(months_between(Month.of(start), Month.of(end - timedelta(days=1)).plus(1)))
    amended = amendments(ledger.corrections())
    reader = SiteReader(store, ledger, registry, [institution], months, now, amended)
    days = daily_energy(reader.read(institution), meter.carrier, start, end, [meter_id])
    if days is None or not days["use"].notna().any():
        raise ConfigError(f"{meter_id} has no wholly known day from {start} to {end}: see its gaps")
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
