"""The generated dashboards: reproducible, well-formed, and every query answered by the real API."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from config.texts import text, texts
from dashboards.build import GENERATED, dashboards, file_text, write
from dashboards.panels.infinity import INFINITY
from dashboards.panels.influx import INFLUXDB
from dashboards.panels.units import grafana_unit
from domain.calendar import to_ms
from domain.figures.names import FIGURE_NAMES
from domain.quantities import QUANTITIES
from tests import api_sample
from tests.local_client import local_client

Json = dict[str, Any]
BUILT = dashboards(lambda key, lang: text("dashboards", key, lang))
VARIABLES = {
    "institution": api_sample.CAMPUS,
    "contract": "dy-saving",
    "pv": "dy-pv",
    "__timeFrom": str(to_ms(api_sample.NOW) - 730 * 86_400_000),
    "__timeTo": str(to_ms(api_sample.NOW)),
}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    store, ledger = api_sample.open_sample(tmp_path_factory.mktemp("sample"))
    with local_client(create_app(store=store, ledger=ledger, now=lambda: api_sample.NOW)) as made:
        yield made
    store.close()
    ledger.close_connections()


def queries(dashboard: Json) -> Iterator[tuple[str, Json]]:
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            yield f"variable {variable['name']}", variable["query"]["infinityQuery"]
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            yield f"panel {panel['title']}", target


CASES = [
    pytest.param(query, id=f"{name}: {what}")
    for name, dashboard in BUILT.items()
    if name.startswith("overview")
    for what, query in queries(dashboard)
]


def filled(value: str) -> str:
    return re.sub(r"\$\{(\w+)\}", lambda m: VARIABLES[m[1]], value)


def test_the_files_in_the_repository_are_those_the_code_makes() -> None:
    assert {p.name for p in GENERATED.glob("*.json")} == BUILT.keys()
    for name, dashboard in BUILT.items():
        assert (GENERATED / name).read_text(encoding="utf-8") == file_text(dashboard), (
            f"{name} is not what the code makes: run `civicmeter dashboards build`"
        )


def test_writing_elsewhere(tmp_path: Path) -> None:
    paths = write(tmp_path / "new", lambda key, lang: text("dashboards", key, lang))
    assert [json.loads(p.read_text(encoding="utf-8"))["uid"] for p in paths] == [
        "civicmeter-overview-zh",
        "civicmeter-overview-en",
        "civicmeter-readings-zh",
        "civicmeter-readings-en",
    ]


@pytest.mark.parametrize("query", CASES)
def test_the_api_answers_every_query_with_the_columns_it_names(
    client: TestClient, query: Json
) -> None:
    assert query["parser"] == "backend"
    assert query["url"].startswith("/v1/")
    parameters = [(p["key"], filled(p["value"])) for p in query["url_options"]["params"]]
    answer = client.get(query["url"], params=parameters)
    assert answer.status_code == 200, answer.text
    rows = answer.json()
    operation = client.app.openapi()["paths"][query["url"]]["get"]  # type: ignore[attr-defined]
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]["items"]["$ref"]
    fields = client.app.openapi()["components"]["schemas"][schema.rpartition("/")[2]]["properties"]  # type: ignore[attr-defined]
    for column in query["columns"]:
        assert column["selector"] in fields
        for row in rows:
            assert _fits(row[column["selector"]], column["type"]), (column, row)
    known = {p["name"] for p in operation["parameters"]}
    assert {key for key, _ in parameters} <= known


def _fits(value: object, kind: str) -> bool:
    if kind == "number":
        return value is None or isinstance(value, int | float)
    if kind == "timestamp":
        return isinstance(value, str) and value.endswith("Z")
    return isinstance(value, str) or value is None


def test_the_sample_shows_something_in_almost_every_panel(client: TestClient) -> None:
    """Guards against queries that are answered but can never hold anything."""
    empty = [
        what
        for what, query in queries(BUILT["overview-en.json"])
        if not client.get(
            query["url"],
            params=[(p["key"], filled(p["value"])) for p in query["url_options"]["params"]],
        ).json()
    ]
    # The sample has neither gas nor heat.
    assert set(empty) == {
        "panel Natural gas use",
        "panel Natural gas use (energy)",
        "panel Heat use",
        "panel Avoided energy · natural gas",
    }


@pytest.mark.parametrize("dashboard", BUILT.values(), ids=BUILT)
def test_panels_are_whole_and_do_not_overlap(dashboard: Json) -> None:
    panels = dashboard["panels"]
    assert len({p["id"] for p in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells
        for override in panel.get("fieldConfig", {}).get("overrides", []):
            assert override["properties"], panel["title"]
    names = {v["name"] for v in dashboard["templating"]["list"]}
    used = set(re.findall(r"\$\{(\w+)[:}]", json.dumps(dashboard)))
    used = {u.partition(":")[0] for u in used}
    assert used <= names | {"__timeFrom", "__timeTo"}


@pytest.mark.parametrize("dashboard", BUILT.values(), ids=BUILT)
def test_no_data_source_is_named_by_number_or_by_name(dashboard: Json) -> None:
    for panel in dashboard["panels"]:
        if panel["type"] != "row":
            kind = INFINITY if "overview" in dashboard["uid"] else INFLUXDB
            assert panel["datasource"] == {"type": kind, "uid": "${datasource}"}
            assert panel["targets"][0]["datasource"] == panel["datasource"]


def test_the_table_of_savings_shows_the_interval_and_the_verdict() -> None:
    (table,) = (
        p
        for p in BUILT["overview-en.json"]["panels"]
        if p["type"] == "table" and p["targets"][0]["url"] == "/v1/savings"
    )
    shown = {c["selector"] for c in table["targets"][0]["columns"]}
    assert shown >= {
        "avoided_energy_low_kwh",
        "avoided_energy_high_kwh",
        "verdict",
        "state",
        "method",
    }


def test_both_languages_ask_the_same_questions() -> None:
    def asked(name: str) -> list[Any]:
        return [
            (q["url"], [p for p in q["url_options"]["params"] if p["key"] != "lang"])
            for _, q in queries(BUILT[name])
        ]

    assert asked("overview-zh.json") == asked("overview-en.json")
    chinese = json.dumps(BUILT["overview-zh.json"], ensure_ascii=False)
    assert "Electricity use" not in chinese


def test_every_text_is_used() -> None:
    used: set[str] = set()

    def say(key: str, lang: str) -> str:
        used.add(key)
        return key

    dashboards(say)
    assert used == set(texts("dashboards"))


@pytest.mark.parametrize("name", [*FIGURE_NAMES, *QUANTITIES])
def test_every_name_has_a_grafana_unit(name: str) -> None:
    assert grafana_unit(name)


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("electricity_use_kwh", "kwatth"),
        ("water_use_m3", "m3"),
        ("heat_use_gj", "suffix:GJ"),
        ("pv_self_use_ratio", "percentunit"),
        ("waste_collections_count", "short"),
        ("outdoor_temperature_mean_c", "celsius"),
        ("pv_power_w", "watt"),
        ("waste_mass_kg", "suffix:kg"),
        ("electricity_cost_cny", "currency:¥"),
    ],
)
def test_units_are_grafanas(name: str, unit: str) -> None:
    assert grafana_unit(name) == unit
