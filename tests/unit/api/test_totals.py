"""Sums over institutions: of whom they are, and how much of them is known."""

import pytest
from fastapi.testclient import TestClient

from api.rows.comparisons import total_rows
from domain.places import Institution
from store.ledger.answers import Value

PLACES = {
    i: Institution(id=i, name_zh=i, name_en=i, district_code=d, building_type=k)
    for i, d, k in (("a", "1", "office"), ("b", "1", "school"), ("c", "2", "school"))
}
USE = "electricity_use_kwh"


def value(institution: str, known: float | None, missing: float = 0.0, revision: int = 1) -> Value:
    measured = 1.0 - missing
    return Value(institution, "2026-09", revision, USE, "", known, measured, 0.0, missing)


VALUES = [value("a", 10.0), value("b", None, 1.0, 0), value("c", 5.0, 0.2), value("gone", 99.0)]


def test_groups_add_up_to_the_city() -> None:
    (city,) = total_rows(VALUES, PLACES, "city")
    assert (city.value, city.institutions, city.institutions_known, city.closed) == (15.0, 3, 2, 2)
    assert city.missing_share == pytest.approx(0.4)
    assert city.measured_share == pytest.approx(0.6)
    by_district = {r.group: r.value for r in total_rows(VALUES, PLACES, "district")}
    by_kind = {r.group: r.value for r in total_rows(VALUES, PLACES, "kind")}
    assert by_district == {"1": 10.0, "2": 5.0}
    assert by_kind == {"office": 10.0, "school": 5.0}


def test_what_nobody_knows_is_no_nought() -> None:
    (row,) = total_rows([value("b", None, 1.0)], PLACES, "kind")
    assert (row.value, row.institutions_known, row.institutions) == (None, 0, 1)


def test_over_http_it_is_the_sum_of_what_the_institutions_say(client: TestClient) -> None:
    each = client.get(f"/v1/consumption?name={USE}").json()
    findings = client.get("/v1/findings").json()
    running = {(f["institution"], f["month"]) for f in findings if f["code"] == "month_running"}
    each = [r for r in each if (r["institution"], r["month"]) not in running]
    known = [r for r in each if r["value"] is not None]
    assert len({r["institution"] for r in known}) > 1
    used: dict[str, float] = {}
    for row in known:
        used[row["month"]] = used.get(row["month"], 0.0) + row["value"]
    told = client.get(f"/v1/totals?name={USE}").json()
    assert {r["month"]: r["value"] for r in told if r["value"] is not None} == pytest.approx(used)
    one = known[0]["institution"]
    alone = client.get(f"/v1/totals?name={USE}&institution={one}").json()
    assert {r["institutions"] for r in alone} == {1}


def test_a_name_that_is_not_added_up_is_told(client: TestClient) -> None:
    told = client.get("/v1/totals?name=energy_per_head_kgce&lang=en")
    assert (told.status_code, told.json()["code"]) == (422, "bad_parameter")
    assert "energy_per_head_kgce" in told.json()["detail"] and USE in told.json()["detail"]
