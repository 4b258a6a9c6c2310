"""No sentence about a saving says anything else than the numbers beside it: all combinations."""

import re
from dataclasses import replace
from itertools import product
from typing import get_args

import pytest

from config.texts import LANGUAGES, texts
from domain.figures import Figure, MonthResult, Shares, Verdict
from domain.findings import Finding
from domain.places import Contract, Origin
from reports.cards import cards_of, tone_of
from reports.document import build_document
from reports.model import ReportModel, Saving
from reports.words.savings import saving_headline, saving_meaning, saving_sentence
from reports.words.verdicts import Reason, reason_of, text_key, verdict_word
from tests.report_sample import sample_model

REASONS = get_args(Reason)
SAMPLE = replace(sample_model(), history=())
VERDICTS: tuple[Verdict | None, ...] = (*get_args(Verdict), None)
INTERVALS = {
    "above": (202.0, 1232.0),
    "touches zero": (0.0, 1232.0),
    "around zero": (-400.0, 700.0),
    "hardly above": (0.004, 1232.0),
    "below": (-1232.0, -202.0),
    "none": (None, None),
}
SERIOUS = (Finding("savings_unsteady", "serious", numbers={"times": 2.3}),)
FINDINGS = {
    "nothing": (),
    "a note": (Finding("savings_no_temperature", "info", numbers={"days": 3}),),
    "a serious one": SERIOUS,
    "two serious ones": (
        *SERIOUS,
        Finding("savings_baseline_short", "serious", numbers={"days": 100, "needed": 365}),
    ),
}
SHARES = {"known": Shares.full(), "mostly missing": Shares.known(0.3)}
ORIGINS: tuple[Origin, ...] = get_args(Origin)
FORMS = ("shared", "none", None)
"""A contract, a comparison without a project, and figures whose contract is not registered."""

CLAIMS = {
    "above": re.compile(r"above zero|在零以上|were saved|本月节约|少用|less were used"),
    "below": re.compile(r"below zero|在零以下|more were used|多用"),
    "zero": re.compile(r"contains zero|包含零|within ordinary variation|没有超出正常波动"),
    "proven": re.compile(r"已证实|得到证实|\bproven\b"),
}
NOT_PROVEN = re.compile(
    r"未证实|未得到证实|not proven|[Nn]o difference( from the baseline is)? proven"
)


def made(
    verdict: Verdict | None,
    interval: str,
    findings: str,
    shares: str,
    origin: Origin,
    form: str | None,
) -> tuple[ReportModel, Saving]:
    """The sample's month with one saving so judged."""
    model = SAMPLE
    low, high = INTERVALS[interval]
    value = None if low is None or high is None else (low + high) / 2
    figures = []
    for f in model.result.figures:
        if f.name == "avoided_energy_kwh":
            f = replace(
                f,
                value=value,
                low=low,
                high=high,
                verdict=verdict,
                findings=FINDINGS[findings],
                shares=SHARES[shares],
            )
        if f.name == "avoided_energy_ratio":
            f = replace(f, value=None if value is None else value / 31_000)
        figures.append(f)
    result = replace(model.result, figures=tuple(figures), findings=())
    contracts: tuple[Contract, ...] = ()
    if form is not None:
        contracts = tuple(replace(c, form=form) for c in model.contracts)  # type: ignore[arg-type]
    changed = replace(
        model,
        result=result,
        institution=replace(model.institution, origin=origin),
        contracts=contracts,
    )
    (saving,) = changed.savings()
    return changed, saving


ALL = list(product(VERDICTS, INTERVALS, FINDINGS, SHARES, ORIGINS, FORMS))


def said_of(saving: Saving, lang: str) -> str:
    parts = (saving_headline(saving, lang), saving_sentence(saving, lang))
    return " ".join((*parts, saving_meaning(saving, lang)))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_sentence_contradicts_its_interval(lang: str) -> None:
    reasons = set()
    for case in ALL:
        _, saving = made(*case)
        figure, said = saving.avoided, said_of(saving, lang)
        low, high, reason = figure.low, figure.high, reason_of(figure)
        reasons.add(reason)
        assert "{" not in said and UNSAID not in said, case
        above, below = low is not None and low > 0, high is not None and high < 0
        claims = {k: bool(p.search(NOT_PROVEN.sub("", said))) for k, p in CLAIMS.items()}
        assert not claims["above"] or above, (case, said)
        assert not claims["below"] or below, (case, said)
        assert not claims["zero"] or not (above or below), (case, said)
        if claims["proven"]:
            assert figure.verdict in ("proven", "proven_increase"), (case, said)
            assert above if figure.verdict == "proven" else below, (case, said)
            assert figure.shares.missing < 0.5
        assert (tone_of(saving) == "good") == (reason == "proven")
        assert (tone_of(saving) == "bad") == (reason == "proven_increase")
    assert reasons == set(REASONS), "each reason comes up"


UNSAID = "—"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_withholds_a_verdict_is_said(lang: str) -> None:
    for interval, origin, form in product(("above", "below", "around zero"), ORIGINS, FORMS):
        _, saving = made("not_proven", interval, "two serious ones", "known", origin, form)
        said = saving_sentence(saving, lang)
        assert ("2.3" in said) and ("365" in said)
        _, untold = made("not_proven", interval, "nothing", "known", origin, form)
        if interval != "around zero":
            silent = "没有写明" if lang == "zh" else "does not say which"
            assert silent in saving_sentence(untold, lang)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("kind", ["verdict.sentence", "verdict.meaning", "verdict.headline"])
def test_each_reason_has_words_of_its_own(kind: str, lang: str) -> None:
    words = [texts("report")[text_key(kind, reason)][lang] for reason in REASONS]
    same = {"verdict.headline": 1}  # a saving is not proven, with a problem besides or without
    assert len(words) - len(set(words)) == same.get(kind, 0)


def test_no_project_is_never_said_to_save() -> None:
    for case in product(VERDICTS, INTERVALS, FINDINGS, SHARES, ORIGINS):
        model, saving = made(*case, "none")
        if reason_of(saving.avoided) not in ("unknown", "unjudged", "mostly_missing"):
            for lang in LANGUAGES:
                card = next(c for c in cards_of(model, lang) if c.shares is None)
                parts = (card.label, saving_headline(saving, lang), saving_sentence(saving, lang))
                said = " ".join(parts)
                assert not re.search(r"saved|[Ss]aving|节能|节约", said), said
                lead = build_document(model, lang).lead
                assert not re.search(r"saving|节能", lead), lead


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("interval", INTERVALS)
@pytest.mark.parametrize("verdict", VERDICTS)
def test_lead_card_and_table_say_the_same(
    verdict: Verdict | None, interval: str, lang: str
) -> None:
    for findings, shares in product(FINDINGS, SHARES):
        model, saving = made(verdict, interval, findings, shares, "simulated", "shared")
        document = build_document(model, lang)
        (box,) = document.savings
        card = next(c for c in document.cards if c.shares is None)
        assert card.shares_text == box.headline and card.tone == box.tone
        proven = bool(CLAIMS["proven"].search(NOT_PROVEN.sub("", document.lead)))
        reason = reason_of(saving.avoided)
        assert proven == (reason in ("proven", "proven_increase")), (document.lead, reason)
        word = verdict_word(saving.avoided, lang)
        if verdict is None:
            assert word == ""
        elif reason.startswith("withheld_") and reason != "withheld_zero":
            assert word == ("暂不认定" if lang == "zh" else "withheld")
        if shares == "mostly missing" and saving.avoided.value is not None:
            assert card.value == ("未知" if lang == "zh" else "not known")
            assert "70%" in card.unit


def test_a_bound_that_is_not_nought_is_not_shown_as_nought() -> None:
    _, saving = made("proven", "hardly above", "nothing", "known", "live", "shared")
    assert "0.004" in saving_sentence(saving, "en")


def result_of(*figures: Figure) -> MonthResult:
    return replace(sample_model().result, figures=figures, findings=())


def test_a_month_mostly_missing_leads_with_that_and_not_with_its_known_part() -> None:
    figure = Figure(
        name="electricity_use_kwh", value=11.6, shares=Shares.known(0.002), method="x/1"
    )
    model = sample_model()
    for lang, word, known in (
        ("en", "not known: 99.8% missing (known part 11.6 kWh)", "known part 11.6 kWh"),
        ("zh", "未知：缺失 99.8%（已知部分 11.6 kWh）", "已知部分 11.6 kWh"),
    ):
        shown = replace(model, result=result_of(figure))
        document = build_document(shown, lang)
        (row,) = document.groups[0].rows
        assert row.value == word
        (card,) = cards_of(shown, lang)
        assert (card.value + " " + card.unit).startswith(word[:2])
        assert "99.8%" in card.unit and card.note == known
        assert document.lead.index("99.8%") < document.lead.index("11.6")


def test_a_use_that_is_partly_missing_is_a_least_one() -> None:
    partly = Figure(name="water_use_m3", value=120.0, shares=Shares.known(0.9), method="x/1")
    document = build_document(replace(sample_model(), result=result_of(partly)), "en")
    assert document.lead.startswith("Water use was at least 120.0 m³")
    assert document.groups[0].rows[0].value == "at least 120.0 m³"
    ratio = replace(partly, name="waste_sorting_accuracy_ratio", value=0.9)
    shown = build_document(replace(sample_model(), result=result_of(ratio)), "en")
    assert shown.groups[0].rows[0].value == "90.0%", "a share is no sum"


def test_headlines_fit_a_card() -> None:
    """A card is 54 mm wide, and its last line has no room for a second."""
    for lang, most in (("zh", 18), ("en", 32)):
        headlines = [
            v[lang] for k, v in texts("report").items() if k.startswith("verdict.headline.")
        ]
        assert max(map(len, headlines)) <= most
