"""Irradiance in the plane of an array, from horizontal irradiance, where none is measured."""

import numpy as np
import pandas as pd

from domain.places import PvSystem
from processing.curves.curve import Floats, Ints


def plane_irradiance(system: PvSystem, at_ms: Ints, horizontal_w_per_m2: Floats) -> Floats | None:
    """W/m² in the plane of the array: Erbs's split, Hay and Davies's sky (pvlib).

    An estimate that stands in for the sensor IEC 61724-1 asks for. None when the registry does
    not say where the array is and how it is mounted.
    """
    if None in (system.latitude, system.longitude, system.tilt_deg, system.azimuth_deg):
        return None
    from pvlib import irradiance, solarposition

    times = pd.DatetimeIndex(pd.to_datetime(at_ms, unit="ms", utc=True))
    sun = solarposition.get_solarposition(times, system.latitude, system.longitude)
    ghi = pd.Series(np.maximum(horizontal_w_per_m2, 0.0), index=times)
    parts = irradiance.erbs(ghi, sun["zenith"], times)
    plane = irradiance.get_total_irradiance(
        system.tilt_deg,
        system.azimuth_deg,
        sun["apparent_zenith"],
        sun["azimuth"],
        parts["dni"],
        ghi,
        parts["dhi"],
        dni_extra=irradiance.get_extra_radiation(times),
        model="haydavies",
    )
    return np.asarray(plane["poa_global"].fillna(0.0), dtype=np.float64)
