"""Signing in and one's own page in a real browser, over the real parts: nothing but clicks."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from api.access.passwords import hashed
from civicmeter.wiring.pipeline import Pipeline, open_pipeline
from civicmeter.wiring.serving import app_of, serving
from config.settings import Settings
from domain.keys import Holder, Key, Role, digest_of, new_key_text
from domain.people import Account
from tests import api_sample
from tests.end_to_end.browsing import Visit, browsing
from tests.identity_provider import CLIENT_ID, CLIENT_SECRET, provider
from tests.servers import free_port

PASSWORD = "correct horse battery"
AT = datetime.now(UTC) - timedelta(minutes=30)
ADMIN = Account(
    login="wang",
    holder="office",
    person="王芳",
    role=Role.ADMIN,
    added_at=AT,
    password=hashed(PASSWORD),
)
VENDOR = replace(
    ADMIN,
    login="esco",
    person="李伟",
    role=Role.VENDOR,
    institutions=frozenset({api_sample.CAMPUS}),
)


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    folder = tmp_path_factory.mktemp("own")
    store, ledger = api_sample.open_sample(folder)
    ledger.add_holder(Holder("office", "机关事务管理局", AT))
    for account in (ADMIN, VENDOR):
        ledger.add_person(account)
    store.close()
    ledger.close_connections()
    with open_pipeline(Settings(data=folder)) as opened:
        yield opened


@pytest.fixture(scope="module")
def address(pipeline: Pipeline) -> Iterator[str]:
    with serving(app_of(pipeline), "127.0.0.1", free_port()) as url:
        yield url


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with browsing(chromium) as opened:
        yield opened


def signed_in(browser: Browser, address: str, login: str, lang: str, width: int = 1400) -> Visit:
    """Who wants their page, is sent to sign in, and comes back to it."""
    visit = Visit(browser, address, f"me?lang={lang}", width)
    page = visit.page
    assert "/sign-in?next=/me" in page.url
    page.get_by_label({"zh": "登录名", "en": "Login"}[lang]).fill(login)
    page.get_by_label({"zh": "密码", "en": "Password"}[lang]).fill(PASSWORD)
    page.get_by_role("button").click()
    assert page.url == f"{address}me?lang={lang}"
    return visit


@pytest.mark.parametrize("width", [390, 1400])
@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("zh", ["我的页面", "近 7 天收到的读数", "我的密钥", "等待登记的设备", "退出登录"]),
        ("en", ["My page", "What arrived in the last 7 days", "My keys", "Try an upload"]),
    ],
)
def test_it_is_shown_without_scripts_in_both_languages(
    browser: Browser, address: str, lang: str, said: list[str], width: int
) -> None:
    visit = signed_in(browser, address, "wang", lang, width)
    page = visit.page
    visit.check(lang, width)
    assert page.locator("script").count() == 0
    body = page.inner_text("body")
    assert [text for text in said if text not in body] == []
    cookie = next(c for c in page.context.cookies() if "session" in c["name"])
    assert cookie["httpOnly"] and cookie["sameSite"] == "Lax" and not cookie["secure"]
    page.get_by_role("button", name={"zh": "退出登录", "en": "Sign out"}[lang]).click()
    assert "/sign-in" in page.url and page.context.cookies() == []
    page.goto(f"{address}quality?lang={lang}")
    assert "/sign-in?next=/quality" in page.url
    visit.check(lang, width)


def test_a_wrong_password_is_told_and_the_right_one_leads_on(
    browser: Browser, address: str
) -> None:
    page = Visit(browser, address, "quality?lang=en", 1400).page
    page.get_by_label("Login").fill("esco")
    page.get_by_label("Password").fill("a wrong one here")
    page.get_by_role("button").click()
    assert "Login or password is not right" in page.inner_text("main")
    page.locator("a.lang").click()
    assert page.url.startswith(f"{address}sign-in?next=/quality") and "登录名" in page.content()
    page.locator("a.lang").click()
    page.get_by_label("Login").fill("esco")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button").click()
    assert page.url == f"{address}quality?lang=en"


def test_a_vendor_issues_a_key_tries_a_file_and_ends_the_key(
    browser: Browser, address: str, tmp_path: Path
) -> None:
    page = signed_in(browser, address, "esco", "en").page
    assert "Waiting" not in page.inner_text("main")
    page.get_by_role("button", name="Issue a key").click()
    key = page.inner_text("#new-key")
    assert re.fullmatch(r"cm_[0-9a-f]{8}_[0-9a-f]{64}", key)
    asked = page.request.get(f"{address}v1/institutions", headers={"X-API-Key": key})
    assert [row["id"] for row in asked.json()] == [api_sample.CAMPUS]
    page.locator("a.lang").click()
    assert page.url == f"{address}me?lang=zh" and "供应商" in page.inner_text("main")
    page.goto(f"{address}me?lang=en")
    table = tmp_path / "april.csv"
    table.write_text(
        "设备,时间,数据项,数值\n"
        f"dy-water,{AT:%Y-%m-%dT%H:%MZ},water_m3,5000\n"
        f"b7-elec,{AT:%Y-%m-%dT%H:%MZ},energy_import_kwh,1\n",
        encoding="gbk",
    )
    page.locator("input[type=file]").set_input_files(table)
    page.get_by_role("button", name="Check").click()
    assert "1 would be stored, 0 are there already, 1 would be refused" in page.inner_text("#tried")
    page.locator(f'[data-key="{key[3:11]}"] summary').click()
    page.get_by_label("Reason (kept for ever)").fill("only a try")
    page.get_by_role("button", name="Revoke it now").click()
    assert "is revoked" in page.inner_text("main")
    assert page.request.get(f"{address}v1/institutions", headers={"X-API-Key": key}).status == 403


def test_a_waiting_device_is_registered_with_two_clicks_and_its_readings_are_there(
    browser: Browser, address: str, pipeline: Pipeline
) -> None:
    page: Page = signed_in(browser, address, "wang", "en").page
    page.get_by_role("button", name="Issue a key").click()
    key = {"X-API-Key": page.inner_text("#new-key")}
    at_ms = int(AT.timestamp() * 1000)
    rows = [
        {"device": "new-water", "ts": at_ms + k, "values": {"water_m3": 7 + k}} for k in range(3)
    ]
    posted = page.request.post(f"{address}v1/readings", data=rows, headers=key)
    assert posted.status == 422
    page.goto(f"{address}me?lang=en")
    page.locator('[data-waiting="new-water"] summary').click()
    page.get_by_role("button", name="Register it").click()
    assert "new-water is registered; 3 readings that waited are stored." in page.inner_text("main")
    assert page.locator('[data-waiting="new-water"]').count() == 0
    assert "new-water" in pipeline.registry.device_by_id


def test_somebody_signs_in_by_the_identity_provider(browser: Browser, pipeline: Pipeline) -> None:
    zhao = replace(VENDOR, login="zhao", person="赵敏", password="", subject="17")
    pipeline.ledger.add_person(zhao)
    port = free_port()
    with provider() as idp:
        settings = replace(
            pipeline.settings,
            public_url=f"http://127.0.0.1:{port}",
            oidc_issuer=idp.issuer,
            oidc_client_id=CLIENT_ID,
            oidc_client_secret=CLIENT_SECRET,
        )
        app = app_of(replace(pipeline, settings=settings))
        with serving(app, "127.0.0.1", port) as address:
            visit = Visit(browser, address, "me?lang=en", 1400)
            visit.page.get_by_role("link", name="Sign in by the organisation").click()
            assert visit.page.url == f"{address}me?lang=en"
            assert "赵敏" in visit.page.inner_text("main") and visit.complaints == []
            visit.page.get_by_role("button", name="Sign out").click()
            assert "/sign-in" in visit.page.url


def test_a_browser_with_a_key_gives_it_once_and_goes_on(
    browser: Browser, address: str, pipeline: Pipeline
) -> None:
    """What it answered once it sends to every address from then on."""
    text, prefix = new_key_text()
    digest = digest_of(text)
    key = Key(prefix=prefix, digest=digest, holder="office", role=Role.VIEWER, issued_at=AT)
    pipeline.ledger.issue_key(key)
    page = browser.new_context(http_credentials={"username": "any", "password": text}).new_page()
    page.goto(f"{address}quality?lang=en")
    assert "/sign-in?next=/quality" in page.url, "no box of the browser's own"
    page.get_by_role("link", name="Use a key instead").click()
    assert page.url == f"{address}quality?lang=en"
    page.goto(f"{address}me?lang=en")
    assert "office" in page.inner_text("main") and page.locator("#keys").count() == 0
