"""Quotas in words: every kind, level, field and measure there is, and every reason."""

import re
from typing import get_args

import pytest

from config.texts import LANGUAGES, texts
from domain.findings import Finding
from domain.places import HeatSource, InstitutionKind, Level
from processing.use.quota_positions import MEASURES
from reports.words.quotas import measure_name, why_no_grade
from tests.paths import ROOT


def codes() -> set[str]:
    source = (ROOT / "processing" / "use" / "quota_positions.py").read_text(encoding="utf-8")
    source += (ROOT / "config" / "quotas.py").read_text(encoding="utf-8")
    found = set(re.findall(r'"(quota_\w+)"', source)) - {"quota_positions"}
    return found | {f"quota_not_of_{f}" for f in ("level", "zone", "heat_source")}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_reason_and_every_word_in_it_is_said(lang: str) -> None:
    assert len(codes()) >= 9
    numbers: dict[str, float | int | str] = {
        "kind": "hospital",
        "measure": "energy_per_head",
        "fields": "beds, outpatients",
        "own": "III",
        "listed": "province, city",
        "region": "11",
        "district_code": "110101",
        "months": 9,
        "missing_pct": 25.0,
    }
    for code in codes():
        said = why_no_grade(Finding(code, numbers=numbers), lang)
        assert said and not said.startswith(code)
        assert "energy_per_head" not in said and "hospital," not in said


def test_the_sentences_as_people_read_them() -> None:
    missing = Finding("quota_field_missing", numbers={"fields": "beds, outpatients"})
    assert why_no_grade(missing, "zh") == "请在台账填写床位数（beds）、年门诊人次（outpatients）"
    assert why_no_grade(missing, "en") == (
        "Fill in beds (beds), outpatients a year (outpatients) in the registry"
    )
    level = Finding("quota_not_of_level", numbers={"kind": "office", "own": "II", "listed": "city"})
    assert why_no_grade(level, "zh") == "没有二级的定额，只有：市级"
    assert why_no_grade(level, "en") == "There is no quota for grade II, only for city"


def test_every_word_of_the_registry_and_the_measures_has_both_languages() -> None:
    words = texts("quotas")
    for kind in set(get_args(InstitutionKind)) - {""}:
        assert f"kind.{kind}" in words
    for own in {*get_args(Level), *get_args(HeatSource), "A", "B"} - {""}:
        assert f"graded_by.{own}" in words
    for measure in MEASURES:
        assert measure_name(measure.name, "zh") != measure.name
        for count in measure.counts.values():
            assert all(f"registry_field.{f}" in words for f in count.fields)
    assert measure_name("of_a_later_version", "en") == "of_a_later_version"
