"""The overview in a real browser: drawn without the Internet, in both languages, on any width."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from api.app import create_app
from civicmeter.wiring.serving import serving
from store.opening import open_reading_store
from tests.end_to_end.browsing import DRAWN, Visit, browsing, wait_for
from tests.report_sample import LAST, PLACE, sample_ledger
from tests.servers import free_port


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("overview")
    ledger = sample_ledger(folder / "ledger.db")
    store = open_reading_store(f"sqlite:///{folder / 'readings.db'}", {})
    with serving(create_app(store=store, ledger=ledger), "127.0.0.1", free_port()) as url:
        yield url
    store.close()
    ledger.close_connections()


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with browsing(chromium) as opened:
        yield opened


@pytest.mark.parametrize("width", [390, 1400])
@pytest.mark.parametrize(
    ("lang", "texts"),
    [
        (
            "zh",
            ["东营市示范办公园区", "模拟数据", "节能已证实", "可回收物", "设备未登记", "用电量"],
        ),
        (
            "en",
            [
                "Dongying demonstration campus",
                "Simulated data",
                "Saving proven",
                "Recyclables",
                "Device not registered",
                "Electricity use",
            ],
        ),
    ],
)
def test_everything_is_drawn_from_this_server_alone(
    browser: Browser, address: str, lang: str, texts: list[str], width: int
) -> None:
    visit = Visit(browser, address, f"?lang={lang}", width)
    page = visit.page
    assert page.locator("[data-chart] svg").count() == 8
    for text in texts:
        assert page.get_by_text(text).count() > 0, text
    visit.check(lang, width)
    page.close()


def test_the_way_through_months_languages_and_reports(browser: Browser, address: str) -> None:
    page = Visit(browser, address, f"?lang=zh&institution={PLACE}", 1200).page
    assert page.locator("select[name=month]").input_value() == str(LAST.plus(-2)), "latest closed"
    page.get_by_label("下一月").click()
    wait_for(page, DRAWN)
    assert page.locator(".badge.preliminary").count() == 1
    page.locator("select[name=month]").select_option(str(LAST.plus(-3)))
    page.wait_for_url(re.compile(f"month={LAST.plus(-3)}"))
    page.get_by_role("link", name="English").click()
    page.wait_for_url(re.compile("lang=en"))
    assert page.locator("select[name=month]").input_value() == str(LAST.plus(-3))
    with page.expect_download() as download:
        page.get_by_role("link", name="Excel").click()
    assert download.value.suggested_filename == f"{PLACE}_{LAST.plus(-3)}_r1_en.xlsx"
    page.close()


def test_without_scripts_the_numbers_are_there(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address + "?lang=en")
    assert "need scripts" in page.locator("noscript").inner_text()
    assert page.locator("details table tr").count() > 20
    assert page.locator("[data-code=unknown_device]").get_by_text("17").count() == 1
    context.close()


def test_what_is_not_there_falls_back_with_a_word(browser: Browser, address: str) -> None:
    page = Visit(browser, address, "?lang=en&institution=nowhere&month=1999-01", 1200).page
    notices = page.locator(".notice[role=status]").all_inner_texts()
    assert any("nowhere" in n for n in notices)
    assert any("1999-01" in n for n in notices)
    page.close()
