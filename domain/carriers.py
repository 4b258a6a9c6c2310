"""What is metered: one row for each register, with all that depends on which it is.

Consumption, contracts, indicators, heating, the survey form, the API, reports, dashboards and
the simulators read it from here; nobody else spells the figure of a carrier's use.
"""

from dataclasses import dataclass
from typing import Literal

from domain.places import Carrier
from domain.quantities import QUANTITIES

Heating = Literal["always", "never", "maybe"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metered:
    """A register of a carrier and the figure that its difference over a month is.

    `outward`: it counts what is given away, which is no use. `colour` is that of its charts,
    ``#rrggbb``. `board` is its place on dashboards and in the tables of the command line; 0:
    it is not there. `surveyed`: it is what the national survey form wants of its carrier.

    Of energy, `coal`, `quota_coal` and `co2` name the dated factors (see
    `config/tables/factors.toml`) by which it becomes standard coal in the national set, standard
    coal in the Shandong quota set, and CO₂ (of electricity followed by the place); "" where a set
    has none. `heating`: whether it heats.
    """

    carrier: Carrier
    register: str
    figure: str
    outward: bool = False
    colour: str = ""
    board: int = 0
    surveyed: bool = False
    coal: str = ""
    quota_coal: str = ""
    co2: str = ""
    heating: Heating = "never"

    @property
    def unit(self) -> str:
        """Of its register and its figure, as people write it."""
        return QUANTITIES[self.register].unit

    @property
    def is_energy(self) -> bool:
        return bool(self.coal)


ELECTRICITY = Metered(
    carrier=Carrier.ELECTRICITY,
    register="energy_import_kwh",
    figure="electricity_use_kwh",
    colour="#2563eb",
    board=1,
    surveyed=True,
    coal="standard_coal.national.electricity",
    quota_coal="standard_coal.shandong.electricity",
    co2="co2.electricity",
    heating="maybe",
)
EXPORT = Metered(
    carrier=Carrier.ELECTRICITY,
    register="energy_export_kwh",
    figure="electricity_export_kwh",
    outward=True,
)
GAS_VOLUME = Metered(
    carrier=Carrier.NATURAL_GAS,
    register="gas_m3",
    figure="natural_gas_use_m3",
    colour="#d97706",
    board=3,
    surveyed=True,
    coal="standard_coal.national.natural_gas",
    quota_coal="standard_coal.shandong.natural_gas",
    co2="co2.natural_gas",
    heating="maybe",
)
GAS_ENERGY = Metered(
    carrier=Carrier.NATURAL_GAS,
    register="gas_kwh",
    figure="natural_gas_use_kwh",
    colour="#d97706",
    board=2,
    coal="standard_coal.national.gas_energy",
    quota_coal="standard_coal.shandong.natural_gas",
    co2="co2.natural_gas",
    heating="maybe",
)
WATER = Metered(
    carrier=Carrier.WATER,
    register="water_m3",
    figure="water_use_m3",
    colour="#0891b2",
    board=4,
    surveyed=True,
)
HEAT = Metered(
    carrier=Carrier.HEAT,
    register="heat_gj",
    figure="heat_use_gj",
    colour="#dc2626",
    board=5,
    surveyed=True,
    coal="standard_coal.national.heat",
    quota_coal="standard_coal.shandong.heat",
    co2="co2.heat",
    heating="always",
)
COOLING = Metered(
    carrier=Carrier.COOLING,
    register="cooling_gj",
    figure="cooling_use_gj",
    colour="#7c3aed",
    coal="standard_coal.national.heat",
    co2="co2.heat",
)

METERED = (ELECTRICITY, EXPORT, GAS_VOLUME, GAS_ENERGY, WATER, HEAT, COOLING)
"""Every row, in the order in which people see them."""

USES = tuple(m for m in METERED if not m.outward)
"""What is used: each row but what is given away."""

FIGURE_OF_REGISTER = {m.register: m.figure for m in METERED}
"""The figure that a register's difference is."""

USE_OF_FIGURE = {m.figure: m for m in USES}
"""The row of a figure of use."""

ENERGY_USES = {m.figure: m for m in USES if m.is_energy}
"""Those of energy."""

ENERGY_CARRIERS = frozenset(m.carrier for m in ENERGY_USES.values())
"""The carriers whose use is energy."""

SURVEYED = {m.carrier.value: m.figure for m in USES if m.surveyed}
"""The figure that the national survey form wants of a carrier."""

BOARD_USES = tuple(sorted((m for m in USES if m.board), key=lambda m: m.board or 0))
"""The uses on dashboards and in the tables of the command line, in their order there."""


def uses_of(carrier: Carrier) -> tuple[Metered, ...]:
    """The ways in which a carrier's use is metered; gas has two."""
    return tuple(m for m in USES if m.carrier is carrier)
