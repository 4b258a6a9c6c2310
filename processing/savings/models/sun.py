"""The sun's warmth: what heats a building beside the air, so that a sunny day heats less.

At the same outdoor temperature a spring day has twice the sun of an autumn day, and a heating
model that knows the air alone takes too little in autumn and too much in spring. The felt
temperature therefore rises with the day's irradiance, as the sol-air temperature does
(ASHRAE Handbook Fundamentals, chapter on nonresidential cooling and heating load).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

LEAST_KNOWN_SHARE = 0.5
"""Of the baseline's days: with fewer known irradiances the model has no sun."""


@dataclass(frozen=True, slots=True)
class Sun:
    """How a model counts the sun.

    A day is felt `warms_c_per_100_w` °C warmer for each 100 W/m² (daily mean on the horizontal)
    above the mean of the baseline's year. `of_year` are the mean, cosine and sine (W/m²) of that
    year's course: it stands for days whose irradiance is unknown.
    """

    warms_c_per_100_w: float
    of_year: tuple[float, float, float]

    def warmth_c(self, year_angle: Floats, irradiance_w_per_m2: Floats) -> Floats:
        """What to add to each day's temperature, °C; never NaN."""
        usual = _wave(year_angle) @ np.array(self.of_year)
        known = np.isfinite(irradiance_w_per_m2)
        irradiance = np.where(known, irradiance_w_per_m2, usual)
        warmth: Floats = self.warms_c_per_100_w * (irradiance - self.of_year[0]) / 100
        return warmth


def fit_sun(
    year_angle: Floats, irradiance_w_per_m2: Floats, warms_c_per_100_w: float
) -> Sun | None:
    """The sun of a baseline's days; None where it counts for nothing or is hardly known."""
    known = np.isfinite(irradiance_w_per_m2)
    if not warms_c_per_100_w or not known.mean() >= LEAST_KNOWN_SHARE:
        return None
    table = _wave(year_angle)[known]
    mean, cosine, sine = np.linalg.lstsq(table, irradiance_w_per_m2[known], rcond=None)[0]
    return Sun(warms_c_per_100_w, (float(mean), float(cosine), float(sine)))


def _wave(year_angle: Floats) -> Floats:
    return np.column_stack([np.ones(len(year_angle)), np.cos(year_angle), np.sin(year_angle)])
