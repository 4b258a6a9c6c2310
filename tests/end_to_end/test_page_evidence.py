"""The completeness board and an institution's month in a real browser: both languages, any width."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from api.app import create_app
from civicmeter.wiring.serving import serving
from tests import api_sample
from tests.api_sample import CAMPUS
from tests.end_to_end.browsing import Visit, browsing
from tests.servers import free_port


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    store, ledger = api_sample.open_sample(tmp_path_factory.mktemp("evidence"))
    app = create_app(store=store, ledger=ledger, now=lambda: api_sample.NOW)
    with serving(app, "127.0.0.1", free_port()) as url:
        yield url.rstrip("/")
    store.close()
    ledger.close_connections()


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with browsing(chromium) as opened:
        yield opened


@pytest.mark.parametrize("width", [390, 1400])
@pytest.mark.parametrize(
    ("path", "lang", "texts"),
    [
        ("/quality", "zh", ["数据完整性", "从未上报", "总表", "684 / 720"]),
        ("/quality", "en", ["Completeness", "Never heard", "Main meter", "684 / 720"]),
        (f"/institutions/{CAMPUS}/2024-03", "zh", ["环比与同比", "用电量", "实测 90%", "电费"]),
        (
            f"/institutions/{CAMPUS}/2024-03",
            "en",
            ["Against last month", "Electricity use", "90% measured", "Survey".lower()],
        ),
    ],
)
def test_everything_is_shown_from_this_server_alone(
    browser: Browser, address: str, path: str, lang: str, texts: list[str], width: int
) -> None:
    visit = Visit(browser, address, f"{path}?lang={lang}", width)
    for text in texts:
        assert visit.page.get_by_text(text).first.is_visible(), text
    visit.check(lang, width)
    visit.page.close()


def test_the_way_from_the_overview_to_the_board_and_back(browser: Browser, address: str) -> None:
    page = Visit(browser, address, f"/?lang=en&institution={CAMPUS}", 1300).page
    page.locator("header").get_by_role("link", name="Completeness").click()
    rows = page.locator("tr[data-device]")
    assert rows.count() == 6
    assert rows.first.get_attribute("data-state") == "never", "the worst first"
    page.get_by_role("link", name="1 Stale").click()
    assert rows.count() == 1
    page.get_by_label("Month").select_option("2024-02")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url(re.compile("month=2024-02"))
    page.locator("nav.states a").first.click()
    assert rows.count() == 6
    page.get_by_role("link", name="中文").click()
    page.wait_for_url(re.compile("lang=zh"))
    assert page.locator("select[name=month]").input_value() == "2024-02"
    page.get_by_role("link", name="东营校区").first.click()
    page.wait_for_url(re.compile(f"/institutions/{CAMPUS}/2024-02"))
    page.get_by_label("下一月").click()
    page.wait_for_url(re.compile("2024-03"))
    page.get_by_role("link", name="总览").click()
    page.wait_for_url(re.compile(f"institution={CAMPUS}&month=2024-03"))
    page.close()


def test_without_scripts_it_is_all_there(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/quality?lang=en&sort=received")
    assert page.locator("tr[data-device]").first.get_attribute("data-device") == "dy-main"
    context.close()
