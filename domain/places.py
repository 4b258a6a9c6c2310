"""Institutions, buildings and the devices that watch them."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import ClassVar, Literal

from domain.calendar import DEFAULT_TIMEZONE
from domain.operating import OperatingSpell
from domain.quantities import DeviceClass

Origin = Literal["measured", "simulated", "live"]
"""Where an institution's data comes from: replayed measurements, a simulation, or devices."""

CalendarName = Literal["cn", "weekdays", "gb"]
"""Whose working days count: China's with make-up days, plainly Monday to Friday, or England's."""


InstitutionKind = Literal[
    "",
    "office",
    "hospital",
    "university",
    "school",
    "library",
    "museum",
    "theatre",
    "sports_hall",
    "science_hall",
    "service_centre",
    "other",
]
"""What an institution is, by which it is graded; empty: not registered."""

Level = Literal["", "province", "city", "county", "III", "II", "I"]
"""Whose an office or venue is (county: every level below a city), or the grade of a hospital."""

HeatSource = Literal["", "district_heat", "air_conditioning", "gas_or_oil"]
"""What heats; district heat is metered."""


class Carrier(StrEnum):
    """What a meter meters; the class codes of the MOHURD guide are in `config`."""

    ELECTRICITY = "electricity"
    WATER = "water"
    NATURAL_GAS = "natural_gas"
    HEAT = "heat"
    COOLING = "cooling"


class WasteStream(StrEnum):
    """The four streams of GB/T 19095-2019."""

    RECYCLABLE = "recyclable"
    FOOD = "food"
    HAZARDOUS = "hazardous"
    RESIDUAL = "residual"


@dataclass(frozen=True, slots=True)
class Dated:
    """A number that holds from a local day on, until a later one replaces it."""

    valid_from: date
    value: float


def value_on(history: tuple[Dated, ...], day: date) -> float | None:
    """The value that holds on `day`, or None before the first."""
    valid = [d for d in history if d.valid_from <= day]
    return max(valid, key=lambda d: d.valid_from).value if valid else None


@dataclass(frozen=True, slots=True)
class Institution:
    """A public institution: what is reported, compared and paid for.

    `building_type` is the MOHURD letter (A office … H other); `heating_season` is
    ((month, day) of its start, (month, day) of its end, excluded) or None.

    By `kind`, `level` and `heat_source` its quotas are chosen. `headcount` is people using energy,
    as the survey counts them; what follows it is counted as the quotas do: `staff` on post, in or
    out of establishment; `intern_months` (interns × months) and `outpatients` a year; of a school
    `day_pupils` and `boarders`, of a university `students` enrolled and `foreign_students`.
    """

    id: str
    name_zh: str
    name_en: str
    building_type: str = "A"
    origin: Origin = "live"
    timezone: str = DEFAULT_TIMEZONE
    calendar: CalendarName = "cn"
    weather_device: str = ""
    credit_code: str = ""
    district_code: str = ""
    floor_area_m2: tuple[Dated, ...] = ()
    headcount: tuple[Dated, ...] = ()
    kind: InstitutionKind = ""
    level: Level = ""
    heat_source: HeatSource = ""
    heated_area_m2: tuple[Dated, ...] = ()
    staff: tuple[Dated, ...] = ()
    beds: tuple[Dated, ...] = ()
    bed_occupancy_ratio: tuple[Dated, ...] = ()
    outpatients: tuple[Dated, ...] = ()
    intern_months: tuple[Dated, ...] = ()
    day_pupils: tuple[Dated, ...] = ()
    boarders: tuple[Dated, ...] = ()
    students: tuple[Dated, ...] = ()
    foreign_students: tuple[Dated, ...] = ()
    heating_season: tuple[tuple[int, int], tuple[int, int]] | None = None
    provenance: str = ""
    provenance_zh: str = ""
    in_service_until: date | None = None
    """The local day from which it is no longer watched: none of its devices is in service."""
    operation: tuple[OperatingSpell, ...] = ()
    """Its own calendar beside that of working days, in the order of the days."""

    def name(self, lang: str) -> str:
        return self.name_zh if lang == "zh" else self.name_en

    def provenance_in(self, lang: str) -> str:
        """Where replayed or simulated data comes from; in English where Chinese is not given."""
        return (self.provenance_zh if lang == "zh" else "") or self.provenance


@dataclass(frozen=True, slots=True)
class Building:
    """A building of an institution; its latitude and longitude in degrees."""

    id: str
    institution: str
    name_zh: str
    name_en: str
    floor_area_m2: float | None = None
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """Anything that reports. `expected_interval_s` is how often, for completeness.

    `in_service_from` is the local day from which it has to report: from then on its silence is
    missing data. None: from its first reading on. `in_service_until` is the local day from which
    it is out of service, excluded like every end: from then on its silence is no missing data,
    and what it still says counts for nothing. None: it goes on. `gateway` is the account that
    speaks for it, where it does not speak itself.
    """

    device_class: ClassVar[DeviceClass]

    id: str
    institution: str
    building: str = ""
    name_zh: str = ""
    name_en: str = ""
    expected_interval_s: int = 3600
    in_service_from: date | None = None
    in_service_until: date | None = None
    gateway: str = ""


@dataclass(frozen=True, slots=True)
class Swap:
    """A replaced meter: the old register's last and the new one's first value at one instant.

    `at_ms` as in Reading. `final` None: nobody wrote it down.
    """

    at_ms: int
    final: float | None
    initial: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter(Device):
    """A meter with a register.

    `register` is the quantity of its main register. Use = register difference × `multiplier`
    (CT/PT ratio, dated). `register_size` is the value at which the register starts again at 0
    (None: never). `parent` is the meter upstream; a meter without one is a main meter and
    counts toward the institution. `max_rate_per_h` is the most the branch can carry, in the
    register's unit per hour after the multiplier. `item_code` is the MOHURD energy-item code.
    `swaps` are the replacements of the meter under the same id. A two-way meter has a register of
    its own for what it exports: `export_swaps` are that register's values at the replacements;
    its multiplier, size and rate are the main register's where no others are given. A `formula` ((meter, factor), …)
    makes it a virtual meter: its use is the sum of other meters' use times the factors; it is
    never a main meter.
    """

    device_class: ClassVar[DeviceClass] = "meter"

    carrier: Carrier
    register: str
    parent: str = ""
    item_code: str = ""
    multiplier: tuple[Dated, ...] = ()
    register_size: float | None = None
    max_rate_per_h: float | None = None
    swaps: tuple[Swap, ...] = ()
    formula: tuple[tuple[str, float], ...] = ()
    export_multiplier: tuple[Dated, ...] = ()
    export_register_size: float | None = None
    export_max_rate_per_h: float | None = None
    export_swaps: tuple[Swap, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PvSystem(Device):
    """A rooftop PV system behind an inverter.

    `capacity_kwp` is P0 at standard test conditions; `gamma_per_c` the power temperature
    coefficient (1/°C, negative); `grid_meter` the meter whose export register is fed by it.
    """

    device_class: ClassVar[DeviceClass] = "pv"

    capacity_kwp: float
    gamma_per_c: float = -0.0037
    grid_meter: str = ""
    latitude: float | None = None
    longitude: float | None = None
    tilt_deg: float | None = None
    azimuth_deg: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin(Device):
    """A smart bin of one stream. Net mass = gross − `tare_kg`; fill needs `depth_mm`."""

    device_class: ClassVar[DeviceClass] = "bin"

    stream: WasteStream
    tare_kg: float = 0.0
    capacity_kg: float | None = None
    depth_mm: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WeatherStation(Device):
    """A weather station: outdoor temperature, humidity, irradiance."""

    device_class: ClassVar[DeviceClass] = "weather"


def service_until(device: Device, institution: Institution) -> date | None:
    """The local day from which a device is out of service: its own, or its institution's where
    that comes first; None: it goes on."""
    days = [d for d in (device.in_service_until, institution.in_service_until) if d is not None]
    return min(days, default=None)


AnyDevice = Meter | PvSystem | Bin | WeatherStation
DEVICE_TYPES: dict[str, type[AnyDevice]] = {
    "meter": Meter,
    "pv": PvSystem,
    "bin": Bin,
    "weather": WeatherStation,
}


MeasureKind = Literal[
    "lighting",
    "hvac_control",
    "chiller",
    "boiler",
    "heat_pump",
    "envelope",
    "motors",
    "hot_water",
    "pv",
    "operation",
    "whole_building",
    "other",
]
"""What a measure is, by which its saving is judged plausible (`plausible_savings.toml`)."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure of a contract. `finished_on` is the local day from which it saves."""

    finished_on: date
    kind: MeasureKind
    carrier: Carrier | None = None
    """The carrier it saves; None: whatever carriers it touches."""
    note: str = ""

    def is_about(self, carrier: str) -> bool:
        """Whether it may save this carrier."""
        return self.carrier is None or self.carrier.value == carrier


@dataclass(frozen=True, slots=True)
class Term:
    """An agreed term of payment as people write it; `domain.contracts.written` has what there is.

    `of` is what it is about, such as a contract year, a carrier or a month; `valid_from` the local
    day from which it holds, None: from the beginning. `value` is a word or a decimal number.
    """

    name: str
    value: str
    of: str = ""
    valid_from: date | None = None


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract for energy savings (GB/T 24915-2020) or a savings project without a vendor.

    Periods are local days, half-open; `reporting_end` None means it runs on. `carriers` are
    those whose avoided energy counts. `confidence` is the level of the interval by which a
    saving is called proven. `option` is that of IPMVP: C measures the whole facility by its main
    meters, B (retrofit isolation) the equipment by the meters in `meters`, virtual ones too.
    `claim` is how it is settled: once a year, at `confidence`, or month by month, each at a level
    that allows for twelve looks a year. `measures` are what was done, with their days.
    """

    id: str
    institution: str
    name_zh: str
    name_en: str
    form: Literal["shared", "guaranteed", "entrusted", "none"]
    baseline_start: date
    baseline_end: date
    reporting_start: date
    reporting_end: date | None = None
    carriers: tuple[Carrier, ...] = (Carrier.ELECTRICITY,)
    confidence: float = 0.90
    vendor: str = ""
    terms: dict[str, object] = field(default_factory=dict)
    option: Literal["B", "C"] = "C"
    meters: tuple[str, ...] = ()
    claim: Literal["yearly", "monthly"] = "yearly"
    measures: tuple[Measure, ...] = ()
    expected_saving_ratio: float | None = None
    """The share of a year's use that is expected to be saved; None: nobody said."""
    payment_terms: tuple[Term, ...] = ()
    """All contracts of a bundle say the same."""

    @property
    def bundle(self) -> str:
        """What it is proven together with: the contracts with the same `bundle` in their terms, of
        whatever institutions; else itself alone."""
        return str(self.terms.get("bundle") or self.id)

    @property
    def boundary(self) -> str:
        """What is measured: the meters of the equipment, sorted and joined by ``+``; empty for
        the whole facility."""
        return "+".join(sorted(self.meters))
