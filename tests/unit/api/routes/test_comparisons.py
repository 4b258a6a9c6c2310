"""Comparisons, quotas, peers and the survey form: JSON, and the page of an institution's month."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from domain.calendar import Month, months_between
from domain.figures import FactorUse, Figure, MonthResult, Shares
from domain.findings import Finding
from domain.places import Dated, Institution
from domain.registry import Registry
from store.ledger.sql.ledger import SqlLedger
from store.readings.sqlite import SqliteReadingStore
from tests.local_client import local_client

SINCE = date(2020, 1, 1)
LAST = Month(2025, 1)
WHOLE, PART = Shares(1.0, 0.0, 0.0), Shares(0.9, 0.02, 0.08)
COAL = FactorUse("coal_x", 0.31, "kgce/kWh", "made up here", date(2019, 1, 1))


def place(n: int, kind: str = "A") -> Institution:
    return Institution(
        id=f"i{n}",
        name_zh=f"局{n}",
        name_en=f"Bureau {n}",
        building_type=kind,
        district_code="370502",
        credit_code="12370500MB2345678X",
        floor_area_m2=(Dated(SINCE, 1000.0),),
        headcount=(Dated(SINCE, 50.0),),
        kind="office" if kind == "A" else "service_centre",
        level="city",
        staff=(Dated(SINCE, 50.0),),
    )


def result(institution: str, month: Month, scale: float) -> MonthResult:
    def figure(name: str, value: float | None, **more: object) -> Figure:
        return Figure(name=name, value=value, method="m/1", **{"shares": WHOLE, **more})  # type: ignore[arg-type]

    odd = Finding("use_estimated", "info", "", {"estimated_pct": 2.0})
    return MonthResult(
        institution=institution,
        month=month,
        figures=(
            figure("electricity_use_kwh", 3000.0 * scale + 10 * month.month, findings=(odd,)),
            figure("water_use_m3", 40.0),
            figure("natural_gas_use_m3", 100.0, shares=PART),
            figure("energy_per_area_kgce_per_m2", 1.5 * scale, factors=(COAL,)),
            figure("energy_per_head_kgce", None, shares=Shares.none()),
        ),
    )


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("comparisons")
    ledger = SqlLedger(f"sqlite:///{folder / 'ledger.db'}")
    places = [*(place(n) for n in range(1, 7)), place(7, "E")]
    ledger.save_registry(Registry(institutions=tuple(places)))
    for month in months_between(Month(2024, 1), LAST.plus(1)):
        for n, p in enumerate(places, start=1):
            if n == 1 or month == LAST:
                ledger.save_result(result(p.id, month, float(n)))
    runs = Finding("month_running", "info", "", {"days": 14.0, "of": 28})
    ledger.save_result(replace(result("i1", LAST.plus(1), 1490 / 3000), findings=(runs,)))
    store = SqliteReadingStore(folder / "readings.db")
    yield local_client(create_app(store=store, ledger=ledger))
    store.close()
    ledger.close_connections()


MONTH = {"start": "2025-01", "end": "2025-02"}


def test_last_month_and_last_year_come_with_the_month(client: TestClient) -> None:
    rows = client.get("/v1/comparisons", params={**MONTH, "institution": "i1"}).json()
    power = next(r for r in rows if r["name"] == "electricity_use_kwh")
    assert (power["value"], power["month_before"], power["year_before"]) == (3010, 3120, 3010)
    assert power["month_change_ratio"] == pytest.approx(-110 / 3120)
    assert power["year_change_ratio"] == 0
    gas = next(r for r in rows if r["name"] == "natural_gas_use_m3")
    assert gas["month_before"] == 100 and gas["month_change_ratio"] is None, "too incomplete"
    assert {r["month"] for r in rows} == {"2025-01"}


def test_a_running_month_says_that_it_is_not_compared(client: TestClient) -> None:
    asked = {"start": "2025-02", "end": "2025-03"}
    rows = client.get("/v1/comparisons", params=asked).json()
    power = next(r for r in rows if r["name"] == "electricity_use_kwh")
    assert (power["value"], power["month_before"]) == (1510, 3010), "both are told"
    assert power["month_change_ratio"] is None and power["month_change_reason"] == "running"
    assert power["year_change_ratio"] is None and power["year_change_reason"] == "running"
    assert client.get("/v1/peers", params=asked).json() == []
    water = [r for r in client.get("/v1/survey", params=asked).json() if r["field"] == "water"]
    assert (water[0]["months"], water[0]["value"]) == (11, pytest.approx(440))
    graded = [r for r in client.get("/v1/quotas", params=asked).json() if r["grade"]]
    assert not graded, "eleven months and a half are no year"
    page = client.get("/institutions/i1/2025-02?lang=zh").text
    assert "月份未结束" in page and "month not over" not in page


def test_an_instant_asks_for_the_same_months(client: TestClient) -> None:
    instants = {"start": "1735700000000", "end": "1738300000000"}
    for path in ("/v1/comparisons", "/v1/quotas", "/v1/survey", "/v1/peers"):
        by_month = client.get(path, params={**MONTH, "institution": "i1"}).json()
        assert client.get(path, params={**instants, "institution": "i1"}).json() == by_month
        assert by_month


def quotas(client: TestClient, lang: str = "en") -> dict[tuple[str, str], dict[str, object]]:
    rows = client.get("/v1/quotas", params={**MONTH, "lang": lang}).json()
    return {(r["institution"], r["measure"]): r for r in rows}


def test_quotas_need_twelve_months(client: TestClient) -> None:
    found = quotas(client)
    water = found["i1", "water_per_head"]
    assert (water["value"], water["grade"], water["months"]) == (pytest.approx(9.6), "guide", 12)
    assert (water["constraint"], water["finding"], water["why"]) == (25.0, "", "")
    assert (water["source"], water["valid_from"]) == (
        "DB37/T 4452-2021: general 25, advanced 10 m³/(person·a)",
        "2021-01-01",
    )
    part = found["i2", "water_per_head"]
    assert (part["value"], part["grade"], part["months"]) == (None, None, 1)
    assert part["finding"] == "quota_year_incomplete"


def test_a_quota_row_says_whose_it_is_and_why_there_is_no_grade(client: TestClient) -> None:
    zh, en = quotas(client, "zh"), quotas(client, "en")
    area = en["i1", "non_heating_per_area"]
    assert (area["level"], area["zone"], area["constraint"]) == ("city", "B", 22.3)
    assert area["why"] == "Fill in the heating season (heating_season) in the registry"
    heating = ("i1", "heating_per_heated_area")
    assert en[heating]["guide"] is None and en[heating]["finding"] == "quota_field_missing"
    assert en[heating]["why"] == "Fill in the kind of heating (heat_source) in the registry"
    assert zh[heating]["why"] == "请在台账填写供暖方式（heat_source）"
    assert zh["i7", "water_per_head"]["why"] == "没有政务服务中心的人均用水定额"
    assert "no quota for service centres" in str(en["i7", "water_per_head"]["why"])


def test_peers_are_of_the_same_type_and_enough(client: TestClient) -> None:
    rows = client.get("/v1/peers", params=MONTH).json()
    # i7 is a school alone; nobody's energy per head is known.
    assert {r["institution"] for r in rows} == {f"i{n}" for n in range(1, 7)}
    assert {r["name"] for r in rows} == {"energy_per_area_kgce_per_m2"}
    (second,) = client.get("/v1/peers", params={**MONTH, "institution": "i2"}).json()
    # 1.5 × (1, 3, 4, 5, 6): one of five uses less.
    assert (second["value"], second["median"], second["peers"]) == (3.0, 6.0, 5)
    assert second["percentile_ratio"] == pytest.approx(0.2)


def test_the_form_is_empty_where_nothing_is_known(client: TestClient) -> None:
    rows = client.get("/v1/survey", params={**MONTH, "institution": "i1"}).json()
    found = {r["field"]: r for r in rows}
    assert found["water"]["value"] == pytest.approx(480)
    assert (found["heat"]["value"], found["heat"]["months"]) == (None, 0)
    assert found["credit_code"]["text"] == "12370500MB2345678X"
    assert found["floor_area"]["value"] == 1000
    assert found["natural_gas"]["missing_share"] == pytest.approx(0.08)


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("zh", ["达到引导值", "环比与同比", "同类机构", "统一社会信用代码", "用电量"]),
        ("en", ["Keeps the guide value", "Against last month", "same type", "Electricity use"]),
    ],
)
def test_the_page_shows_every_figure_with_its_evidence(
    client: TestClient, lang: str, words: list[str]
) -> None:
    html = client.get(f"/institutions/i1/2025-01?lang={lang}").text
    shown = re.findall(r'data-figure="([^"]+)"', html)
    asked = client.get("/v1/figures", params={**MONTH, "institution": "i1"}).json()
    assert sorted(shown) == sorted(r["name"] for r in asked), "whatever is computed is shown"
    for word in (*words, "m/1", "made up here", "−3.5%", "90%", "8%"):
        assert word in html, word
    why = {"zh": "请在台账填写供暖方式（heat_source）", "en": "Fill in the kind of heating"}[lang]
    assert why in html
    finding = {"zh": "2.0% 的时间为估计值", "en": "2.0% of the time of"}[lang]
    assert finding in html
    assert f"/quality?institution=i1&amp;month=2025-01&amp;lang={lang}" in html


def test_a_month_that_is_not_there_is_said_so(client: TestClient) -> None:
    assert client.get("/institutions/i1/2019-01").json()["code"] == "unknown_month"
    assert client.get("/institutions/none/2025-01").json()["code"] == "unknown_institution"
    assert client.get("/institutions/i1/2025-1").status_code == 422
