"""What every dashboard has around its panels: its frame, its rows and its first variable."""

from collections.abc import Sequence
from typing import Any, Protocol

from dashboards.panels.words import Words

Json = dict[str, Any]
_GRID = 24
"""Columns of Grafana's grid."""
LEGEND: Json = {"displayMode": "list", "placement": "bottom", "showLegend": True}


class Panel(Protocol):
    """A panel without its place; sizes in Grafana's grid."""

    @property
    def width(self) -> int: ...

    @property
    def height(self) -> int: ...

    def json(self, panel_id: int, x: int, y: int) -> Json:
        """The panel at its place."""
        ...


Section = tuple[str, Sequence[Panel]]
"""A heading and the panels under it."""


def board(
    name: str,
    words: Words,
    *,
    title: str,
    description: str,
    refresh: str,
    since: str,
    variables: Sequence[Json],
    sections: Sequence[Section],
) -> Json:
    """A dashboard's JSON (classic model); it shows the time from `since` on."""
    return {
        "uid": f"civicmeter-{name}-{words.lang}",
        "title": title,
        "description": description,
        "tags": ["civicmeter", words.lang],
        "schemaVersion": 39,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "refresh": refresh,
        "time": {"from": since, "to": "now"},
        "timezone": "browser",
        "annotations": {"list": []},
        "links": [],
        "templating": {"list": list(variables)},
        "panels": _laid_out(sections),
    }


def data_source(words: Words, kind: str, name: str, uid: str) -> Json:
    """The variable that says which data source of a kind is asked; `name` unless chosen."""
    return {
        "name": "datasource",
        "label": words.say("variable.datasource"),
        "type": "datasource",
        "query": kind,
        "refresh": 1,
        "regex": "",
        "options": [],
        "current": {"text": name, "value": uid},
    }


def _laid_out(sections: Sequence[Section]) -> list[Json]:
    found: list[Json] = []
    y = 0
    for title, panels in sections:
        found.append(_row(title, len(found) + 1, y))
        x, y, line_height = 0, y + 1, 0
        for panel in panels:
            if x + panel.width > _GRID:
                x, y, line_height = 0, y + line_height, 0
            found.append(panel.json(len(found) + 1, x, y))
            x, line_height = x + panel.width, max(line_height, panel.height)
        y += line_height
    return found


def _row(title: str, panel_id: int, y: int) -> Json:
    """A heading between panels."""
    return {
        "id": panel_id,
        "type": "row",
        "title": title,
        "collapsed": False,
        "panels": [],
        "gridPos": {"h": 1, "w": 24, "x": 0, "y": y},
    }
