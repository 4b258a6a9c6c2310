"""Kinds of public buildings, as numbers the load model works with.

Their load shapes (night to day, rest days to working days, base to peak, weekly profile, weather
response of heating) were set so that they lie within those of the 17 measured Cambridge
buildings; `tests/unit/simulators/devices/building/load_shapes.py` says how. Sizes per m²
follow what Shandong's quotas call usual.
"""

from dataclasses import dataclass

from domain.places import InstitutionKind


@dataclass(frozen=True, kw_only=True)
class Archetype:
    """How a kind of building uses energy and water. All powers are per m² of floor.

    Electricity is split by the first level of the MOHURD guide's items: A lighting and sockets,
    B air conditioning, C power (lifts, pumps, fans), D special uses such as a data room.
    """

    name: str
    building_type: str
    """Letter of the MOHURD guide: A office, D education, E health, G mixed, H other."""
    kind: InstitutionKind
    """By which an institution of such houses is graded."""
    opens_h: float = 8.4
    closes_h: float = 18.0
    """Local hours at which half of the people are there, in the morning and in the evening."""
    come_h: float = 2.0
    leave_h: float = 3.0
    """Hours over which people arrive and leave."""
    rest_day_occupancy: float = 0.2
    lunch_dip: float = 0.06
    night_w_per_m2: float = 3.2
    """Lighting and sockets that never switch off."""
    day_w_per_m2: float = 4.0
    """Lighting and sockets at full occupancy, above the night's."""
    cooling_w_per_m2_c: float = 2.2
    """Air conditioning for each °C of the felt temperature above `cooling_balance_c`."""
    cooling_balance_c: float = 22.0
    aux_heating_w_per_m2_c: float = 0.06
    """Fans, pumps and small heaters for each °C below `heating_balance_c`."""
    heating_balance_c: float = 14.0
    standby_w_per_m2: float = 0.1
    """What the air conditioning takes while it neither cools nor heats."""
    power_w_per_m2: float = 1.2
    special_w_per_m2: float = 0.0
    water_l_per_head_h: float = 4.0
    water_leak_l_per_m2_h: float = 0.004
    heat_loss_w_per_m2_c: float = 1.5
    """Heat needed for each °C between indoors (20 °C by day, 17 °C by night) and outdoors."""
    heat_base_w_per_m2: float = 2.5
    """Heat the pipes and the hot water take in the heating season whatever the weather."""
    meals_gas_m3_per_head: float = 0.0
    """Natural gas a person and working day, burnt around meal times."""
    waste_kg_per_head_day: float = 0.45


OFFICE = Archetype(name="office", building_type="A", kind="office")
SERVICE_HALL = Archetype(
    name="service_hall",
    building_type="A",
    kind="service_centre",
    opens_h=8.3,
    closes_h=17.2,
    come_h=1.2,
    leave_h=1.6,
    rest_day_occupancy=0.22,
    lunch_dip=0.03,
    night_w_per_m2=3.0,
    day_w_per_m2=6.0,
    cooling_w_per_m2_c=2.5,
    water_l_per_head_h=3.0,
)
SCHOOL = Archetype(
    name="school",
    building_type="D",
    kind="school",
    opens_h=7.8,
    closes_h=17.5,
    rest_day_occupancy=0.12,
    lunch_dip=0.15,
    night_w_per_m2=1.5,
    day_w_per_m2=2.6,
    cooling_w_per_m2_c=1.0,
    power_w_per_m2=0.5,
    water_l_per_head_h=2.4,
    waste_kg_per_head_day=0.25,
)
HOSPITAL = Archetype(
    name="hospital",
    building_type="E",
    kind="hospital",
    opens_h=7.2,
    closes_h=20.0,
    come_h=3.0,
    leave_h=4.0,
    rest_day_occupancy=0.8,
    lunch_dip=0.03,
    night_w_per_m2=8.0,
    day_w_per_m2=6.5,
    cooling_w_per_m2_c=2.6,
    power_w_per_m2=2.6,
    special_w_per_m2=2.0,
    water_l_per_head_h=11.0,
    waste_kg_per_head_day=0.9,
)
CANTEEN = Archetype(
    name="canteen",
    building_type="G",
    kind="other",
    opens_h=7.0,
    closes_h=19.0,
    rest_day_occupancy=0.15,
    lunch_dip=-0.25,
    night_w_per_m2=5.5,
    day_w_per_m2=9.0,
    cooling_w_per_m2_c=2.2,
    power_w_per_m2=2.5,
    water_l_per_head_h=6.0,
    meals_gas_m3_per_head=0.13,
    waste_kg_per_head_day=0.55,
)
DATA_ROOM = Archetype(
    name="data_room",
    building_type="H",
    kind="other",
    rest_day_occupancy=0.6,
    lunch_dip=0.0,
    night_w_per_m2=3.0,
    day_w_per_m2=1.5,
    cooling_w_per_m2_c=2.5,
    cooling_balance_c=12.0,
    power_w_per_m2=1.0,
    special_w_per_m2=95.0,
)
ARCHETYPES = {a.name: a for a in (OFFICE, SERVICE_HALL, SCHOOL, HOSPITAL, CANTEEN, DATA_ROOM)}
