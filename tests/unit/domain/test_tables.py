import re

from domain.figures.names import FIGURE_NAMES
from domain.quality import QUALITIES
from domain.quantities import QUANTITIES

UNIT_ENDINGS = {
    "kwh": "kWh",
    "w": "W",
    "v": "V",
    "a": "A",
    "ratio": "1",
    "hz": "Hz",
    "m3": "m³",
    "gj": "GJ",
    "w_per_m2": "W/m²",
    "c": "°C",
    "pct": "%",
    "kg": "kg",
    "mm": "mm",
    "count": "1",
    "kgce": "kgce",
    "kwh_per_kwp": "kWh/kWp",
    "h": "h",
    "kgce_per_m2": "kgce/m²",
}


def test_every_quantity_ends_in_its_unit() -> None:
    for quantity in QUANTITIES.values():
        assert any(
            quantity.name.endswith(f"_{ending}") and unit == quantity.unit
            for ending, unit in UNIT_ENDINGS.items()
        ), quantity


def test_every_name_people_see_is_there_in_both_languages() -> None:
    for row in (*QUANTITIES.values(), *FIGURE_NAMES.values(), *QUALITIES.values()):
        assert re.search(r"[一-鿿]", row.zh), row
        assert row.en and not re.search(r"[一-鿿]", row.en), row


def test_names_are_unique_across_the_tables() -> None:
    assert not set(QUANTITIES) & set(FIGURE_NAMES)
