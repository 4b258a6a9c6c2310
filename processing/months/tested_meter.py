"""The days of equipment at its own meter, to be tested."""

from datetime import date

import pandas as pd

from domain.carriers import ENERGY_CARRIERS
from domain.errors import ConfigError
from domain.places import Meter
from domain.registry import Registry
from processing.months.energy_days import daily_energy
from processing.months.site import Site


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
