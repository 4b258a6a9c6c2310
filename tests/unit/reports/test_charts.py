"""Charts hold the data of the results, keep gaps empty, and can be drawn."""

import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from config.texts import LANGUAGES
from domain.figures import MonthResult
from reports.charts.look import Spec, month_labels
from reports.charts.savings import savings_by_day, savings_by_month
from reports.charts.sections import FLUID, ON_PAPER
from reports.charts.solar import pv_by_day, pv_by_month
from reports.charts.use import quality_by_day, use_by_month
from reports.charts.waste import waste_by_month
from reports.document import build_document
from reports.model import find
from reports.svg import to_svg
from tests.report_sample import LAST, PLACE, month_result, results, sample_model

SUBJECT = "retrofit/electricity"


def _values(spec: Spec | None) -> list[Spec]:
    assert spec is not None
    found: list[Spec] = spec["data"]["values"]
    return found


def test_the_band_is_the_interval_of_the_avoided_energy() -> None:
    history = results()
    rows = {r["month"]: r for r in _values(savings_by_month(history, SUBJECT, "en", width=600))}
    assert min(rows) == "2025-09", "the chart begins with the reporting period"
    for result in history:
        avoided = find(result, "avoided_energy_kwh", SUBJECT)
        if avoided is None or avoided.low is None or avoided.high is None:
            continue
        row = rows[str(result.month)]
        assert row["low"] == pytest.approx(row["observed"] + avoided.low)
        assert row["high"] == pytest.approx(row["observed"] + avoided.high)
        # Proven: the whole band stands above what was observed.
        assert (row["low"] > row["observed"]) == (avoided.verdict == "proven")


def test_a_month_without_a_result_keeps_its_place_and_stays_empty() -> None:
    history = [r for r in results() if str(r.month) != "2026-03"]
    spec = use_by_month(history, "electricity_use_kwh", "zh", width=600)
    assert spec is not None
    assert "2026-03" in spec["encoding"]["x"]["scale"]["domain"]
    assert "2026-03" not in [r["month"] for r in _values(spec)]
    assert month_labels(history)[-1] == str(LAST)


def test_a_missing_day_has_no_bar() -> None:
    rows = _values(savings_by_day(month_result(LAST), SUBJECT, "zh", width=600))
    assert len(rows) == 31
    by_day = {r["day"]: r for r in rows}
    assert by_day[17]["observed"] is None
    assert by_day[17]["counterfactual"] is not None


def test_incomplete_months_are_drawn_as_such() -> None:
    rows = _values(use_by_month(results(), "electricity_use_kwh", "en", width=600))
    classes = {r["month"]: r["class"] for r in rows}
    assert classes["2026-04"] == "Time missing"
    assert classes["2026-05"] == "Partly estimated"


def test_every_device_has_every_day_in_the_quality_chart() -> None:
    names = {"m-main": "Main", "pv-1": "PV", "bin-food": "never reported a day"}
    rows = _values(quality_by_day(month_result(LAST), names, "en", width=600, days=LAST.days()))
    assert len(rows) == 2 * 31
    found = {(r["device"], r["day"]): r["quality"] for r in rows}
    assert found["Main", 9] == "Estimated"
    assert found["Main", 17] == "Missing"
    assert found["PV", 17] == "Measured"


def test_without_data_there_is_no_chart() -> None:
    empty = MonthResult(institution=PLACE, month=LAST, figures=())
    assert savings_by_month([empty], SUBJECT, "en", width=600) is None
    assert savings_by_day(empty, SUBJECT, "en", width=600) is None
    assert use_by_month([empty], "water_use_m3", "en", width=600) is None
    assert pv_by_month([empty], "pv-1", "en", width=600) is None
    assert pv_by_day(empty, "pv-1", "en", width=600) is None
    assert waste_by_month([empty], "en", width=600) is None
    assert quality_by_day(empty, {"m-main": "Main"}, "en", width=600, days=LAST.days()) is None
    assert use_by_month([], "water_use_m3", "en", width=600) is None


def test_a_month_without_an_interval_has_no_band() -> None:
    result = month_result(LAST)
    bare = replace(
        result,
        figures=tuple(
            replace(f, low=None, high=None, value=None, verdict=None)
            if f.name == "avoided_energy_kwh"
            else f
            for f in result.figures
        ),
    )
    (row,) = _values(savings_by_month([bare], SUBJECT, "en", width=600))
    assert (row["low"], row["high"]) == (None, None)
    assert row["verdict"] == "cannot be said"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_chart_of_a_report_can_be_drawn(lang: str) -> None:
    document = build_document(sample_model(), lang)
    drawn = [c for s in document.savings for c in s.charts]
    drawn += document.uses + document.solar + document.waste + document.quality
    assert len(drawn) == 8
    for chart in drawn:
        svg = to_svg(chart.spec)
        tree = ET.fromstring(svg)
        marks = [e for e in tree.iter() if e.get("aria-roledescription") in ("bar", "rect mark")]
        assert marks, chart.title
        assert "NaN" not in svg
        assert "undefined" not in svg
        assert to_svg(chart.spec) == svg


def test_the_page_draws_the_same_data_as_the_report() -> None:
    paper, page = (build_document(sample_model(), "en", w) for w in (ON_PAPER, FLUID))
    for a, b in zip(paper.uses + paper.waste, page.uses + page.waste, strict=True):
        assert a.spec["data"] == b.spec["data"]
        assert b.spec["width"] == "container"
