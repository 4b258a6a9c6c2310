"""Grafana panels fed by the InfluxDB data source: raw series, straight from the store.

InfluxQL, because InfluxDB 1.x, 2.x and 3 all speak it. Use is the difference of a register's
last values from interval to interval; a register that fell back shows a gap, no negative use.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

from dashboards.panels.frame import LEGEND, Json
from dashboards.panels.units import grafana_unit
from dashboards.panels.words import Words
from domain.quantities import DeviceClass

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
    def is_use(self) -> bool:
        return self.how == "use"

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


@dataclass(frozen=True, slots=True)
class SeriesPanel:
    """A line, or a bar of use, for each device that reports a quantity."""

    shown: Shown
    words: Words

    width: ClassVar[int] = 12
    height: ClassVar[int] = 8

    @property
    def title(self) -> str:
        title = self.words.quantity(self.shown.quantity)
        return f"{title} · {self.words.say('readings.use')}" if self.shown.is_use else title

    def json(self, panel_id: int, x: int, y: int) -> Json:
        is_use = self.shown.is_use
        return {
            "id": panel_id,
            "type": "timeseries",
            "title": self.title,
            "description": "",
            "datasource": DATASOURCE,
            "gridPos": {"h": self.height, "w": self.width, "x": x, "y": y},
            # Devices report hourly or faster: a shorter interval would show use in every second bar.
            "interval": "1h" if is_use else "1m",
            "fieldConfig": {
                "defaults": {
                    "unit": grafana_unit(self.shown.quantity),
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
                "legend": LEGEND,
                "tooltip": {"mode": "multi", "sort": "desc"},
            },
            "targets": [
                {
                    "refId": "A",
                    "datasource": DATASOURCE,
                    "rawQuery": True,
                    "query": self.shown.influxql,
                    "resultFormat": "time_series",
                    "alias": "$tag_device",
                }
            ],
        }


def tag_choice(name: str, label: str, query: str, **more: object) -> Json:
    """A variable whose options are what a query for tag values finds; `more` replaces settings."""
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
        **more,
    }
