"""The overview dashboard: one institution in depth, and the state of all."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dashboards.panels.infinity import (
    INFINITY,
    TIME_RANGE,
    Column,
    Panel,
    Query,
    bars,
    choice,
    lines,
    override,
    row,
    table,
    total,
)
from dashboards.panels.units import grafana_unit
from domain.carriers import BOARD_USES, EXPORT, uses_of
from domain.figure_names import FIGURE_NAMES
from domain.places import WasteStream

Say = Callable[[str], str]
"""A text of the dashboards in the language being built, by its key."""

_OURS = {"institution": "${institution}", **TIME_RANGE}
_GRID = 24


def overview(lang: str, say: Say) -> dict[str, Any]:
    """The dashboard's JSON (classic model), `lang` being ``zh`` or ``en``."""
    return {
        "uid": f"civicmeter-overview-{lang}",
        "title": say("title"),
        "description": say("description"),
        "tags": ["civicmeter", lang],
        "schemaVersion": 39,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "5m",
        "time": {"from": "now-2y", "to": "now"},
        "timezone": "browser",
        "annotations": {"list": []},
        "links": [],
        "templating": {"list": _variables(lang, say)},
        "panels": _laid_out(
            [
                (say("row.use"), _use(lang)),
                (say("row.cost"), _cost(lang, say)),
                (say("row.savings"), _savings(lang, say)),
                (say("row.pv"), _pv(lang, say)),
                (say("row.waste"), _waste(lang, say)),
                (say("row.quality"), _quality(lang, say)),
                (say("row.all"), _all_institutions(lang, say)),
            ]
        ),
    }


def _laid_out(sections: Sequence[tuple[str, Sequence[Panel]]]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    y = 0
    for title, panels in sections:
        found.append(row(title, len(found) + 1, y))
        x, y, line_height = 0, y + 1, 0
        for panel in panels:
            if x + panel.width > _GRID:
                x, y, line_height = 0, y + line_height, 0
            found.append(panel.json(len(found) + 1, x, y))
            x, line_height = x + panel.width, max(line_height, panel.height)
        y += line_height
    return found


def _variables(lang: str, say: Say) -> list[dict[str, Any]]:
    shown = f"name_{lang}"
    ours = {"institution": "${institution}"}
    source: dict[str, Any] = {
        "name": "datasource",
        "label": say("variable.datasource"),
        "type": "datasource",
        "query": INFINITY,
        "refresh": 1,
        "regex": "",
        "options": [],
        "current": {"text": "Civicmeter", "value": "civicmeter"},
    }
    id_columns = (Column(shown, "name"), Column("id", "id"))
    return [
        source,
        choice("institution", say("variable.institution"), Query("/v1/institutions", id_columns)),
        choice("contract", say("variable.contract"), Query("/v1/contracts", id_columns, ours)),
        choice("pv", say("variable.pv"), Query("/v1/pv-systems", id_columns, ours)),
    ]


def _figure(name: str, lang: str) -> str:
    return FIGURE_NAMES[name].label(lang)


def _number(name: str, lang: str) -> Column:
    """A column that holds the figure `name`, with its meaning and unit from the table."""
    return Column(name, _figure(name, lang), "number", grafana_unit(name))


def _use(lang: str) -> list[Panel]:
    return [
        bars(
            _figure(use.figure, lang),
            Query(
                "/v1/consumption",
                (Column("month", "month"), Column("value", _figure(use.figure, lang), "number")),
                {**_OURS, "name": use.figure, "per": "institution"},
            ),
            unit=grafana_unit(use.figure),
            width=12 // len(uses_of(use.carrier)),
        )
        for use in BOARD_USES
    ]


def _savings(lang: str, say: Say) -> list[Panel]:
    low, high = say("savings.low"), say("savings.high")
    unit = grafana_unit("avoided_energy_kwh")
    band = [
        override(high, custom__fillBelowTo=low, custom__lineWidth=0, custom__showPoints="never"),
        override(low, custom__lineWidth=0, custom__showPoints="never"),
    ]
    panels = []
    for carrier in ("electricity", "natural_gas"):
        of_contract = {**_OURS, "contract": "${contract}", "carrier": carrier}
        columns = (
            Column("start_at", "time", "timestamp"),
            Column("avoided_energy_kwh", _figure("avoided_energy_kwh", lang), "number"),
            Column("avoided_energy_low_kwh", low, "number"),
            Column("avoided_energy_high_kwh", high, "number"),
        )
        panels.append(
            lines(
                f"{_figure('avoided_energy_kwh', lang)} · {say('carrier.' + carrier)}",
                Query("/v1/savings", columns, of_contract),
                unit=unit,
                description=say("savings.note"),
                overrides=band,
            )
        )
    table_columns: tuple[Column, ...] = (
        Column("month", say("column.month")),
        Column("carrier", say("column.carrier")),
        *(_number(n, lang) for n in ("counterfactual_kwh", "observed_kwh", "avoided_energy_kwh")),
        Column("avoided_energy_low_kwh", low, "number", unit),
        Column("avoided_energy_high_kwh", high, "number", unit),
        Column("verdict", say("column.verdict")),
        _share("measured_share", say),
        Column("state", say("column.state")),
        Column("method", say("column.method")),
    )
    query = Query("/v1/savings", table_columns, {**_OURS, "contract": "${contract}"})
    return [*panels, table(say("savings.table"), query, sort_by=say("column.month"))]


def _share(name: str, say: Say) -> Column:
    return Column(name, say(f"column.{name}"), "number", "percentunit")


def _pv(lang: str, say: Say) -> list[Panel]:
    of_system = {**_OURS, "system": "${pv}"}

    def by_month(*names: str, maximum: float | None = None) -> Panel:
        columns = (Column("month", "month"), *(_number(n, lang) for n in names))
        return bars(say(f"pv.{names[0]}"), Query("/v1/pv", columns, of_system), maximum=maximum)

    return [
        by_month("pv_generation_kwh", "pv_self_use_kwh", EXPORT.figure),
        by_month("pv_performance_ratio", "pv_self_use_ratio", "pv_self_sufficiency_ratio"),
    ]


def _stacked(
    title: str, path: str, key: str, figure: str, names: Mapping[str, str], lang: str
) -> Panel:
    """Bars by month, one colour for each value of the column `key` in `names` (value → text)."""
    value = _figure(figure, lang)
    columns = (Column("month", "month"), Column(key, key), Column(figure, value, "number"))
    rows_and_columns = f"month\\{key}"  # what Grafana calls the first column of the matrix
    matrix = {
        "id": "groupingToMatrix",
        "options": {
            "columnField": key,
            "rowField": "month",
            "valueField": value,
            "emptyValue": "null",
        },
    }
    # The total is a row of the answer, too: stacked on its parts it would double them.
    parts = {
        "id": "filterFieldsByName",
        "options": {"include": {"names": [rows_and_columns, *names]}},
    }
    panel = bars(
        title,
        Query(path, columns, _OURS),
        unit=grafana_unit(figure),
        stacked=True,
        overrides=[override(k, displayName=shown) for k, shown in names.items()],
        transformations=[matrix, parts],
    )
    panel.options["xField"] = rows_and_columns
    return panel


def _cost(lang: str, say: Say) -> list[Panel]:
    periods = {p: say(f"period.{p}") for p in ("sharp", "peak", "flat", "valley", "deep_valley")}
    return [
        _stacked(say(f"cost.{what}"), "/v1/costs", "period", figure, periods, lang)
        for what, figure in (("use", "electricity_period_kwh"), ("cost", "electricity_cost_cny"))
    ]


def _waste(lang: str, say: Say) -> list[Panel]:
    streams = {s.value: say(f"stream.{s}") for s in WasteStream}
    figures = (
        "waste_mass_kg",
        "waste_share_ratio",
        "waste_collections_count",
        "waste_bin_coverage_ratio",
    )
    columns = (
        Column("month", say("column.month")),
        Column("stream", say("column.stream")),
        *(_number(n, lang) for n in figures),
        _share("measured_share", say),
    )
    return [
        _stacked(say("waste.by_stream"), "/v1/waste", "stream", "waste_mass_kg", streams, lang),
        table(say("waste.table"), Query("/v1/waste", columns, _OURS), width=12),
    ]


def _quality(lang: str, say: Say) -> list[Panel]:
    shares = [_share(f"{s}_share", say) for s in ("measured", "estimated", "missing")]
    colors = ["green", "yellow", "red"]
    completeness = bars(
        say("quality.completeness"),
        Query("/v1/quality", (Column("month", "month"), *shares), _OURS),
        unit="percentunit",
        stacked=True,
        maximum=1,
        description=say("quality.note"),
        overrides=[
            override(s.text, color={"mode": "fixed", "fixedColor": c})
            for s, c in zip(shares, colors, strict=True)
        ],
    )
    findings = Query(
        "/v1/findings",
        (
            Column("month", say("column.month")),
            Column("severity", say("column.severity")),
            Column("subject", say("column.subject")),
            Column("text", say("column.text")),
        ),
        {**_OURS, "lang": lang},
    )
    devices = Query(
        "/v1/quality/devices",
        (
            Column("month", say("column.month")),
            Column("device", say("column.device")),
            Column(f"device_name_{lang}", say("column.name")),
            _number("readings_expected_count", lang),
            _number("readings_received_count", lang),
            Column("received_share", say("column.received_share"), "number", "percentunit"),
        ),
        _OURS,
    )
    return [
        completeness,
        table(say("quality.findings"), findings, width=12, sort_by=say("column.month")),
        table(say("quality.devices"), devices, sort_by=say("column.month")),
    ]


def _all_institutions(lang: str, say: Say) -> list[Panel]:
    institutions = Query(
        "/v1/institutions",
        (
            Column("id", say("column.institution")),
            Column(f"name_{lang}", say("column.name")),
            Column("origin", say("column.origin")),
            Column("floor_area_m2", say("column.floor_area"), "number"),
            Column("provenance", say("column.provenance")),
        ),
    )
    aside = Query(
        "/v1/aside",
        (
            Column("code", say("column.reason")),
            Column("count", say("column.count"), "number"),
            Column("source", say("column.source")),
            Column("device", say("column.device")),
            Column("last_at", say("column.last_at"), "timestamp"),
            Column("detail", say("column.detail")),
        ),
    )
    count = Query("/v1/aside", (Column("count", say("column.count"), "number"),))
    waiting = Query(
        "/v1/months",
        (
            Column("institution", say("column.institution")),
            Column("month", say("column.month")),
            Column("state", say("column.state")),
            Column("revision", say("column.revision"), "number"),
            Column("computed_at", say("column.computed_at"), "timestamp"),
        ),
        TIME_RANGE,
    )
    return [
        table(say("all.institutions"), institutions, description=say("all.origin_note")),
        total(say("all.aside_count"), count),
        table(say("all.aside"), aside, width=18),
        table(say("all.months"), waiting, sort_by=say("column.month")),
    ]
