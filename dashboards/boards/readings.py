"""The readings dashboard: raw series of one institution, straight from InfluxDB.

InfluxQL, because InfluxDB 1.x, 2.x and 3 all speak it. Use is the difference of a register's
last values from interval to interval; a register that fell back shows a gap, no negative use.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from dashboards.panels.infinity import Json, row
from dashboards.panels.units import grafana_unit
from domain.quantities import QUANTITIES, DeviceClass

INFLUXDB = "influxdb"
DATASOURCE = {"type": INFLUXDB, "uid": "${datasource}"}
_FILTER = '"institution" = \'${institution}\' AND "device" =~ /^${device:regex}$/ AND $timeFilter'


@dataclass(frozen=True, slots=True)
class Shown:
    """A quantity of a device class: ``use`` of a register, or ``mean`` or ``last`` of a state."""

    device_class: DeviceClass
    quantity: str
    how: Literal["use", "mean", "last"]

    @property
    def influxql(self) -> str:
        chosen = {
            "use": f'non_negative_difference(last("{self.quantity}"))',
            "mean": f'mean("{self.quantity}")',
            "last": f'last("{self.quantity}")',
        }[self.how]
        return (
            f'SELECT {chosen} FROM "{self.device_class}" WHERE {_FILTER} '
            'GROUP BY time($__interval), "device" fill(none)'
        )


SECTIONS: dict[str, tuple[Shown, ...]] = {
    "meters": (
        Shown("meter", "energy_import_kwh", "use"),
        Shown("meter", "power_w", "mean"),
        Shown("meter", "water_m3", "use"),
        Shown("meter", "gas_kwh", "use"),
        Shown("meter", "gas_m3", "use"),
        Shown("meter", "heat_gj", "use"),
    ),
    "pv": (
        Shown("pv", "pv_energy_kwh", "use"),
        Shown("pv", "pv_power_w", "mean"),
        Shown("pv", "irradiance_w_per_m2", "mean"),
        Shown("pv", "module_temperature_c", "mean"),
    ),
    "bins": (
        Shown("bin", "mass_kg", "last"),
        Shown("bin", "fill_level_ratio", "last"),
        Shown("bin", "battery_pct", "last"),
        Shown("bin", "bin_temperature_c", "last"),
    ),
    "weather": (
        Shown("weather", "outdoor_temperature_c", "mean"),
        Shown("weather", "relative_humidity_pct", "mean"),
    ),
}


def readings(lang: str, say: Callable[[str], str]) -> dict[str, Any]:
    """The dashboard's JSON (classic model), `lang` being ``zh`` or ``en``."""
    return {
        "uid": f"civicmeter-readings-{lang}",
        "title": say("readings.title"),
        "description": say("readings.description"),
        "tags": ["civicmeter", lang],
        "schemaVersion": 39,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "1m",
        "time": {"from": "now-7d", "to": "now"},
        "timezone": "browser",
        "annotations": {"list": []},
        "links": [],
        "templating": {"list": _variables(say)},
        "panels": _panels(lang, say),
    }


def _panels(lang: str, say: Callable[[str], str]) -> list[Json]:
    found: list[Json] = []
    y = 0
    for section, shown in SECTIONS.items():
        found.append(row(say(f"readings.{section}"), len(found) + 1, y))
        for i, one in enumerate(shown):
            place = {"h": 8, "w": 12, "x": 12 * (i % 2), "y": y + 1 + 8 * (i // 2)}
            found.append(_panel(one, len(found) + 1, place, lang, say))
        y += 1 + 8 * ((len(shown) + 1) // 2)
    return found


def _panel(shown: Shown, panel_id: int, place: Json, lang: str, say: Callable[[str], str]) -> Json:
    quantity = QUANTITIES[shown.quantity]
    title = quantity.zh if lang == "zh" else quantity.en
    if shown.how == "use":
        title = f"{title} · {say('readings.use')}"
    is_use = shown.how == "use"
    return {
        "id": panel_id,
        "type": "timeseries",
        "title": title,
        "description": "",
        "datasource": DATASOURCE,
        "gridPos": place,
        # Devices report hourly or faster: a shorter interval would show use in every second bar.
        "interval": "1h" if is_use else "1m",
        "fieldConfig": {
            "defaults": {
                "unit": grafana_unit(shown.quantity),
                "custom": {
                    "drawStyle": "bars" if is_use else "line",
                    "fillOpacity": 60 if is_use else 0,
                    "lineWidth": 1,
                    "showPoints": "auto",
                    "spanNulls": False,
                },
            },
            "overrides": [],
        },
        "options": {
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
        "targets": [
            {
                "refId": "A",
                "datasource": DATASOURCE,
                "rawQuery": True,
                "query": shown.influxql,
                "resultFormat": "time_series",
                "alias": "$tag_device",
            }
        ],
    }


def _variables(say: Callable[[str], str]) -> Sequence[Json]:
    classes = '"meter", "pv", "bin", "weather"'
    return [
        {
            "name": "datasource",
            "label": say("variable.datasource"),
            "type": "datasource",
            "query": INFLUXDB,
            "refresh": 1,
            "regex": "",
            "options": [],
            "current": {"text": "Civicmeter readings", "value": "civicmeter-readings"},
        },
        _choice(
            "institution",
            say("variable.institution"),
            f'SHOW TAG VALUES FROM {classes} WITH KEY = "institution"',
        ),
        {
            **_choice(
                "device",
                say("variable.device"),
                f'SHOW TAG VALUES FROM {classes} WITH KEY = "device" '
                "WHERE \"institution\" = '${institution}'",
            ),
            "multi": True,
            "includeAll": True,
            "allValue": ".*",
            "current": {"text": ["All"], "value": ["$__all"]},
        },
    ]


def _choice(name: str, label: str, query: str) -> Json:
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": DATASOURCE,
        "query": query,
        "definition": query,
        "refresh": 2,
        "sort": 1,
        "regex": "",
        "multi": False,
        "includeAll": False,
        "options": [],
        "current": {},
    }
