"""A month's life in a real browser: a finding waived, closed, restated by late readings, paid, signed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from civicmeter.wiring.pipeline import Pipeline, open_pipeline
from civicmeter.wiring.serving import app_of, serving
from config.settings import Settings
from domain.calendar import Month
from domain.figures import Figure, MonthResult, Shares
from domain.findings import Finding
from domain.registry import Registry
from tests.end_to_end.browsing import browsing
from tests.servers import free_port
from tests.unit.civicmeter.commands.test_contract import CONTRACT, PLACE, _result

JANUARY = Month(2026, 1)
OF_2026 = replace(CONTRACT, reporting_start=date(2026, 1, 1), vendor="esco")
GAP = Finding("total_incomplete", "warning", "", {"missing_pct": 20.0})
TOTAL = Figure(
    name="electricity_use_kwh",
    value=3100.0,
    shares=Shares.known(0.8),
    method="test/1",
    findings=(GAP,),
)
PATH = f"/institutions/hall/{JANUARY}/close"


def january(saved_kwh: float, known: float) -> MonthResult:
    result = _result(JANUARY, saved_kwh)
    total = replace(TOTAL, shares=Shares.known(known), findings=(GAP,) if known < 1 else ())
    return replace(result, figures=(total, *result.figures))


@pytest.fixture
def pipeline(tmp_path: Path) -> Iterator[Pipeline]:
    with open_pipeline(Settings(data=tmp_path, api_key="installation")) as opened:
        opened.save_registry(Registry((PLACE,), (), (), (OF_2026,)))
        opened.ledger.save_result(january(4_000.0, 0.8))
        yield opened


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with browsing(chromium) as opened:
        yield opened


@pytest.fixture
def address(pipeline: Pipeline) -> Iterator[str]:
    with serving(app_of(pipeline), "127.0.0.1", free_port()) as url:
        yield url.rstrip("/")


def complaints_of(page: Page) -> list[str]:
    found: list[str] = []
    page.on("pageerror", lambda e: found.append(str(e)))
    page.on("console", lambda m: found.append(m.text) if m.type == "warning" else None)
    return found


def test_from_a_finding_to_a_statement_signed_by_both(
    browser: Browser, address: str, pipeline: Pipeline
) -> None:
    context = browser.new_context(
        extra_http_headers={"X-API-Key": "installation"},
        viewport={"width": 1200, "height": 1400},
    )
    page = context.new_page()
    complaints = complaints_of(page)
    page.goto(f"{address}{PATH}?lang=en")
    assert page.locator("tr[data-check=incomplete]").get_attribute("data-verdict") == "blocks"
    assert page.get_by_text("Closes 4 figures as revision 1.").is_visible()

    page.get_by_label("In whose name").fill("Li Wei")
    page.get_by_role("button", name="Close the month").click()
    assert "not passed and not waived: 1" in page.get_by_role("alert").inner_text()
    page.get_by_label("In whose name").fill("Li Wei")
    page.get_by_label("Why “missing data” is let go").fill("no power for a week")
    page.get_by_role("button", name="Close the month").click()
    assert page.locator("[data-state]").get_attribute("data-state") == "closed"
    assert page.get_by_text("waived by Li Wei: no power for a week").is_visible()
    assert page.locator("tr[data-revision='1']").is_visible()

    page.goto(f"{address}/settlements?lang=en")
    page.get_by_label("Month").fill("2026-01")
    page.locator("form[data-issue]").get_by_label("In whose name").fill("Li Wei")
    page.get_by_role("button", name="Issue a statement").click()
    assert page.locator("section[data-statement] tfoot strong").inner_text() == "1,500.00"

    # Late readings: less was saved, and more is known.
    pipeline.ledger.save_result(january(3_600.0, 0.9))
    page.goto(f"{address}{PATH}?lang=en")
    assert page.locator("tr[data-money]").inner_text().split()[-3:] == [
        "1,500.00",
        "1,350.00",
        "-150.00",
    ]
    assert page.locator("tr[data-change]").first.inner_text().endswith("late readings")
    blocks = page.locator("tr[data-check=incomplete]")
    assert blocks.get_attribute("data-verdict") == "blocks", "another gap than the waived one"
    page.get_by_label("In whose name").fill("Cao Jun")
    page.get_by_label("Reason", exact=True).fill("the gateway sent its buffer")
    page.get_by_label("Why “missing data” is let go").fill("the rest is lost")
    page.get_by_role("button", name="Approve").click()
    assert page.locator("tr[data-revision='2']").is_visible()

    page.goto(f"{address}/settlements?lang=en")
    vendor = page.locator("form[data-side=vendor]")
    vendor.get_by_label("In whose name").fill("Sun Li")
    vendor.get_by_label("Why, if refused").fill("January has another price")
    vendor.get_by_role("button", name="Refuse").click()
    assert page.get_by_text("Sun Li refuses: January has another price").is_visible()
    for side, name in (("owner", "Li Wei"), ("vendor", "Sun Li")):
        form = page.locator(f"form[data-side={side}]")
        form.get_by_label("In whose name").fill(name)
        form.get_by_role("button", name="Sign").click()
        assert page.get_by_text(f"For the {side}: {name}").is_visible()
        assert page.locator(f"form[data-side={side}]").count() == 0
    assert complaints == []
    assert pipeline.ledger.verify_audit(deep=True).broken == ()
    context.close()


def test_refused_the_signed_revision_stays(
    browser: Browser, address: str, pipeline: Pipeline
) -> None:
    pipeline.ledger.save_result(january(4_000.0, 1.0))
    pipeline.ledger.close("hall", JANUARY, signed_by="Li")
    told = Finding("api_test", "warning", "hall")
    pipeline.ledger.save_result(replace(january(3_600.0, 1.0), findings=(told,)))
    context = browser.new_context(
        extra_http_headers={"X-API-Key": "installation"},
        viewport={"width": 390, "height": 1400},
    )
    page = context.new_page()
    page.goto(f"{address}{PATH}?lang=zh")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.get_by_text("该月的提示与模型").is_visible()
    page.get_by_label("署名").fill("王芳")
    page.get_by_label("原因", exact=True).fill("网关正在调试")
    page.get_by_role("button", name="拒绝重述").click()
    assert page.locator("[data-state]").get_attribute("data-state") == "closed"
    assert page.locator("tr[data-refusal]").is_visible()
    again = replace(january(3_600.0, 1.0), findings=(told,))
    assert pipeline.ledger.save_result(again) == "closed"
    context.close()
