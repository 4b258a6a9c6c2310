"""The one table of quantities: it feeds decoders, line protocol, API docs and panel units."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["measurement", "total_increasing"]
DeviceClass = Literal["meter", "pv", "bin", "weather"]


@dataclass(frozen=True, slots=True)
class Quantity:
    """One thing a device can report.

    `kind` is ``measurement`` (a state at an instant) or ``total_increasing`` (a register
    that only grows; use over a time is the difference of two readings). `unit` is written
    for people; the name's ending says the same in ASCII. Outside of which limits a value is no
    reading is in `config/tables/limits.toml`.
    """

    name: str
    unit: str
    kind: Kind
    zh: str
    en: str


def _register(name: str, unit: str, zh: str, en: str) -> Quantity:
    return Quantity(name, unit, "total_increasing", zh, en)


def _state(name: str, unit: str, zh: str, en: str) -> Quantity:
    return Quantity(name, unit, "measurement", zh, en)


_ALL = (
    _register("energy_import_kwh", "kWh", "正向有功电能示数", "Active energy import register"),
    _register("energy_export_kwh", "kWh", "反向有功电能示数", "Active energy export register"),
    _state("power_w", "W", "有功功率", "Active power"),
    *(
        _state(f"voltage_{p}_v", "V", f"{p.upper()} 相电压", f"Voltage, phase {p.upper()}")
        for p in "abc"
    ),
    *(
        _state(f"current_{p}_a", "A", f"{p.upper()} 相电流", f"Current, phase {p.upper()}")
        for p in "abc"
    ),
    _state("power_factor_ratio", "1", "功率因数", "Power factor"),
    _state("frequency_hz", "Hz", "频率", "Frequency"),
    _register("water_m3", "m³", "水表示数", "Water register"),
    _register("gas_m3", "m³", "燃气表示数", "Natural gas register"),
    _register("gas_kwh", "kWh", "燃气热量示数", "Natural gas register, in energy"),
    _register("heat_gj", "GJ", "热量表示数", "Heat register"),
    _register("cooling_gj", "GJ", "冷量表示数", "Cooling register"),
    _register("pv_energy_kwh", "kWh", "光伏发电量示数", "PV generation register"),
    _state("pv_power_w", "W", "光伏交流功率", "PV AC power"),
    _state(
        "irradiance_w_per_m2", "W/m²", "太阳辐照度", "Irradiance (in the plane of the array for PV)"
    ),
    _state("module_temperature_c", "°C", "组件温度", "PV module temperature"),
    _state("outdoor_temperature_c", "°C", "室外温度", "Outdoor temperature"),
    _state("relative_humidity_pct", "%", "相对湿度", "Relative humidity"),
    _state("mass_kg", "kg", "毛重", "Gross mass on the bin's scale"),
    _state("fill_level_ratio", "1", "满溢度", "Fill level, 0 empty to 1 full"),
    _state("distance_mm", "mm", "测距", "Distance from sensor to waste"),
    _state("bin_temperature_c", "°C", "桶内温度", "Temperature in the bin"),
    _state("battery_pct", "%", "电池电量", "Battery charge"),
    _register("lid_open_count", "1", "开盖次数", "Lid openings"),
    _register("inspection_correct_count", "1", "检查正确件数", "Correctly sorted items found"),
    _register("inspection_total_count", "1", "检查总件数", "Items inspected"),
)

QUANTITIES: dict[str, Quantity] = {q.name: q for q in _ALL}
