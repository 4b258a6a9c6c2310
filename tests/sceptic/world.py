"""An office that is measured, before and after a retrofit: what attacks are made on."""

from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
import pandas as pd

from config.working_days import day_types
from domain.calendar import Month
from domain.figures import Figure
from domain.findings import Finding
from domain.places import Carrier, Contract, Dated, Institution
from processing.savings.doubts.case import Background, MeterEvent, OtherCarrier
from processing.savings.engine import assess, fit_baseline
from processing.savings.figures import savings_figures
from processing.savings.track import SavingsTrack

DAYS = pd.date_range("2024-01-01", "2025-12-31", freq="D")
TYPES = day_types(DAYS.date, "cn")
START = date(2025, 1, 1)
AFTER = pd.Timestamp(START) <= DAYS
TODAY = date(2026, 1, 1)
DECEMBER = Month(2025, 12)
PLACE = Institution(
    "hall",
    "楼",
    "Hall",
    district_code="370502",
    headcount=(Dated(date(2023, 1, 1), 400.0),),
    floor_area_m2=(Dated(date(2023, 1, 1), 12_000.0),),
)
CONTRACT = Contract(
    "c1",
    "hall",
    "改造",
    "Retrofit",
    "shared",
    date(2024, 1, 1),
    START,
    START,
    carriers=(Carrier.ELECTRICITY,),
)
_OFF = np.array([TYPES[d] != "working" for d in DAYS.date])


def weather(seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    course = 13 - 14.5 * np.cos(2 * np.pi * (DAYS.day_of_year.to_numpy() - 20) / 365)
    noise = np.zeros(len(DAYS))
    for k in range(1, len(DAYS)):
        noise[k] = 0.7 * noise[k - 1] + rng.normal(0, 2.2)
    return course + noise


def electricity(t: np.ndarray, seed: int = 2) -> np.ndarray:
    rng = np.random.default_rng(seed)
    level = 1500 - 500 * _OFF + 45 * np.maximum(t - 20, 0) + 8 * np.maximum(12 - t, 0)
    return level * rng.normal(1, 0.03, len(DAYS))


def gas(t: np.ndarray, seed: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (60 + 190 * np.maximum(16 - t, 0) * (1 - 0.2 * _OFF)) * rng.normal(1, 0.04, len(DAYS))


def water(seed: int = 4) -> np.ndarray:
    return (42 - 25 * _OFF) * np.random.default_rng(seed).normal(1, 0.08, len(DAYS))


@dataclass(frozen=True)
class World:
    """What the office's meters and thermometer say; attacks replace parts of it.

    `true_c` is the weather that made the use. `others` are daily uses of other carriers.
    """

    carrier: str
    use: np.ndarray
    said_c: np.ndarray
    others: dict[str, np.ndarray]
    events: tuple[MeterEvent, ...] = ()
    of_use: tuple[Finding, ...] = ()
    peer_c: np.ndarray | None = None
    contract: Contract = CONTRACT
    place: Institution = PLACE
    estimated: np.ndarray = field(default_factory=lambda: np.zeros(len(DAYS)))

    def table(self) -> pd.DataFrame:
        return pd.DataFrame(
            {"use": self.use, "temperature_c": self.said_c, "estimated": self.estimated}, index=DAYS
        )


def office(carrier: str = "electricity", saving: float = 0.0, seed: int = 1) -> World:
    """The office, with a share of the carrier's use saved from the reporting period on."""
    t = weather(seed)
    uses = {
        "electricity": electricity(t, seed + 100),
        "natural_gas": gas(t, seed + 200),
        "water": water(seed + 300),
    }
    own = uses.pop(carrier) * np.where(AFTER, 1 - saving, 1.0)
    contract = replace(CONTRACT, carriers=(Carrier(carrier),))
    return World(carrier, own, t, uses, contract=contract)


def track(world: World) -> SavingsTrack:
    table = world.table()
    baseline = table[table.index < pd.Timestamp(world.contract.baseline_end)]
    model = fit_baseline(baseline, day_types=TYPES, carrier=world.carrier)

    def others() -> list[OtherCarrier]:
        return [_other(name, use, world) for name, use in world.others.items()]

    peer = None if world.peer_c is None else pd.Series(world.peer_c, index=DAYS)
    about = Background(events=world.events, others=others, peer_c=peer, institution=world.place)
    return SavingsTrack(world.contract, world.carrier, model, table, TYPES, background=about)


def _other(name: str, use: np.ndarray, world: World) -> OtherCarrier:
    table = pd.DataFrame({"use": use, "temperature_c": world.said_c}, index=DAYS)
    model = fit_baseline(table[~AFTER], day_types=TYPES, carrier=name)
    return OtherCarrier(name, model, assess(model, table, day_types=TYPES).days[AFTER])


def judged(world: World, month: Month = DECEMBER) -> dict[str, Figure]:
    """The figures of a month by name; by default of the last, when the year is over."""
    made = track(world)
    found = savings_figures(made, made.assessment(month, world.of_use), month, TODAY)
    return {f.name: f for f in found}


def year(world: World) -> Figure:
    """The yearly claim."""
    return judged(world)["avoided_energy_year_to_date_kwh"]


def serious(figure: Figure) -> set[str]:
    return {f.code for f in figure.findings if f.severity == "serious"}
