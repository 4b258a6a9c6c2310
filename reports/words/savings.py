"""What is said of a saving: its verdict, its numbers, the parts of its counterfactual, the
adjustments that are in, and the card of its model."""

from domain.adjustments import Adjustment
from domain.figures import Figure
from processing.savings.explain import calibrated_on, model_card
from processing.savings.peers.card import peers_card
from reports.model import Saving
from reports.words.findings import sentence
from reports.words.names import label
from reports.words.numbers import (
    amount,
    confidence_text,
    interval,
    missing_text,
    percent,
    size_of,
    value_text,
)
from reports.words.proof import proof_for, proof_lines
from reports.words.texts import joined, t
from reports.words.verdicts import reason_of, text_key, verdict_word, withholding


def saving_headline(saving: Saving, lang: str) -> str:
    """The verdict in a few words."""
    return t(_key("verdict.headline", saving), lang)


def saving_sentence(saving: Saving, lang: str) -> str:
    """The verdict as a plain sentence with its numbers, and with what withholds it."""
    figure, reason = saving.avoided, reason_of(saving.avoided)
    rose = reason == "proven_increase"
    low, high = figure.low, figure.high
    if rose and low is not None and high is not None:
        low, high = -high, -low
    size = size_of(figure)
    value = -figure.value if rose and figure.value is not None else figure.value
    ratio = saving.ratio.value if saving.ratio else None
    return t(
        _key("verdict.sentence", saving),
        lang,
        value=amount(figure.name, value, lang, like=size),
        low=amount(figure.name, low, lang, with_unit=False, like=size),
        high=amount(figure.name, high, lang, like=size),
        share=percent(abs(ratio) if ratio is not None and rose else ratio),
        confidence=confidence_text(figure),
        missing=missing_text(figure),
        reasons=_reasons(figure, lang),
    )


def saving_meaning(saving: Saving, lang: str) -> str:
    """What the verdict means for somebody who pays or signs."""
    return t(_key("verdict.meaning", saving), lang, confidence=confidence_text(saving.avoided))


def lead_of(saving: Saving, lang: str) -> str:
    """The verdict as a sentence of the lead."""
    return t(_key("lead.saving", saving), lang)


def _key(kind: str, saving: Saving) -> str:
    return text_key(kind, reason_of(saving.avoided), project=saving.of_project)


def _reasons(figure: Figure, lang: str) -> str:
    """What withholds the verdict, in words; a signed month may not say it."""
    said = [sentence(f, lang).rstrip("。.") for f in withholding(figure)]
    return t("part_separator", lang).join(said) or t("verdict.no_reason", lang)


_LEAST_PART = 0.005
"""Of the counterfactual: smaller parts are not worth a reader's time."""


def saving_numbers(saving: Saving, lang: str) -> list[tuple[str, str]]:
    """The numbers behind a verdict, each with its interval where it has one."""
    figures = (saving.counterfactual, saving.observed, saving.avoided, saving.ratio)
    numbers = [(label(f.name, lang), _with_interval(f, lang)) for f in figures if f is not None]
    for figure in (saving.adjustment, saving.unadjusted, saving.year_to_date, saving.normalised):
        if figure is not None:
            numbers.append((label(figure.name, lang), _judged(figure, lang)))
    if saving.nominal is not None and (span := interval(saving.nominal, lang)):
        numbers.append((t("nominal", lang), span))
    if parts := parts_text(saving, lang):
        numbers.append((t("parts", lang), parts))
    return numbers


def _with_interval(figure: Figure, lang: str) -> str:
    value = value_text(figure, lang)
    span = interval(figure, lang, with_unit=False)
    return t("value_with_interval", lang, value=value, interval=span) if span else value


def _judged(figure: Figure, lang: str) -> str:
    """With the word of its own verdict: it may differ from the month's."""
    said = _with_interval(figure, lang)
    return joined((said, verdict_word(figure, lang)), lang) if figure.value is not None else said


def parts_text(saving: Saving, lang: str) -> str:
    """What the counterfactual is made of, in kWh and as shares of it; the largest first."""
    whole = saving.counterfactual.value if saving.counterfactual else None
    if not whole:
        return ""
    parts = [(name, f.value) for name, f in saving.parts if f.value is not None]
    if saving.adjustment is not None and saving.adjustment.value:
        parts.append(("adjustment", saving.adjustment.value))
    shown = sorted((p for p in parts if abs(p[1]) >= _LEAST_PART * whole), key=lambda p: -abs(p[1]))
    return t("part_separator", lang).join(
        t(
            "part_line",
            lang,
            name=t(f"part.{name}", lang),
            value=amount("counterfactual_part_kwh", value, lang),
            share=percent(value / whole, 0),
        )
        for name, value in shown
    )


def adjustment_lines(saving: Saving, lang: str) -> list[str]:
    """One line an adjustment that is in the figures."""
    return [_adjustment_line(a, lang) for a in saving.adjustments]


def _adjustment_line(a: Adjustment, lang: str) -> str:
    until = t("adjustment_until", lang, end=a.end.isoformat()) if a.end else ""
    return t(
        "adjustment_line",
        lang,
        number=a.number,
        start=a.start.isoformat(),
        until=until,
        formula=_formula(a.formula),
        reason=a.reason,
        evidence=a.evidence,
        digest=a.evidence_sha256[:12],
        author=a.author,
        approver=a.approver,
    )


def _formula(formula: str) -> str:
    """As people read it: 150 for 150.0; other formulas as they were entered."""
    try:
        return f"{float(formula):,g}".replace("-", "−")
    except ValueError:
        return formula


def card_lines(saving: Saving, lang: str) -> list[str]:
    """The model in plain sentences; nothing where it is not in the ledger."""
    if saving.model is None:
        return []
    since = calibrated_on(saving.avoided.factors)
    lines = model_card(saving.model, lang, on=since)
    if saving.peers is not None:
        lines += peers_card(saving.peers, saving.peer_month, lang)
    contract = saving.contract
    if contract is not None and contract.expected_saving_ratio is not None:
        on = since or saving.model.baseline_end
        lines += proof_lines(proof_for(contract, saving.model, on), lang)
    return lines
