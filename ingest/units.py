"""Units as devices and payload formats write them, and how they become the table's."""

_FACTORS: dict[str, dict[str, float]] = {
    # Unit of the quantity table → unit as sent → how many of the former one of it is.
    "kWh": {
        "Wh": 1e-3,
        "MWh": 1e3,
        "J": 1 / 3.6e6,
        "kJ": 1 / 3.6e3,
        "MJ": 1 / 3.6,
        "GJ": 1 / 3.6e-3,
    },
    "GJ": {"J": 1e-9, "kJ": 1e-6, "MJ": 1e-3, "Wh": 3.6e-6, "kWh": 3.6e-3, "MWh": 3.6},
    "W": {"kW": 1e3, "MW": 1e6, "mW": 1e-3},
    "V": {"mV": 1e-3, "kV": 1e3},
    "A": {"mA": 1e-3},
    "Hz": {"mHz": 1e-3},
    "m³": {"m3": 1.0, "L": 1e-3, "l": 1e-3},
    "kg": {"g": 1e-3, "t": 1e3},
    "mm": {"cm": 10.0, "m": 1e3},
    "1": {"": 1.0, "/": 1.0, "%": 1e-2, "%RH": 1e-2},
    "%": {"%RH": 1.0, "%EL": 1.0, "1": 1e2, "/": 1e2},
    "W/m²": {"W/m2": 1.0, "kW/m²": 1e3, "kW/m2": 1e3},
    "°C": {"C": 1.0, "Cel": 1.0},
}
_OFFSETS: dict[tuple[str, str], tuple[float, float]] = {
    ("K", "°C"): (1.0, -273.15),
    ("°F", "°C"): (5 / 9, -160 / 9),
    ("F", "°C"): (5 / 9, -160 / 9),
}


def conversion(sent: str, wanted: str) -> tuple[float, float] | None:
    """Scale and offset with ``wanted = sent × scale + offset``; None when there is none.

    >>> conversion("Wh", "kWh"), conversion("K", "°C")
    ((0.001, 0.0), (1.0, -273.15))
    >>> conversion("kWh", "m³") is None
    True
    """
    if sent == wanted:
        return 1.0, 0.0
    if (sent, wanted) in _OFFSETS:
        return _OFFSETS[sent, wanted]
    factor = _FACTORS.get(wanted, {}).get(sent)
    return None if factor is None else (factor, 0.0)
