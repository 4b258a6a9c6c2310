"""GET /v1/overview: the figures of the page, as rows that hold until something changes."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.overview.rows import MAIN_NAMES, OverviewRow, month_rows
from api.pages.overview_data import build_overview
from domain.places import Institution
from store.ledger.answers import Value
from store.ledger.sql.ledger import SqlLedger
from store.readings.sqlite import SqliteReadingStore

USE, WATER = "electricity_use_kwh", "water_use_m3"
PLACES = {i: Institution(id=i, name_zh=i, name_en=i) for i in "abc"}


def value(institution: str, name: str, known: float | None, missing: float) -> Value:
    return Value(institution, "2026-09", 1, name, "", known, 1.0 - missing, 0.0, missing)


def of_name(rows: Collection[OverviewRow], name: str) -> OverviewRow:
    (row,) = (r for r in rows if r.name == name)
    return row


def test_a_month_is_as_complete_as_its_main_figures_and_sums_say_of_whom_they_are() -> None:
    values = [
        value("a", USE, 10.0, 0.0),
        value("b", USE, None, 1.0),
        value("a", WATER, 3.0, 0.5),
        value("a", "gross_load_kwh", 99.0, 0.0),
        value("not registered", USE, 1.0, 0.0),
    ]
    assert "gross_load_kwh" not in MAIN_NAMES
    rows = month_rows(values, PLACES, "en")
    known = of_name(rows, "completeness_ratio")
    assert known.value == pytest.approx(0.5) and known.missing_share == pytest.approx(0.5)
    told = (known.institutions, known.institutions_known, known.institutions_registered)
    assert (*told, known.closed) == (2, 1, 3, 2)
    use = of_name(rows, USE)
    assert (use.value, use.institutions, use.institutions_known) == (10.0, 2, 1)
    assert (use.measured_share, use.missing_share) == (0.5, 0.5)


def test_what_nobody_knows_is_no_nought() -> None:
    rows = month_rows([value("a", USE, None, 1.0)], PLACES, "zh")
    assert of_name(rows, USE).value is None
    assert of_name(rows, "completeness_ratio").value == 0.0, "none of its time is known"
    assert month_rows([], PLACES, "zh") == []
    assert month_rows([value("gone", USE, 1.0, 0.0)], PLACES, "zh") == []


def test_a_month_without_main_figures_has_no_completeness() -> None:
    rows = month_rows([value("a", "gross_load_kwh", 1.0, 0.0)], PLACES, "en")
    assert [r.name for r in rows] == ["gross_load_kwh"]


def asked(client: TestClient, **query: Any) -> list[dict[str, Any]]:
    answer = client.get("/v1/overview", params=query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    return found


def numbers(rows: Sequence[dict[str, Any]]) -> dict[tuple[str, str], Any]:
    return {(r["name"], r["subject"]): r["value"] for r in rows}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_it_says_what_the_page_says(
    client: TestClient, shared_sample: tuple[SqliteReadingStore, SqlLedger], lang: str
) -> None:
    ledger = shared_sample[1]
    page = build_overview(ledger, ledger.registry(), lang)
    rows = asked(client, lang=lang)
    names = ("institutions", "months_closed", "restatements_pending", "messages_aside")
    whole = [r for name in names for r in rows if (r["name"], r["subject"]) == (name, "")]
    assert [(f"{r['value']:,.0f}", r["label"]) for r in whole] == [
        (t.value, t.label) for t in page.tiles
    ]
    reasons = {r["subject"]: (r["label"], r["value"]) for r in rows if r["name"] == names[-1]}
    assert reasons.pop("")[1] > 0, "the sample keeps something aside"
    assert reasons == {a.code: (a.reason, a.count) for a in page.aside}
    assert {r["waits"] for r in rows if r["name"] == "messages_aside"} == {True}


def test_its_sums_are_those_of_the_city(client: TestClient) -> None:
    rows = asked(client)
    sums = [r for r in rows if r["month"] and r["name"] != "completeness_ratio"]
    (month,) = {r["month"] for r in sums}
    totals = client.get("/v1/totals").json()
    assert month == max(t["month"] for t in totals), "the last that is over"
    shared = [k for k in totals[0] if k not in ("by", "group")]
    assert [[r[k] for k in shared] for r in sums] == [
        [t[k] for k in shared] for t in totals if t["month"] == month
    ]
    earlier = asked(client, month="2024-02")
    assert {r["month"] for r in earlier} == {None, "2024-02"}
    assert {r["month"] for r in asked(client, month="1999-01")} == {None}
    assert client.get("/v1/overview?month=2024-13").status_code == 422
    assert client.get("/v1/overview?district=1").json()["code"] == "unknown_parameter"


def test_it_is_answered_with_304_until_something_is_signed(
    serve_own: Callable[..., TestClient], own_sample: tuple[SqliteReadingStore, SqlLedger]
) -> None:
    client, ledger = serve_own(), own_sample[1]
    first = client.get("/v1/overview")
    same = {"If-None-Match": first.headers["etag"]}
    again = client.get("/v1/overview", headers=same)
    assert (again.status_code, again.content) == (304, b"")
    in_english = client.get("/v1/overview?lang=en", headers=same)
    assert in_english.status_code == 200
    open_ones = [s for s in ledger.statuses() if s.state == "open"]
    ledger.close(open_ones[0].institution, open_ones[0].month, signed_by="x")
    after = client.get("/v1/overview", headers=same)
    assert after.status_code == 200
    then, now = numbers(first.json()), numbers(after.json())
    assert now["months_closed", ""] == then["months_closed", ""] + 1
    assert now["months_open", ""] == then["months_open", ""] - 1


def test_it_is_described(client: TestClient) -> None:
    operation = client.get("/openapi.json").json()["paths"]["/v1/overview"]["get"]
    assert "总览" in operation["description"] or "总览" in operation["summary"]
    assert {p["name"] for p in operation["parameters"]} >= {"month", "lang", "limit", "offset"}
