"""Grafana panels as plain dictionaries, fed by the Infinity data source from the API.

Infinity's backend parser is used throughout: only it works with alerts and shared dashboards.
``${__timeFrom}`` and ``${__timeTo}`` are filled in by the data source itself, in milliseconds.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

INFINITY = "yesoreyeram-infinity-datasource"
DATASOURCE = {"type": INFINITY, "uid": "${datasource}"}
TIME_RANGE = {"start": "${__timeFrom}", "end": "${__timeTo}"}

Json = dict[str, Any]
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
    """A panel without its place; `kind` is Grafana's panel type."""

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


def bars(
    title: str,
    query: Query,
    *,
    width: int = 12,
    unit: str = "",
    stacked: bool = False,
    description: str = "",
    maximum: float | None = None,
    overrides: Sequence[Json] = (),
    transformations: Sequence[Json] = (),
) -> Panel:
    """Bars by month: the first column is the category."""
    return Panel(
        "barchart",
        title,
        query,
        width,
        8,
        description,
        unit,
        options={
            "xField": query.columns[0].text,
            "stacking": "normal" if stacked else "none",
            "showValue": "never",
            "xTickLabelRotation": -45,
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
            "tooltip": {"mode": "multi", "sort": "none"},
        },
        custom={"fillOpacity": 75, "lineWidth": 1},
        defaults={} if maximum is None else {"min": 0, "max": maximum},
        overrides=overrides,
        transformations=transformations,
    )


def lines(
    title: str,
    query: Query,
    *,
    width: int = 12,
    unit: str = "",
    description: str = "",
    overrides: Sequence[Json] = (),
) -> Panel:
    """Lines over time; a missing value leaves a gap."""
    return Panel(
        "timeseries",
        title,
        query,
        width,
        9,
        description,
        unit,
        options={
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
            "tooltip": {"mode": "multi", "sort": "none"},
        },
        custom={
            "drawStyle": "line",
            "lineWidth": 2,
            "showPoints": "always",
            "pointSize": 6,
            "spanNulls": False,
        },
        overrides=overrides,
    )


def table(
    title: str,
    query: Query,
    *,
    width: int = 24,
    height: int = 8,
    description: str = "",
    overrides: Sequence[Json] = (),
    sort_by: str = "",
) -> Panel:
    """A table; times are shown in the reader's own zone."""
    return Panel(
        "table",
        title,
        query,
        width,
        height,
        description,
        options={
            "showHeader": True,
            "cellHeight": "sm",
            "sortBy": [{"displayName": sort_by, "desc": True}] if sort_by else [],
        },
        custom={"align": "auto", "filterable": True},
        overrides=overrides,
    )


def total(title: str, query: Query, *, width: int = 6, description: str = "") -> Panel:
    """One big number: the sum of the query's only column; without rows it is 0."""
    return Panel(
        "stat",
        title,
        query,
        width,
        4,
        description,
        "short",
        options={
            "reduceOptions": {"calcs": ["sum"], "fields": "", "values": False},
            "colorMode": "value",
            "graphMode": "none",
        },
        defaults={
            "noValue": "0",
            "thresholds": {
                "mode": "absolute",
                "steps": [{"color": "green", "value": None}, {"color": "orange", "value": 1}],
            },
        },
    )


def row(title: str, panel_id: int, y: int) -> Json:
    """A heading between panels."""
    return {
        "id": panel_id,
        "type": "row",
        "title": title,
        "collapsed": False,
        "panels": [],
        "gridPos": {"h": 1, "w": 24, "x": 0, "y": y},
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
