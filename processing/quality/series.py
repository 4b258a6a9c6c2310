"""Which quantities of a device figures are computed from."""

from domain.carriers import EXPORT
from domain.places import AnyDevice, Carrier, Meter

_REGISTERS_OF_BIN = ("inspection_correct_count", "inspection_total_count")
_OF_PV = ("pv_energy_kwh", "pv_power_w", "irradiance_w_per_m2", "module_temperature_c")
MAIN_SERIES: dict[str, tuple[str, ...]] = {
    "pv": ("pv_energy_kwh", "pv_power_w"),
    "bin": ("mass_kg",),
    "weather": ("outdoor_temperature_c",),
}
"""By which a device is known to report: the first of them that it has."""

WARMTH, SUN = "outdoor_temperature_c", "irradiance_w_per_m2"
OF_WEATHER = (WARMTH, SUN)
_OF_CLASS = {"pv": _OF_PV, "bin": ("mass_kg", *_REGISTERS_OF_BIN), "weather": OF_WEATHER}


def quantities_of(device: AnyDevice) -> tuple[str, ...]:
    """The quantities of a device that figures are computed from; none of a virtual meter."""
    if not isinstance(device, Meter):
        return _OF_CLASS[device.device_class]
    if device.formula:
        return ()
    if device.carrier is Carrier.ELECTRICITY:
        return tuple(dict.fromkeys((device.register, EXPORT.register)))
    return (device.register,)
