"""What the overview gathers: order, tiles, kept-aside groups; and an empty installation."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.pages.overview import chart_library, library_queue, overview_html
from api.pages.overview_data import aside_lines, average_shares, build_overview
from domain.calendar import Month
from domain.figures import Figure, MonthResult, Shares
from domain.places import Institution
from domain.registry import Registry
from store.ledger.port import AsideEntry
from store.opening import open_ledger
from tests.report_sample import LAST, PLACE, sample_ledger

AT = datetime(2026, 1, 1, tzinfo=UTC)


def _entry(code: str, count: int, source: str = "t", device: str = "") -> AsideEntry:
    return AsideEntry(source=source, code=code, device=device, count=count, first_at=AT, last_at=AT)


def test_kept_aside_is_counted_by_reason_the_most_frequent_first() -> None:
    entries = [
        _entry("bad_json", 2, "a"),
        _entry("unknown_device", 9, device="x"),
        _entry("bad_json", 3, "b"),
        _entry("never_heard_of", 1),
    ]
    lines = aside_lines(entries, "en")
    assert [(a.code, a.count) for a in lines] == [
        ("unknown_device", 9),
        ("bad_json", 5),
        ("never_heard_of", 1),
    ]
    assert lines[0].reason == "Device not registered"
    assert lines[1].sources == "a, b"
    assert lines[2].reason == "never_heard_of"


def test_many_sources_are_cut_and_counted() -> None:
    (line,) = aside_lines([_entry("bad_json", 1, f"t{i}") for i in range(9)], "en")
    assert line.sources == "t0, t1, t2 and 6 more"
    assert line.count == 9


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), max_size=9))
def test_average_shares_add_up_to_one(pairs: list[tuple[float, float]]) -> None:
    figures = [
        Figure(
            name="x", value=1.0, shares=Shares(min(p), max(p) - min(p), 1 - max(p)), method="x/1"
        )
        for p in pairs
    ]
    mean = average_shares(figures)
    if not pairs:
        assert mean is None
        return
    assert mean is not None
    assert mean.measured + mean.estimated + mean.missing == pytest.approx(1.0)


def test_an_empty_installation_says_how_to_begin(tmp_path: Path) -> None:
    ledger = open_ledger(f"sqlite:///{tmp_path / 'l.db'}")
    html = overview_html(build_overview(ledger, Registry(), "en"))
    assert "civicmeter registry import" in html
    place = Institution("new", "新机构", "New place")
    ledger.save_registry(Registry(institutions=(place,)))
    html = overview_html(build_overview(ledger, ledger.registry(), "zh"))
    assert "还没有计算过的月份" in html
    assert "新机构" in html
    ledger.close_connections()


def test_those_heard_of_last_stand_first_and_pages_are_bounded(tmp_path: Path) -> None:
    ledger = sample_ledger(tmp_path / "l.db")
    others = tuple(Institution(f"i{n:02}", f"机构{n:02}", f"Place {n:02}") for n in range(85))
    ledger.save_registry(Registry(institutions=others))
    known = ledger.registry()
    first = build_overview(ledger, known, "en")
    assert first.places[0].id == PLACE
    assert (first.chosen, len(first.places), first.pages) == (PLACE, 40, 3)
    last = build_overview(ledger, known, "en", institution="i84")
    assert (last.page, last.chosen) == (3, "i84")
    assert last.detail is None
    assert build_overview(ledger, known, "en", page=99).page == 3
    ledger.close_connections()


def test_names_and_samples_cannot_break_out_of_the_page(tmp_path: Path) -> None:
    ledger = sample_ledger(tmp_path / "l.db")
    evil = "</script><script>alert(1)</script>"
    place = Institution(PLACE, evil, evil, origin="simulated")
    ledger.save_registry(Registry(institutions=(place,)))
    ledger.keep_aside([_entry("bad_json", 1, evil)])
    html = overview_html(build_overview(ledger, ledger.registry(), "zh", month=str(LAST)))
    assert "alert(1)" in html
    assert "<script>alert" not in html
    # The charts carry the name too, inside the one script element that holds them.
    assert html.count("</script>") == 2
    ledger.close_connections()


@pytest.mark.slow
def test_the_library_is_made_once_and_packed() -> None:
    queue = library_queue()
    packed = queue.ask("library", chart_library).result(60)
    assert packed is queue.ask("library", chart_library).result(60)
    assert packed[:2] == b"\x1f\x8b"
    assert len(packed) < 400_000
    queue.close()


def _month(month: Month, value: float | None, missing: float) -> MonthResult:
    use = Figure(
        name="electricity_use_kwh", value=value, shares=Shares.known(1 - missing), method="x/1"
    )
    return MonthResult(institution="i", month=month, figures=(use,))


def test_the_page_opens_on_the_last_month_that_has_data(tmp_path: Path) -> None:
    ledger = open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    registry = Registry(institutions=(Institution(id="i", name_zh="局", name_en="Bureau"),))
    ledger.save_registry(registry)
    january = Month(2026, 1)
    ledger.save_result(_month(january, 500.0, 0.0))
    ledger.save_result(_month(january.plus(1), 11.6, 0.998))
    ledger.save_result(_month(january.plus(2), None, 1.0))
    shown = build_overview(ledger, registry, "en")
    assert shown.detail is not None and shown.detail.month == "2026-01"
    assert (shown.places[0].month, shown.places[0].use) == ("January 2026", "500.0 kWh")
    asked = build_overview(ledger, registry, "en", institution="i", month="2026-02")
    assert asked.detail is not None and asked.detail.month == "2026-02"
    assert asked.detail.document.lead.startswith("Electricity use (purchased) is not known: 99.8%")
    ledger.close(institution="i", month=january, signed_by="Li")
    ledger.save_result(_month(january.plus(-1), 400.0, 0.0))
    assert build_overview(ledger, registry, "en").detail.month == "2026-01"  # type: ignore[union-attr]


def test_an_institution_that_never_had_data_is_shown_all_the_same(tmp_path: Path) -> None:
    ledger = open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    registry = Registry(institutions=(Institution(id="i", name_zh="局", name_en="Bureau"),))
    ledger.save_registry(registry)
    ledger.save_result(_month(Month(2026, 1), None, 1.0))
    shown = build_overview(ledger, registry, "zh")
    assert shown.detail is not None and shown.detail.month == "2026-01"
    assert overview_html(shown)


@pytest.mark.parametrize(
    ("lang", "words"), [("zh", "2027-03-01 起停用"), ("en", "out of service since")]
)
def test_an_institution_that_is_retired_is_said_to_be(
    lang: str, words: str, tmp_path: Path
) -> None:
    ledger = open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    kept = Institution("kept", "甲", "Kept")
    gone = Institution("gone", "乙", "Gone", in_service_until=date(2027, 3, 1))
    ledger.save_registry(Registry(institutions=(kept, gone)))
    lines = {p.id: p.months_text for p in build_overview(ledger, ledger.registry(), lang).places}
    assert words in lines["gone"] and words not in lines["kept"]
    ledger.close_connections()
