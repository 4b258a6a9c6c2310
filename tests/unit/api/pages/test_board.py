"""The completeness board: JSON and page say the same, for one institution and for a city's."""

import re
import shlex
from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from api.pages.board import PAGE_SIZE, SORTS
from domain.calendar import to_ms
from domain.places import Carrier, Institution, Meter
from domain.readings import Reading
from domain.registry import Registry
from store.aside import AsideBatch, keep
from store.ledger.kept import ROOM
from store.ledger.sql.ledger import SqlLedger
from store.readings.sqlite import SqliteReadingStore
from tests.api_sample import CAMPUS, FEBRUARY, HALL, NOW


def devices(html: str) -> list[tuple[str, str]]:
    return re.findall(r'data-device="([^"]+)" data-state="([^"]+)"', html)


def test_each_device_stands_as_it_was_heard(client: TestClient) -> None:
    rows = {r["device"]: r for r in client.get("/v1/quality/board").json()}
    # The campus was last heard at 23:00 on 9 April, the page is of 03:00 on the 10th.
    main = rows["dy-main"]
    assert (main["device_state"], main["last_at"]) == ("stale", "2024-04-09T23:00:00Z")
    assert (main["readings_expected_count"], main["readings_received_count"]) == (720, 684)
    assert (main["received_share"], main["missing_share"]) == (0.95, 0.06)
    assert main["findings"] == "api_test"
    assert rows["dy-water"]["device_state"] == "never"
    assert rows["dy-water"]["last_at"] is None
    # The hall's latest month is March: it is judged by its end.
    assert (rows["b7-elec"]["month"], rows["b7-elec"]["device_state"]) == ("2024-03", "ok")
    assert rows["b7-elec"]["readings_expected_count"] is None


def test_the_board_of_a_month_an_institution_and_a_state(client: TestClient) -> None:
    def asked(**query: str) -> set[str]:
        return {r["device"] for r in client.get("/v1/quality/board", params=query).json()}

    assert asked(institution=HALL) == {"b7-elec"}
    assert asked(month="2024-04") == {"dy-main", "dy-water", "dy-pv", "dy-bin", "dy-wx"}
    assert asked(state="ok", month=str(FEBRUARY)) == {"b7-elec", "dy-main"}
    assert client.get("/v1/quality/board?month=2024-4").status_code == 422
    assert client.get("/v1/quality/board?state=odd").status_code == 422


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_shows_the_same_devices_in_the_same_order(client: TestClient, lang: str) -> None:
    rows = client.get("/v1/quality/board").json()
    html = client.get(f"/quality?lang={lang}").text
    assert devices(html) == [(r["device"], r["device_state"]) for r in rows]
    assert f'<html lang="{lang}">' in html
    only = client.get(f"/quality?lang={lang}&state=stale&institution={CAMPUS}").text
    assert devices(only) == [("dy-main", "stale")]
    assert "95.0%" in only and "684 / 720" in only and "2024-04-10 07:00" in only


@pytest.mark.parametrize("sort", SORTS)
def test_every_order_holds_every_device(client: TestClient, sort: str) -> None:
    plain = devices(client.get("/quality").text)
    assert sorted(devices(client.get(f"/quality?sort={sort}").text)) == sorted(plain)


def test_what_is_not_there_falls_back_with_a_word(client: TestClient) -> None:
    html = client.get("/quality?lang=en&institution=nowhere&month=1999-01&sort=x&page=99").text
    assert "no institution nowhere" in html and "no result for 1999-01" in html
    assert len(devices(html)) == 6
    assert "<script>" not in client.get("/quality?institution=<script>").text


def test_a_citys_meters_come_in_pages(serve_own, own_sample) -> None:  # type: ignore[no-untyped-def]
    _, ledger = own_sample
    ledger.save_registry(
        Registry(
            institutions=(Institution("city", "全市", "City"),),
            devices=tuple(
                Meter(id=f"c{n:04}", institution="city", carrier=Carrier.WATER, register="water_m3")
                for n in range(250)
            ),
        )
    )
    client = serve_own()
    pages = [
        devices(client.get(f"/quality?institution=city&page={n}&lang=en").text) for n in (1, 2, 3)
    ]
    assert [len(p) for p in pages] == [PAGE_SIZE, PAGE_SIZE, 50]
    assert len({d for p in pages for d in p}) == 250
    html = client.get("/quality?institution=city&page=2&lang=en").text
    assert "page=3" in html and "Page 2 of 3" in html and "250 devices" in html


def test_a_device_heard_of_again_is_not_stale(serve_own, own_sample) -> None:  # type: ignore[no-untyped-def]
    from domain.calendar import to_ms
    from domain.readings import Reading

    store, _ = own_sample
    fresh = Reading("dy-main", "energy_import_kwh", to_ms(NOW - timedelta(minutes=20)), 2000.0)
    store.write([fresh])
    rows = {r["device"]: r for r in serve_own().get("/v1/quality/board").json()}
    assert rows["dy-main"]["device_state"] == "ok"


def test_missing_bounds_are_told_once_and_only_where_they_are(serve_own, own_sample) -> None:  # type: ignore[no-untyped-def]
    _, ledger = own_sample
    meter = Meter(id="c1", institution="city", carrier=Carrier.WATER, register="water_m3")
    town = Meter(
        id="t1",
        institution="town",
        carrier=Carrier.WATER,
        register="water_m3",
        max_rate_per_h=9.0,
    )
    places = (Institution("city", "全市", "City"), Institution("town", "镇", "Town"))
    ledger.save_registry(Registry(institutions=places, devices=(meter, town)))
    client = serve_own()
    zh, en = (client.get(f"/quality?institution=city&lang={x}").text for x in ("zh", "en"))
    assert zh.count("台账缺少限值：1 台没有支路最大流量或功率（max_rate_per_h）") == 1
    assert en.count("Bounds the registry lacks: 1 without the most the branch can carry") == 1
    assert "Bounds" not in client.get("/quality?institution=town&lang=en").text
    rows = client.get("/v1/quality/board", params={"institution": ["city", "town"]}).json()
    assert {r["device"]: r["bounds_missing"] for r in rows} == {"c1": "max_rate_per_h", "t1": ""}


def test_a_conflict_is_shown_with_both_values_until_somebody_decides(
    serve_own: Callable[..., TestClient], own_sample: tuple[SqliteReadingStore, SqlLedger]
) -> None:
    """A forger came first, whose value stands; the device's own is not lost."""
    store, ledger = own_sample
    at_ms = to_ms(NOW) - 3_600_000
    store.write([Reading("dy-water", "water_m3", at_ms, 999.0)])
    aside = AsideBatch(to_ms(NOW))
    own = "civicmeter/v1/dy-water/telemetry"
    for source, value in ((own, 7.25), ("civicmeter/v1/gateway/vendor/telemetry", 8.0)):
        reading = Reading("dy-water", "water_m3", at_ms, value)
        aside.unstored(store.write([reading]), lambda _, s=source: s)  # type: ignore[misc]
    keep(ledger, aside.entries(), aside.kept(), ROOM)
    client = serve_own(api_key="secret")
    client.headers["X-API-Key"] = "secret"
    rows = {r["source"]: r for r in client.get("/v1/conflicts").json()}
    assert {(r["stored_value"], r["other_value"]) for r in rows.values()} == {
        (999.0, 7.25),
        (999.0, 8.0),
    }
    assert rows[own]["source_is_speaker"] and rows[own]["speaker"] == "dy-water"
    assert [r["source_is_speaker"] for s, r in rows.items() if s != own] == [False]
    assert client.get(f"/v1/conflicts?institution={HALL}").json() == []
    for lang, words in (("zh", "冲突的读数"), ("en", "Conflicting readings")):
        html = client.get(f"/quality?lang={lang}").text
        assert words in html and html.count('data-conflict="dy-water"') == 2
        assert "999.0" in html and "7.25" in html and own in html
        assert "data-conflict" not in client.get(f"/quality?lang={lang}&institution={HALL}").text
    said = shlex.split(rows[own]["take_command"])
    assert said[:4] == ["civicmeter", "correct", "dy-water", "water_m3"]
    body = {"device": said[2], "quantity": said[3], "at": said[4], "value": float(said[6])}
    answer = client.post(
        "/v1/corrections",
        json=[body | {"author": "王", "reason": "照片"}],
        headers={"X-API-Key": "secret"},
    )
    assert answer.status_code == 200, answer.text
    assert client.get("/v1/conflicts").json() == []
    assert "data-conflict" not in client.get("/quality").text
    (correction,) = client.get("/v1/corrections").json()
    assert (correction["value"], correction["reported_value"]) == (7.25, 999.0)


def test_gateways_that_nobody_listed_are_warned_of(serve_own: Callable[..., TestClient]) -> None:
    for count, warned in ((0, False), (2, True)):
        client = serve_own(status=lambda c=count: {"collector": {"unlisted_gateways": c}})
        html = client.get("/quality?lang=en").text
        assert ("2 gateways speak" in html) == warned
