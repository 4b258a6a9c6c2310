"""The headline numbers of a report."""

from dataclasses import dataclass

from domain.carriers import USE_OF_FIGURE
from domain.figures import Figure
from reports.model import ReportModel, Saving
from reports.words.known import is_mostly_missing
from reports.words.names import carrier_name, label, subject_name
from reports.words.numbers import (
    amount,
    change,
    confidence_text,
    interval,
    missing_text,
    percent,
    shares_in_words,
    unit_of,
    value_text,
)
from reports.words.savings import saving_headline
from reports.words.texts import joined, t
from reports.words.verdicts import reason_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A headline number. `shares` are (measured, estimated, missing), for the evidence bar."""

    label: str
    value: str
    unit: str
    note: str = ""
    tone: str = "plain"
    shares: tuple[float, float, float] | None = None
    shares_text: str = ""


def cards_of(model: ReportModel, lang: str) -> list[Card]:
    uses = [f for n in USE_OF_FIGURE if (f := model.figure(n))]
    # A carrier that rests, like heat in summer, is in the table and the chart.
    cards = [_figure_card(model, f, lang) for f in uses if f.value != 0]
    cards += [
        _figure_card(model, f, lang)
        for f in model.result.figures
        if f.name == "pv_generation_kwh" and f.subject
    ]
    cards += [_saving_card(s, lang) for s in model.savings()]
    for name in ("co2_kg", "waste_mass_kg"):
        figure = model.figure(name)
        if figure is not None and figure.value is not None:
            cards.append(_figure_card(model, figure, lang))
    return cards


def _figure_card(model: ReportModel, figure: Figure, lang: str) -> Card:
    ratio = change(figure, model.compared_with(figure))
    note = (
        t("not_over" if model.running else "no_comparison", lang)
        if ratio is None
        else t("on_last_year", lang, change=percent(ratio, sign=True))
    )
    title = label(figure.name, lang)
    if figure.subject and len(model.subjects(figure.name)) > 1:
        title = joined((title, subject_name(model, figure.about, lang)), lang)
    shares = figure.shares
    if is_mostly_missing(figure):
        note = t("known_part", lang, value=amount(figure.name, figure.value, lang))
    return Card(
        label=title,
        value=_card_value(figure, lang),
        unit=_card_unit(figure, lang),
        note=note if figure.value is not None else t("unknown_note", lang),
        shares=(shares.measured, shares.estimated, shares.missing),
        shares_text=shares_in_words(shares, lang),
    )


def _card_value(figure: Figure, lang: str) -> str:
    if is_mostly_missing(figure):
        return t("not_known_word", lang)
    return value_text(figure, lang, with_unit=False)


def _card_unit(figure: Figure, lang: str) -> str:
    if is_mostly_missing(figure):
        return t("share.missing", lang, share=missing_text(figure))
    return unit_of(figure.name, lang) if figure.value is not None else ""


_TONES = {"proven": "good", "proven_increase": "bad"}


def tone_of(saving: Saving) -> str:
    """Good or bad only where it is proven."""
    return _TONES.get(reason_of(saving.avoided), "neutral")


def _saving_card(saving: Saving, lang: str) -> Card:
    figure = saving.avoided
    span = interval(figure, lang, with_unit=False)
    title = "saving_card" if saving.of_project else "saving_card_no_project"
    note = t("unknown_note", lang)
    if span:
        note = t("card_interval", lang, confidence=confidence_text(figure), interval=span)
    return Card(
        label=t(title, lang, carrier=carrier_name(saving.carrier, lang)),
        value=_card_value(figure, lang),
        unit=_card_unit(figure, lang),
        note=note,
        tone=tone_of(saving),
        shares_text=saving_headline(saving, lang),
    )
