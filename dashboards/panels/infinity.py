"""Grafana panels as plain dictionaries, fed by the Infinity data source from the API.

Infinity's backend parser is used throughout: only it works with alerts and shared dashboards.
``${__timeFrom}`` and ``${__timeTo}`` are filled in by the data source itself, in milliseconds.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from dashboards.panels.frame import Json

INFINITY = "yesoreyeram-infinity-datasource"
DATASOURCE = {"type": INFINITY, "uid": "${datasource}"}
TIME_RANGE = {"start": "${__timeFrom}", "end": "${__timeTo}"}
OURS = {"institution": "${institution}", **TIME_RANGE}
"""The chosen institution in the time shown."""

ColumnType = Literal["string", "number", "timestamp"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of an answer: the row's field, the text shown for it, its type and unit."""

    selector: str
    text: str
    type: ColumnType = "string"
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Query:
    """A GET of the API: path, parameters (Grafana variables allowed) and the columns used."""

    path: str
    columns: Sequence[Column]
    parameters: Mapping[str, str] = field(default_factory=dict)

    def target(self, ref_id: str = "A") -> Json:
        return {
            "refId": ref_id,
            "datasource": DATASOURCE,
            "type": "json",
            "source": "url",
            "format": "table",
            "parser": "backend",
            "root_selector": "",
            "url": self.path,
            "url_options": {
                "method": "GET",
                "data": "",
                "params": [{"key": k, "value": v} for k, v in self.parameters.items()],
            },
            "columns": [
                {"selector": c.selector, "text": c.text, "type": c.type} for c in self.columns
            ],
            "filters": [],
        }


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel fed by a query; `kind` is Grafana's panel type."""

    kind: str
    title: str
    query: Query
    width: int
    height: int
    description: str = ""
    unit: str = ""
    options: Json = field(default_factory=dict)
    custom: Json = field(default_factory=dict)
    defaults: Json = field(default_factory=dict)
    overrides: Sequence[Json] = ()
    transformations: Sequence[Json] = ()

    def json(self, panel_id: int, x: int, y: int) -> Json:
        defaults: Json = {"custom": self.custom, **self.defaults}
        if self.unit:
            defaults["unit"] = self.unit
        return {
            "id": panel_id,
            "type": self.kind,
            "title": self.title,
            "description": self.description,
            "datasource": DATASOURCE,
            "gridPos": {"h": self.height, "w": self.width, "x": x, "y": y},
            "fieldConfig": {
                "defaults": defaults,
                "overrides": [*_unit_overrides(self.query.columns), *self.overrides],
            },
            "options": self.options,
            "targets": [self.query.target()],
            "transformations": list(self.transformations),
        }


def _unit_overrides(columns: Iterable[Column]) -> list[Json]:
    return [override(c.text, unit=c.unit) for c in columns if c.unit]


def override(column: str, **properties: Any) -> Json:
    """Field settings of one column by the name it is shown under."""
    return {
        "matcher": {"id": "byName", "options": column},
        "properties": [{"id": k.replace("__", "."), "value": v} for k, v in properties.items()],
    }


def choice(name: str, label: str, query: Query) -> Json:
    """A variable whose options are rows of the API: the first column shown, the second used."""
    target = query.target("variable")
    for column, role in zip(target["columns"], ("__text", "__value"), strict=True):
        column["text"] = role
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": DATASOURCE,
        "query": {
            "queryType": "infinity",
            "refId": "variable",
            "query": "",
            "infinityQuery": target,
        },
        "definition": query.path,
        "refresh": 1,
        "sort": 1,
        "multi": False,
        "includeAll": False,
        "options": [],
        "current": {},
    }
