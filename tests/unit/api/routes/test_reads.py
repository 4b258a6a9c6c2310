"""The read endpoints: flat rows, filters, evidence, pages."""

from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.rows.months import change_rows
from api.rows.standing import StandingResult
from domain.calendar import Month
from domain.figures import Shares
from domain.findings import Finding
from store.ledger.port import MonthStatus
from store.ledger.sql.ledger import SqlLedger
from store.readings.sqlite import SqliteReadingStore
from tests import api_sample
from tests.api_sample import CAMPUS, HALL

LISTS = [
    "/v1/institutions",
    "/v1/buildings",
    "/v1/meters",
    "/v1/pv-systems",
    "/v1/bins",
    "/v1/weather-stations",
    "/v1/contracts",
    "/v1/quantities",
    "/v1/figure-names",
    "/v1/figures",
    "/v1/days",
    "/v1/factors",
    "/v1/consumption",
    "/v1/consumption/days",
    "/v1/savings",
    "/v1/pv",
    "/v1/waste",
    "/v1/indicators",
    "/v1/quality",
    "/v1/findings",
    "/v1/aside",
    "/v1/months",
    "/v1/reports",
    "/v1/series/list",
    "/v1/series/latest",
    "/v1/costs",
    "/v1/quality/devices",
    "/v1/quality/board",
    "/v1/comparisons",
    "/v1/survey",
    "/v1/overview",
]
EVIDENCE = {
    "measured_share",
    "estimated_share",
    "missing_share",
    "method",
    "origin",
    "state",
    "revision",
}


def rows(client: TestClient, path: str, **query: Any) -> list[dict[str, Any]]:
    answer = client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("path", LISTS)
def test_every_list_is_a_flat_array_of_rows(client: TestClient, path: str) -> None:
    found = rows(client, path)
    assert found, "the sample holds something for every list"
    for row in found:
        assert all(not isinstance(v, dict | list) for v in row.values()), row
        assert row.keys() == found[0].keys()


@pytest.mark.parametrize(
    "path",
    ["/v1/figures", "/v1/consumption", "/v1/savings", "/v1/pv", "/v1/waste", "/v1/indicators"],
)
def test_every_result_carries_its_evidence(client: TestClient, path: str) -> None:
    for row in rows(client, path):
        assert row.keys() >= EVIDENCE
        assert row["method"]
        shares = [row[f"{s}_share"] for s in ("measured", "estimated", "missing")]
        assert sum(shares) == pytest.approx(1)


def test_a_value_that_is_not_known_is_null_and_never_zero(client: TestClient) -> None:
    (water, *_) = rows(client, "/v1/consumption", carrier="water", institution=CAMPUS)
    assert water["value"] is None
    assert water["missing_share"] == 1
    day = rows(client, "/v1/consumption/days", institution=CAMPUS, start="2024-02", end="2024-03")[
        2
    ]
    assert (day["value"], day["quality"]) == (None, "missing")
    (pv, *_) = rows(client, "/v1/pv")
    assert pv["pv_self_use_kwh"] is None


def test_the_end_of_an_interval_of_months_is_excluded(client: TestClient) -> None:
    found = rows(client, "/v1/consumption", start="2024-02", end="2024-03", institution=CAMPUS)
    assert {r["month"] for r in found} == {"2024-02"}


def test_an_instant_means_the_months_that_overlap_in_the_institutions_own_time(
    client: TestClient,
) -> None:
    # 2024-02-29T20:00Z is already March in Dongying, still February in Cambridge.
    from_ms = "1709236800000"
    months = {
        i: [r["month"] for r in rows(client, "/v1/months", institution=i, start=from_ms)]
        for i in (CAMPUS, HALL)
    }
    assert months == {CAMPUS: ["2024-03", "2024-04"], HALL: ["2024-02", "2024-03"]}
    months = {
        i: [r["month"] for r in rows(client, "/v1/months", institution=i, end=from_ms)]
        for i in (CAMPUS, HALL)
    }
    assert months == {CAMPUS: ["2024-02", "2024-03"], HALL: ["2024-02"]}


def test_months_begin_at_local_midnight(client: TestClient) -> None:
    found = {
        r["institution"]: r for r in rows(client, "/v1/months", start="2024-02", end="2024-03")
    }
    assert found[CAMPUS]["start_at"] == "2024-01-31T16:00:00Z"
    assert found[HALL]["start_at"] == "2024-02-01T00:00:00Z"


def test_use_is_told_per_institution_or_per_meter(client: TestClient) -> None:
    def subjects(per: str) -> set[str]:
        return {r["subject"] for r in rows(client, "/v1/consumption", per=per, institution=CAMPUS)}

    assert subjects("institution") == {""}
    assert subjects("meter") == {"dy-main", "dy-water"}
    assert subjects("all") == {"", "dy-main", "dy-water"}


def test_savings_come_with_their_interval_and_the_nominal_one(client: TestClient) -> None:
    (saving,) = rows(client, "/v1/savings", start="2024-02", end="2024-03")
    assert saving["contract"] == "dy-saving"
    assert saving["carrier"] == "electricity"
    assert saving["avoided_energy_kwh"] == 1500
    assert (saving["avoided_energy_low_kwh"], saving["avoided_energy_high_kwh"]) == (-200, 3200)
    assert saving["avoided_energy_nominal_low_kwh"] == 900
    assert saving["verdict"] == "not_proven"
    assert rows(client, "/v1/savings", carrier="natural_gas") == []
    assert rows(client, "/v1/savings", contract="other") == []


def test_a_closed_month_stands_as_signed_while_a_restatement_waits(client: TestClient) -> None:
    (saving,) = rows(client, "/v1/savings", start="2024-03", end="2024-04")
    assert saving["avoided_energy_kwh"] == 1500
    assert (saving["state"], saving["revision"]) == ("restatement_pending", 1)
    changes = rows(client, f"/v1/months/{CAMPUS}/2024-03/restatement")
    avoided = next(c for c in changes if c["name"] == "avoided_energy_kwh")
    assert (avoided["standing_value"], avoided["pending_value"], avoided["change"]) == (
        1500,
        1400,
        -100,
    )
    assert rows(client, f"/v1/months/{CAMPUS}/2024-02/restatement") == []


def test_whatever_differs_in_a_signature_is_among_the_changes() -> None:
    signed = api_sample.campus_month(Month(2024, 3))
    status = MonthStatus(
        institution=CAMPUS,
        month=signed.month,
        state="restatement_pending",
        revision=1,
        digest="",
        computed_at=api_sample.NOW,
    )
    standing = StandingResult(api_sample.registry().institution_by_id[CAMPUS], signed, status)
    assert change_rows(standing, replace(signed, figures=signed.figures[::-1])) == []
    main = ("electricity_use_kwh", "dy-main")
    told = Finding("reading_corrected", "info", "dy-main", {"count": 1})
    first = replace(signed.figures[0], findings=(told,), shares=Shares(0.8, 0.14, 0.06))
    (evidence,) = change_rows(standing, replace(signed, figures=(first, *signed.figures[1:])))
    assert (evidence.name, evidence.subject) == main
    assert evidence.change == 0
    assert (evidence.standing_findings, evidence.pending_findings) == (
        "api_test",
        "reading_corrected",
    )
    assert (evidence.standing_measured_share, evidence.pending_measured_share) == (0.9, 0.8)
    days = tuple(replace(d, value=1.0) if d.day.day < 3 and d.subject else d for d in signed.days)
    (by_day,) = change_rows(standing, replace(signed, days=days))
    assert (by_day.name, by_day.subject, by_day.days_changed) == (*main, 2)
    (month,) = change_rows(standing, replace(signed, findings=(told,)))
    assert (month.name, month.pending_findings) == ("", "reading_corrected")
    (gone,) = change_rows(standing, replace(signed, figures=signed.figures[1:]))
    assert (gone.name, gone.subject, gone.pending_value) == (*main, None)


def test_revisions_stay_readable(client: TestClient) -> None:
    (revision,) = rows(client, f"/v1/months/{CAMPUS}/2024-02/revisions")
    assert (revision["number"], revision["signed_by"]) == (1, "Li")
    figures = rows(client, f"/v1/months/{CAMPUS}/2024-02/revisions/1")
    assert {f["name"] for f in figures} >= {"avoided_energy_kwh", "waste_mass_kg"}
    assert {(f["state"], f["revision"]) for f in figures} == {("closed", 1)}
    assert client.get(f"/v1/months/{CAMPUS}/2024-02/revisions/2").status_code == 404
    assert client.get(f"/v1/months/{CAMPUS}/2019-02/revisions").status_code == 404


def test_waste_is_told_by_stream_and_in_total(client: TestClient) -> None:
    found = {r["stream"]: r for r in rows(client, "/v1/waste", start="2024-02", end="2024-03")}
    assert found.keys() == {"food", "total"}
    assert found["food"]["waste_collections_count"] == 9
    bounds = [found["food"][f"waste_sorting_accuracy{k}_ratio"] for k in ("", "_low", "_high")]
    assert bounds == [0.9, 0.85, 0.93]
    assert found["total"]["waste_sorting_accuracy_ratio"] is None
    assert found["total"]["waste_bin_coverage_ratio"] == 1


def test_quality_counts_what_is_known_of_a_month(client: TestClient) -> None:
    (month,) = rows(client, "/v1/quality", institution=CAMPUS, start="2024-02", end="2024-03")
    # Use of two meters, generation, and one stream's mass: 0.9 + 0 + 1 + 1 over four.
    assert month["measured_share"] == pytest.approx(2.9 / 4)
    assert month["figures_without_value"] == 2
    assert (month["findings_serious"], month["findings_warning"]) == (1, 1)


def test_findings_without_a_text_show_their_code(client: TestClient) -> None:
    found = rows(client, "/v1/findings", institution=CAMPUS, severity="serious")
    assert {f["text"] for f in found} == {"api_test_month"}


def test_pv_exports_at_the_meter_it_feeds(client: TestClient) -> None:
    (pv, *_) = rows(client, "/v1/pv")
    assert (pv["system"], pv["electricity_export_kwh"]) == ("dy-pv", 800)


def test_costs_by_tariff_period(client: TestClient) -> None:
    found = {r["period"]: r for r in rows(client, "/v1/costs", start="2024-02", end="2024-03")}
    assert found["peak"]["electricity_period_kwh"] == 9000
    assert (found["total"]["electricity_cost_cny"], found["total"]["electricity_period_kwh"]) == (
        27_300,
        None,
    )


def test_what_came_of_what_was_expected(client: TestClient) -> None:
    found = {
        r["device"]: r for r in rows(client, "/v1/quality/devices", start="2024-02", end="2024-03")
    }
    assert found["dy-main"]["received_share"] == 0.95
    # Nothing expected, or nothing known to have come: no share can be said.
    assert found["dy-water"]["received_share"] is None


def test_more_than_fits_in_memory_is_refused(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.standing_results.MAX_DAY_MONTHS", 2)
    answer = client.get("/v1/days?limit=4999")  # not one that was answered before
    assert (answer.status_code, answer.json()["code"]) == (422, "too_many_months")
    assert len(rows(client, "/v1/days", start="2024-02", end="2024-03")) > 0


def test_factors_are_dated_and_sourced(client: TestClient) -> None:
    (factor, *_) = rows(client, "/v1/factors")
    assert (factor["value"], factor["unit"], factor["valid_from"]) == (
        0.641,
        "kgCO₂/kWh",
        "2022-01-01",
    )


def test_kept_aside_names_the_institution_where_it_is_known(client: TestClient) -> None:
    found = rows(client, "/v1/aside")
    assert [(a["code"], a["count"], a["institution"]) for a in found] == [
        ("future_time", 3, CAMPUS),
        ("unknown_device", 1, ""),
    ]
    assert [a["code"] for a in rows(client, "/v1/aside", institution=CAMPUS)] == ["future_time"]
    assert rows(client, "/v1/aside", institution=HALL) == []


def test_pages_are_cut_and_say_where_the_next_is(client: TestClient) -> None:
    whole = rows(client, "/v1/days")
    collected: list[dict[str, Any]] = []
    path: str | None = "/v1/days?limit=70"
    while path:
        answer = client.get(path)
        assert answer.headers["X-Total-Count"] == str(len(whole))
        collected += answer.json()
        link = answer.headers.get("Link", "")
        path = link.partition(">")[0].removeprefix("<") or None
    assert collected == whole


def test_raw_readings_of_an_interval(client: TestClient) -> None:
    found = rows(
        client,
        "/v1/series",
        device="dy-main",
        quantity="energy_import_kwh",
        start="2024-04-09T00:00:00Z",
        end="2024-04-09T03:00:00Z",
    )
    assert [r["value"] for r in found] == [1000.0, 1002.5, 1005.0]
    assert found[0]["at"] == "2024-04-09T00:00:00Z"
    assert found[0]["unit"] == "kWh"


def test_an_interval_with_too_many_readings_is_refused(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is there counts, not what was expected: a device may report every second."""
    asked = {"device": "dy-main", "quantity": "energy_import_kwh", "start": "1990-01-01"}
    known = len(rows(client, "/v1/series", **asked))
    assert known > 20
    monkeypatch.setattr("api.routes.series.MAX_READINGS", known)
    assert client.get("/v1/series", params=asked).status_code == 200
    monkeypatch.setattr("api.routes.series.MAX_READINGS", known - 1)
    answer = client.get("/v1/series", params=asked)
    assert (answer.status_code, answer.json()["code"]) == (422, "too_much")
    assert f"{known - 1}" in answer.json()["detail"]


def test_more_values_than_fit_in_memory_are_refused_before_they_are_read(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = len(rows(client, "/v1/figures", institution=CAMPUS))
    monkeypatch.setattr("api.standing_results.MAX_VALUES", values)
    # What others have does not count against who asks for little.
    assert len(rows(client, "/v1/figures", institution=CAMPUS)) == values
    monkeypatch.setattr("api.standing_results.MAX_VALUES", 3)
    monkeypatch.setattr(SqlLedger, "results", None)
    for path in ("figures", "days", "consumption", "quality", "findings", "comparisons"):
        answer = client.get(f"/v1/{path}?limit=4999")  # not one that was answered before
        assert (answer.status_code, answer.json()["code"]) == (422, "too_many_values"), path


def test_series_know_their_reach(client: TestClient) -> None:
    found = rows(client, "/v1/series/list", institution=HALL)
    assert [(s["device"], s["readings"], s["device_class"]) for s in found] == [
        ("b7-elec", 24, "meter")
    ]


def test_latest_readings(client: TestClient) -> None:
    (latest,) = rows(client, "/v1/series/latest", device="b7-elec")
    assert (latest["at"], latest["value"]) == ("2024-04-09T23:00:00Z", 1057.5)
    assert {r["device"] for r in rows(client, "/v1/series/latest")} == {"b7-elec", "dy-main"}
    assert {r["device"] for r in rows(client, "/v1/series/latest", institution=HALL)} == {"b7-elec"}
    assert rows(client, "/v1/series/latest", institution=HALL, device="dy-main") == []


def test_health_is_told_to_whoever_asks_only_for_the_head(client: TestClient) -> None:
    assert client.head("/healthz").status_code == client.head("/readyz").status_code == 200


def test_dated_numbers_hold_as_of_today(client: TestClient) -> None:
    campus = next(i for i in rows(client, "/v1/institutions") if i["id"] == CAMPUS)
    assert (campus["floor_area_m2"], campus["headcount"]) == (12_000, 310)
    main = next(m for m in rows(client, "/v1/meters") if m["id"] == "dy-main")
    assert main["multiplier"] == 40


def test_answers_are_compressed_where_the_reader_takes_it(client: TestClient) -> None:
    answer = client.get("/v1/days", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.json()


def test_only_the_page_of_the_series_is_counted(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counting reads whole series: years of a city's take minutes."""
    every = rows(client, "/v1/series/list")
    asked: list[Any] = []
    count = SqliteReadingStore.series

    def counted(store: SqliteReadingStore, only: Any = None) -> Any:
        asked.append(only)
        return count(store, only)

    monkeypatch.setattr(SqliteReadingStore, "series", counted)
    answer = client.get("/v1/series/list?limit=1&offset=1")
    assert answer.json() == every[1:2]
    assert answer.headers["X-Total-Count"] == str(len(every))
    assert [len(only) for only in asked] == [1]
