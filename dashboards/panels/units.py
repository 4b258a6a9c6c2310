"""Grafana's unit ids for the units of the domain's tables."""

from domain.figure_names import FIGURE_NAMES
from domain.quantities import QUANTITIES

_GRAFANA = {
    "kWh": "kwatth",
    "W": "watt",
    "V": "volt",
    "A": "amp",
    "Hz": "hertz",
    "m³": "m3",
    "CNY": "currency:¥",
    "°C": "celsius",
    "%": "percent",
    "mm": "lengthmm",
    "W/m²": "Wm2",
}


def grafana_unit(name: str) -> str:
    """The unit id of a figure name or quantity; shares and ratios show as per cent.

    Units Grafana has no id for (GJ, kgce, kWh/kWp …) become its custom ``suffix:`` units; so do
    kg and h, because its own would turn tonnes into Mg and 166 h into days.
    Raises KeyError for a name in neither table.
    """
    unit = (FIGURE_NAMES.get(name) or QUANTITIES[name]).unit
    if unit == "1":
        return "percentunit" if "ratio" in name else "short"
    return _GRAFANA.get(unit, f"suffix:{unit}")
