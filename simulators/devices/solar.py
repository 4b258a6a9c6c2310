"""Sun and rooftop PV, by pvlib (imported when first needed: it takes a second)."""

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Place(NamedTuple):
    """Degrees north and east, and metres above the sea."""

    latitude: float
    longitude: float
    altitude_m: float = 0.0


@dataclass(frozen=True)
class Array:
    """A rooftop array: capacity P0 in kWp, tilt and azimuth (180 is south) in degrees."""

    capacity_kwp: float
    tilt_deg: float = 25.0
    azimuth_deg: float = 180.0
    gamma_per_c: float = -0.0037
    losses_ratio: float = 0.12
    """Soiling, wiring, mismatch and the rest, of the DC power."""


@dataclass(frozen=True)
class Plane:
    """What the modules of an array meet: W/m² in their plane, and their °C."""

    poa_w_per_m2: Floats
    module_c: Floats


@dataclass(frozen=True)
class Output(Plane):
    """What an array sees and gives: W/m² in its plane, module °C, AC watts."""

    ac_w: Floats


def clear_sky_w_per_m2(at_ms: Ints, place: Place) -> Floats:
    """Global horizontal irradiance of a clear sky (Haurwitz)."""
    import pandas as pd
    from pvlib.clearsky import haurwitz

    zenith, _ = _sun(place, at_ms.tobytes())
    return np.asarray(haurwitz(pd.Series(zenith))["ghi"], dtype=np.float64)


def plane_of(
    array: Array, place: Place, at_ms: Ints, ghi_w_per_m2: Floats, temperature_c: Floats
) -> Plane:
    """What an array's modules meet: the same for all at a place that are tilted alike.

    Erbs split, Hay–Davies plane, Faiman temperature.
    """
    import pandas as pd
    from pvlib import irradiance, temperature

    zenith, azimuth = _sun(place, at_ms.tobytes())
    days = pd.DatetimeIndex(at_ms.astype("datetime64[ms]")).day_of_year.to_numpy()
    extra = irradiance.get_extra_radiation(days)
    parts = irradiance.erbs(ghi_w_per_m2, zenith, days)
    plane = irradiance.get_total_irradiance(
        array.tilt_deg,
        array.azimuth_deg,
        zenith,
        azimuth,
        parts["dni"],
        ghi_w_per_m2,
        parts["dhi"],
        dni_extra=extra,
        model="haydavies",
    )
    poa = np.nan_to_num(np.asarray(plane["poa_global"], dtype=np.float64)).clip(0.0, 1500.0)
    module = np.asarray(temperature.faiman(poa, temperature_c, 2.0), dtype=np.float64)
    return Plane(poa, module)


def ac_of(array: Array, plane: Plane) -> Output:
    """What an array makes of what its modules meet: the PVWatts chain."""
    from pvlib import inverter, pvsystem

    poa, module = plane.poa_w_per_m2, plane.module_c
    watts = array.capacity_kwp * 1000.0
    dc = pvsystem.pvwatts_dc(poa, module, watts, array.gamma_per_c) * (1 - array.losses_ratio)
    ac = np.asarray(inverter.pvwatts(dc, watts / 1.1 / 0.96), dtype=np.float64)
    return Output(poa, module, np.nan_to_num(ac).clip(0.0))


@lru_cache(maxsize=8)
def _sun(place: Place, at_ms: bytes) -> tuple[Floats, Floats]:
    """Apparent zenith and azimuth in degrees; cached, since a whole city shares its sun."""
    import pandas as pd
    from pvlib import solarposition

    times = pd.DatetimeIndex(
        np.frombuffer(at_ms, dtype=np.int64).astype("datetime64[ms]"), tz="UTC"
    )
    position = solarposition.get_solarposition(
        times, place.latitude, place.longitude, place.altitude_m, method="nrel_numpy"
    )
    return (
        position["apparent_zenith"].to_numpy(dtype=np.float64),
        position["azimuth"].to_numpy(dtype=np.float64),
    )
