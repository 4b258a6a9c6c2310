"""Numbers, changes and verdicts as people read them."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.texts import LANGUAGES
from domain.figures import Figure, Shares
from domain.figures.subjects import OfContract, OfDevice, OfItem, OfPart, OfPeriod, OfStream, Whole
from domain.findings import Finding
from domain.places import WasteStream
from reports.model import Saving
from reports.words.findings import all_findings, finding_line, sentence
from reports.words.lead import lead
from reports.words.names import subject_name
from reports.words.numbers import (
    UNKNOWN,
    amount,
    change,
    interval,
    number,
    percent,
    shares_in_words,
)
from reports.words.savings import saving_headline, saving_meaning, saving_sentence
from tests.report_sample import sample_model

FULL = Shares(1.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, "0"),
        (12345.6, "12,346"),
        (-12345.6, "−12,346"),
        (999.96, "1,000.0"),
        (123.45, "123.5"),
        (9.994, "9.99"),
        (0.1234, "0.123"),
        (-0.0001, "0.000"),
        (None, UNKNOWN),
        (float("nan"), UNKNOWN),
    ],
)
def test_numbers(value: float | None, shown: str) -> None:
    assert number(value) == shown


@given(st.floats(-1e12, 1e12, allow_nan=False))
def test_a_number_reads_back_to_itself_within_its_last_digit(value: float) -> None:
    shown = number(value)
    read = float(shown.replace(",", "").replace("−", "-"))
    decimals = len(shown.partition(".")[2])
    assert abs(read - value) <= 0.5000001 * 10**-decimals
    assert "-" not in shown


def test_percent_and_amounts() -> None:
    assert percent(0.1234) == "12.3%"
    assert percent(-0.05, sign=True) == "−5.0%"
    assert percent(0.05, sign=True) == "+5.0%"
    assert amount("waste_collections_count", 24.0, "zh") == "24"
    assert amount("pv_self_use_ratio", 0.83, "en") == "83.0%"
    assert amount("energy_per_head_kgce", 20.0, "en") == "20.0 kgce/person"
    assert amount("water_use_m3", None, "en") == UNKNOWN


@given(st.floats(0, 1), st.floats(0, 1))
def test_shares_never_round_to_all_or_nothing(a: float, b: float) -> None:
    low, high = sorted((a, b))
    shares = Shares(low, high - low, 1 - high)
    shown = shares_in_words(shares, "en")
    if shares.missing > 0.0005:
        assert "missing" in shown
    if shares.measured < 0.9995:
        assert "100% measured" not in shown


def _use(value: float | None, missing: float = 0.0) -> Figure:
    return Figure(
        name="water_use_m3", value=value, shares=Shares(1 - missing, 0.0, missing), method="x/1"
    )


def test_only_complete_months_are_compared() -> None:
    assert change(_use(110.0), _use(100.0)) == pytest.approx(0.1)
    assert change(_use(110.0, missing=0.06), _use(100.0)) is None
    assert change(_use(110.0), _use(100.0, missing=0.06)) is None
    assert change(_use(110.0), _use(0.0)) is None
    assert change(_use(110.0), None) is None
    assert change(_use(None), _use(100.0)) is None


def _saving(value: float | None, low: float | None, high: float | None, verdict: object) -> Saving:
    (saving,) = sample_model().savings()
    avoided = replace(saving.avoided, value=value, low=low, high=high, verdict=verdict)
    ratio = replace(saving.avoided, name="avoided_energy_ratio", value=(value or 0.0) / 10_000)
    return replace(saving, avoided=avoided, ratio=ratio)


@pytest.mark.parametrize(
    ("saving", "headline", "parts"),
    [
        (_saving(900, 400, 1400, "proven"), "Saving proven", ["400 and 1,400 kWh", "90%", "9.0%"]),
        (_saving(300, -200, 800, "not_proven"), "not proven", ["−200 to 800 kWh", "zero"]),
        # An increase is told as more use, in positive numbers.
        (_saving(-900, -1400, -400, "proven_increase"), "rose", ["400 and 1,400 kWh more", "9.0%"]),
        (_saving(None, None, None, None), "Cannot be said", ["what to look at"]),
    ],
)
def test_a_verdict_is_a_plain_sentence(saving: Saving, headline: str, parts: list[str]) -> None:
    assert headline in saving_headline(saving, "en")
    said = saving_sentence(saving, "en").replace(".0 ", " ")
    for part in parts:
        assert part in re.sub(r"(\d)\.0\b(?!%)", r"\1", said)
    for lang in LANGUAGES:
        assert saving_meaning(saving, lang)
        assert "{" not in saving_sentence(saving, lang)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_running_month_is_said_to_be_one_before_anything_else(lang: str) -> None:
    model = sample_model()
    runs = Finding("month_running", "info", "", {"days": 9.5, "of": 31})
    whole = lead(model, lang)
    part = lead(replace(model, result=replace(model.result, findings=(runs,))), lang)
    first = {
        "zh": "本月尚未结束（31 天中已过 9.5 天）",
        "en": "The month is not over (9.5 of 31 days",
    }
    assert part.startswith(first[lang]) and first[lang] not in whole


def test_an_interval_shows_both_bounds_or_nothing() -> None:
    figure = Figure(
        name="avoided_energy_kwh", value=5.0, low=-2.0, high=12.0, shares=FULL, method="x/1"
    )
    assert interval(figure, "en") == "−2.0 to 12.0 kWh"
    assert interval(replace(figure, low=None), "en") == ""


def test_a_finding_without_words_still_says_its_numbers() -> None:
    found = Finding("never_heard_of", "warning", "m-1", {"hours": 3})
    assert sentence(found, "zh") == "never_heard_of (hours = 3)"


def test_each_finding_is_told_once_of_the_part_it_is_about() -> None:
    model = sample_model()
    of_part = Finding("use_estimated", "info", "m-main", {"estimated_pct": 6.3})
    of_total = replace(of_part, subject="")
    other = replace(of_total, numbers={"estimated_pct": 1.0})
    figures = (
        replace(_use(1.0), findings=(of_total, other)),
        replace(_use(1.0), subject="m-main", findings=(of_part, of_part)),
    )
    told = all_findings(replace(model, result=replace(model.result, figures=figures, findings=())))
    assert [f for f, _ in told] == [of_part, other]
    lines = [finding_line(model, f, figure, "en")[0] for f, figure in told]
    assert lines == [
        "6.3% of the time of Main incomer is estimated",
        "1.0% of the time of Water use is estimated",
    ]


def test_subjects_have_names_in_both_languages() -> None:
    model = sample_model()
    cooling = OfContract("retrofit", "electricity")
    assert subject_name(model, OfDevice("m-main"), "zh") == "总进线电表"
    assert subject_name(model, OfStream(WasteStream.FOOD), "en") == "Food waste"
    assert subject_name(model, cooling, "en") == "Air-conditioning retrofit, electricity"
    assert (
        subject_name(model, OfPart(cooling, "cooling"), "en")
        == "Air-conditioning retrofit, electricity, cooling (heat)"
    )
    assert subject_name(model, OfContract("gone", "heat"), "en") == "gone/heat"
    assert subject_name(model, OfPeriod("peak"), "en") == "Peak"
    assert subject_name(model, OfPeriod("demand"), "en") == "demand"
    assert subject_name(model, OfItem("01B00"), "en") == "Air conditioning"
    assert subject_name(model, OfDevice("not-registered"), "en") == "not-registered"
    assert subject_name(model, Whole(), "en") == ""


def test_a_device_called_like_a_stream_is_shown_as_the_device_and_the_stream_as_the_stream() -> (
    None
):
    model = sample_model()
    namesake = replace(
        next(d for d in model.devices if d.id == "m-main"),
        id="food",
        name_zh="食堂电表",
        name_en="Canteen meter",
    )
    with_it = replace(model, devices=(*model.devices, namesake))
    of_device = replace(_use(1.0), name="electricity_use_kwh", subject="food")
    of_stream = replace(of_device, name="waste_mass_kg")
    for named in (with_it, model):
        assert subject_name(named, of_stream.about, "en") == "Food waste"
    assert subject_name(with_it, of_device.about, "en") == "Canteen meter"
    assert subject_name(model, of_device.about, "en") == "food"
