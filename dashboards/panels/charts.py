"""Kinds of panels by what they look like: bars, lines, tables and big numbers, fed by Infinity."""

from collections.abc import Mapping, Sequence

from dashboards.panels import columns
from dashboards.panels.frame import LEGEND, Json
from dashboards.panels.infinity import OURS, Column, Panel, Query, override
from dashboards.panels.units import grafana_unit
from dashboards.panels.words import Words


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
    category: str = "",
) -> Panel:
    """Bars by month: the first column is the category, unless it is made by a transformation."""
    return Panel(
        "barchart",
        title,
        query,
        width,
        8,
        description,
        unit,
        options={
            "xField": category or query.columns[0].text,
            "stacking": "normal" if stacked else "none",
            "showValue": "never",
            "xTickLabelRotation": -45,
            "legend": LEGEND,
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
            "legend": LEGEND,
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


def stacked_bars(
    words: Words, title: str, path: str, key: str, figure: str, names: Mapping[str, str]
) -> Panel:
    """Bars by month, one colour for each value of the column `key` in `names` (value → text)."""
    value = columns.unitless(words, figure)
    rows_and_columns = f"month\\{key}"  # what Grafana calls the first column of the matrix
    matrix = {
        "id": "groupingToMatrix",
        "options": {
            "columnField": key,
            "rowField": "month",
            "valueField": value.text,
            "emptyValue": "null",
        },
    }
    # The total is a row of the answer, too: stacked on its parts it would double them.
    parts = {
        "id": "filterFieldsByName",
        "options": {"include": {"names": [rows_and_columns, *names]}},
    }
    return bars(
        title,
        Query(path, (columns.MONTH, Column(key, key), value), OURS),
        unit=grafana_unit(figure),
        stacked=True,
        overrides=[override(k, displayName=shown) for k, shown in names.items()],
        transformations=[matrix, parts],
        category=rows_and_columns,
    )
