"""What a case from the field is, and the courses it is made of: true use, and what the device said.

Every course runs from 1 August to 10 October 2026, local time of Shanghai; September is judged.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import numpy as np
import numpy.typing as npt

from domain.places import AnyDevice, Bin, Carrier, Meter, PvSystem, WasteStream

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

HOUR_MS = 3_600_000
START_MS = int(datetime(2026, 7, 31, 16, tzinfo=UTC).timestamp() * 1000)
DAYS = 70
SEPTEMBER_H = (31 * 24, 61 * 24)
"""September, in hours since the start."""

Verdict = Literal["true", "known in part"]
"""What is right: the true use, or only what can be known of it, the rest being called missing."""


@dataclass(frozen=True, slots=True)
class Source:
    """A public report: the tracker's project and the number there. `others`: what the system the
    report is about made of it, where the report says so."""

    project: str
    number: int
    others: str = ""

    @property
    def url(self) -> str:
        return f"https://github.com/{self.project}/issues/{self.number}"


@dataclass(frozen=True, slots=True)
class Case:
    """One device, what it said, and what September's figure must be.

    `did`: what the device did, for the page. `truth` in the figure's unit. `verdict` "true":
    within `within` of the truth and at most `most_missing` of the time missing; "known in part": no
    more than the truth, and at least `least_missing` of the time called missing. `told`: codes one of
    which the figure carries.
    """

    name: str
    did: str
    source: Source
    device: AnyDevice
    said: Mapping[str, tuple[Ints, Floats]]
    figure: str
    truth: float
    verdict: Verdict = "true"
    within: float = 0.01
    most_missing: float = 0.01
    least_missing: float = 0.0
    told: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        return str(self.device.stream) if isinstance(self.device, Bin) else self.device.id


def clock(step_h: float = 1.0) -> Ints:
    """The instants of readings, every `step_h` hours, first and last included."""
    return START_MS + np.arange(round(DAYS * 24 / step_h) + 1) * round(step_h * HOUR_MS)


def at_hour(day: int, hour: float = 0.0, step_h: float = 1.0) -> int:
    """The index of the reading at that hour of a day: day 31 is the first of September."""
    return round((day * 24 + hour) / step_h)


def office(base: float, busy: float, step_h: float = 1.0) -> Floats:
    """Use per step of a building: `base` an hour, `busy` more in the office hours of five days."""
    hour = np.arange(round(DAYS * 24 / step_h)) * step_h
    day, clock_h = hour // 24, hour % 24
    at_work = (clock_h >= 8) & (clock_h < 18) & (day % 7 < 5)
    return (base + busy * at_work) * step_h * _uneven(hour.size, 0.1)


def taps(daily: float, step_h: float = 1.0) -> Floats:
    """Use per step of water, in draws by day, so much a day."""
    hour = np.arange(round(DAYS * 24 / step_h)) * step_h
    open_h = (hour % 24 >= 7) & (hour % 24 < 22)
    draws = np.where(open_h, np.random.default_rng(5).gamma(0.7, 1.0, hour.size), 0.0)
    return np.asarray(draws * daily / (15 / step_h) / 0.7, np.float64)


def sun(peak_kw: float, step_h: float = 1.0) -> Floats:
    """Generation per step of a PV system, kWh, in clouded days."""
    hour = (np.arange(round(DAYS * 24 / step_h)) + 0.5) * step_h
    clear = np.clip(np.sin((hour % 24 - 6) / 12 * np.pi), 0.0, None) ** 1.3
    sky = np.random.default_rng(7).uniform(0.3, 1.0, DAYS)[(hour // 24).astype(int)]
    return np.asarray(peak_kw * clear * sky * step_h, np.float64)


def register(start: float, use: Floats, digits: int = 2) -> Floats:
    """What a faultless register shows, one more than there are steps."""
    return np.round(start + np.concatenate(([0.0], np.cumsum(use))), digits)


def september(use: Floats) -> float:
    """The true use of September."""
    step_h = DAYS * 24 / use.size
    return float(use[round(SEPTEMBER_H[0] / step_h) : round(SEPTEMBER_H[1] / step_h)].sum())


def _uneven(size: int, spread: float) -> Floats:
    return np.random.default_rng(3).uniform(1.0 - spread, 1.0 + spread, size)


@dataclass(frozen=True, slots=True)
class Weighed:
    """A bin's course: gross mass as a good scale shows it, and what was thrown in a step."""

    gross: Floats
    deposits: Floats
    emptied: Ints


def weighed(
    daily_kg: float, tare_kg: float, noise_kg: float = 0.03, step_h: float = 0.5
) -> Weighed:
    """A bin that is filled by day and emptied every morning at six."""
    size = round(DAYS * 24 / step_h)
    clock_h = np.arange(size) * step_h % 24
    rng = np.random.default_rng(11)
    thrown = np.where((clock_h >= 8) & (clock_h < 20), rng.gamma(1.5, 1.0, size), 0.0)
    thrown *= daily_kg / (12 / step_h) / 1.5
    emptied = np.flatnonzero(clock_h == 6)
    level, net = 0.0, np.zeros(size + 1)
    for k in range(size):
        level = thrown[k] if clock_h[k] == 6 else level + thrown[k]
        net[k + 1] = level
    gross = tare_kg + net + noise_kg * rng.standard_normal(size + 1)
    return Weighed(np.round(gross, 3), thrown, emptied)


def meter(name: str, carrier: Carrier = Carrier.ELECTRICITY, **known: object) -> Meter:
    """A meter as registered: nothing is known of it that is not said."""
    quantity = {
        Carrier.ELECTRICITY: "energy_import_kwh",
        Carrier.WATER: "water_m3",
        Carrier.NATURAL_GAS: "gas_m3",
        Carrier.HEAT: "heat_gj",
        Carrier.COOLING: "cooling_gj",
    }[carrier]
    return Meter(
        id=f"m-{name}",
        institution=name,
        carrier=carrier,
        register=quantity,
        **known,  # type: ignore[arg-type]
    )


def inverter(name: str, capacity_kwp: float, interval_s: int = 3600) -> PvSystem:
    return PvSystem(
        id=f"p-{name}", institution=name, capacity_kwp=capacity_kwp, expected_interval_s=interval_s
    )


def bin_(name: str, tare_kg: float, capacity_kg: float | None, interval_s: int = 1800) -> Bin:
    return Bin(
        id=f"b-{name}",
        institution=name,
        stream=WasteStream.RESIDUAL,
        tare_kg=tare_kg,
        capacity_kg=capacity_kg,
        expected_interval_s=interval_s,
    )
