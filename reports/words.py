"""Numbers, intervals and verdicts as people read them, in both languages."""

import math
from collections.abc import Iterable
from dataclasses import replace

from config.processing import processing_settings
from config.texts import finding_text, text, texts, unit_text
from domain.comparing import change_ratio
from domain.errors import ConfigError
from domain.figure_kinds import kind_of
from domain.figure_names import FIGURE_NAMES, subject_of
from domain.figures import Figure, Shares
from domain.findings import Finding
from domain.subjects import (
    OfContract,
    OfDevice,
    OfItem,
    OfPart,
    OfPeriod,
    OfStream,
    OfUnknown,
    Subject,
)
from reports.model import ReportModel, Saving

UNKNOWN = "—"


def t(key: str, lang: str, /, **values: object) -> str:
    """A text of the reports."""
    return text("report", key, lang, **values)


def number(value: float | None, decimals: int | None = None) -> str:
    """A number with thousands separators and a true minus sign; a dash where there is none.

    Without `decimals` it keeps about three significant digits, and never cuts before the
    decimal point: 12,345 · 123.4 · 12.3 · 1.23 · 0.123.

    >>> number(-12345.6), number(0.1234), number(None)
    ('−12,346', '0.123', '—')
    """
    if value is None or not math.isfinite(value):
        return UNKNOWN
    if decimals is None:
        decimals = decimals_of(value)
    shown = f"{value:,.{decimals}f}"
    if float(shown.replace(",", "")) == 0:
        shown = f"{0:.{0 if value == 0 else decimals}f}"
    return shown.replace("-", "−")


def decimals_of(value: float) -> int:
    """How many decimals a number of this size is shown with."""
    return next((d for limit, d in ((1000, 0), (10, 1), (1, 2)) if abs(value) >= limit), 3)


def percent(ratio: float | None, decimals: int = 1, *, sign: bool = False) -> str:
    """A ratio in percent.

    >>> percent(0.1234), percent(-0.05, sign=True)
    ('12.3%', '−5.0%')
    """
    if ratio is None or not math.isfinite(ratio):
        return UNKNOWN
    shown = number(ratio * 100, decimals)
    plus = "+" if sign and ratio > 0 else ""
    return f"{plus}{shown}%"


def unit_of(name: str, lang: str) -> str:
    """The unit as it is written behind a number; empty for ratios and counts."""
    unit = FIGURE_NAMES[name].unit if name in FIGURE_NAMES else ""
    return "" if unit == "1" else unit_text(unit, lang)


def is_ratio(name: str) -> bool:
    """Whether a figure is shown in percent."""
    return kind_of(name) == "ratio"


def label(name: str, lang: str) -> str:
    """What a figure is called."""
    return FIGURE_NAMES[name].label(lang) if name in FIGURE_NAMES else name


def amount(
    name: str,
    value: float | None,
    lang: str,
    *,
    with_unit: bool = True,
    like: float | None = None,
) -> str:
    """A figure's value as it is read: percent for ratios, whole numbers for counts.

    `like` is a number whose decimals it takes, so that a value and its interval fit together.
    """
    if value is None:
        return UNKNOWN
    if is_ratio(name):
        return percent(value)
    decimals = 0 if kind_of(name) == "count" else None
    if decimals is None and like is not None:
        decimals = decimals_of(like)
    shown = number(value, decimals)
    unit = unit_of(name, lang)
    return f"{shown} {unit}" if with_unit and unit else shown


def interval(figure: Figure, lang: str, *, with_unit: bool = True) -> str:
    """The figure's interval, e.g. ``1,200 – 3,400 kWh``; empty without one."""
    if figure.low is None or figure.high is None:
        return ""
    size = size_of(figure)
    low = amount(figure.name, figure.low, lang, with_unit=False, like=size)
    high = amount(figure.name, figure.high, lang, with_unit=with_unit, like=size)
    return t("between", lang, low=low, high=high)


def size_of(figure: Figure) -> float:
    """The largest of a figure and its bounds, without the sign."""
    return max(
        (abs(v) for v in (figure.value, figure.low, figure.high) if v is not None), default=0.0
    )


def value_text(figure: Figure, lang: str, *, with_unit: bool = True) -> str:
    """A figure's value, with the decimals of its interval."""
    return amount(figure.name, figure.value, lang, with_unit=with_unit, like=size_of(figure))


def confidence_text(figure: Figure) -> str:
    """The level of the interval, e.g. ``90%``."""
    return UNKNOWN if figure.confidence is None else percent(figure.confidence, 0)


def subject_name(model: ReportModel, subject: Subject, lang: str) -> str:
    """A device, waste stream or contract as people call it; empty for the institution."""
    match subject:
        case OfDevice(device) | OfUnknown(device):
            return device_name(model, device, lang)
        case OfStream(stream):
            return t(f"stream.{stream}", lang)
        case OfPeriod(period):
            return _named_by("tariff_period", period, lang)
        case OfItem(code):
            return _named_by("energy_item", code, lang)
        case OfPart(whole, part):
            name = subject_name(model, whole, lang)
            return t("of_carrier", lang, name=name, carrier=_named_by("part", part, lang))
        case OfContract(contract_id, carrier):
            contract = next((c for c in model.contracts if c.id == contract_id), None)
            if contract is None:
                return str(subject)
            name = contract.name_zh if lang == "zh" else contract.name_en
            return t("of_carrier", lang, name=name, carrier=carrier_name(carrier, lang))
    return ""


def device_name(model: ReportModel, device_id: str, lang: str) -> str:
    """A device as people call it; its id where it has no name."""
    device = next((d for d in model.devices if d.id == device_id), None)
    named = device is not None and (device.name_zh if lang == "zh" else device.name_en)
    return named or device_id


def _named_by(kind: str, word: str, lang: str) -> str:
    """The text for a word of a kind; the word itself where there is none."""
    return t(f"{kind}.{word}", lang) if f"{kind}.{word}" in texts("report") else word


def carrier_name(carrier: str, lang: str) -> str:
    try:
        return t(f"carrier.{carrier}", lang)
    except ConfigError:
        return carrier


def change(figure: Figure | None, before: Figure | None) -> float | None:
    """The change on an earlier month as a ratio; None where the two cannot be compared."""
    if figure is None or before is None:
        return None
    least = processing_settings().comparison.least_known_ratio
    return change_ratio(figure.value, figure.shares, before.value, before.shares, least)


def change_text(figure: Figure, before: Figure | None, lang: str) -> str:
    """The change on an earlier month: in percent, of shares in points, of temperatures in °C."""
    ratio = change(figure, before)
    if ratio is None or before is None or figure.value is None or before.value is None:
        return UNKNOWN
    difference = figure.value - before.value
    plus = "+" if difference > 0 else ""
    if is_ratio(figure.name):
        return t("points", lang, value=plus + number(100 * difference, 1))
    if kind_of(figure.name) == "temperature":
        return f"{plus}{number(difference, 1)} °C"
    return percent(ratio, sign=True)


def finding_line(
    model: ReportModel, finding: Finding, figure: Figure | None, lang: str
) -> tuple[str, str]:
    """A finding as a sentence that calls things by their names, and the figure it is about
    where the sentence does not say so."""
    figure_name = label(figure.name, lang) if figure else ""
    if finding.subject:
        about = _meant(model, finding.subject, figure)
        name = subject_name(model, about, lang)
        return sentence(_named(finding, name, lang), lang), figure_name
    part = subject_name(model, figure.about, lang) if figure else ""
    whole = t("of_part", lang, name=figure_name, part=part) if part else figure_name
    whole = whole or t("the_institution", lang)
    return sentence(_named(finding, whole, lang), lang), whole if figure else ""


def _meant(model: ReportModel, subject: str, figure: Figure | None) -> Subject:
    """What a finding is about: a device, else something its figure could be about."""
    if figure is None or any(d.id == subject for d in model.devices):
        return OfDevice(subject)
    return subject_of(figure.name, subject)


def _named(finding: Finding, name: str, lang: str) -> Finding:
    numbers = {
        k: _word_of(v, lang) if isinstance(v, str) else v for k, v in finding.numbers.items()
    }
    return replace(finding, subject=name, numbers=numbers)


def _word_of(value: str, lang: str) -> str:
    """The words for a figure's, carrier's or factor's name among a finding's numbers."""
    if value in FIGURE_NAMES:
        return label(value, lang)
    return factor_name(value, lang) if "." in value else carrier_name(value, lang)


def factor_name(name: str, lang: str) -> str:
    """What a dated factor is called; its own name where we have no words for it."""
    try:
        return t(f"factor_name.{name}", lang)
    except ConfigError:
        return name


def sentence(finding: Finding, lang: str) -> str:
    """A finding as a sentence.

    A signed month may carry a finding that this version has no words for: its code and
    numbers are shown then, and the report is still written.
    """
    try:
        said = finding_text(finding, lang)
    except (ConfigError, KeyError, ValueError):
        numbers = ", ".join(f"{k} = {v}" for k, v in finding.numbers.items())
        return f"{finding.code} ({numbers})" if numbers else finding.code
    # A device keeps its name as it is written, also where it begins the sentence.
    begins_with_a_name = finding.subject and said.startswith(finding.subject)
    return said if begins_with_a_name else said[:1].upper() + said[1:]


def all_findings(model: ReportModel) -> list[tuple[Finding, Figure | None]]:
    """Every finding once, the serious first, with the figure that carries it.

    A total repeats what its parts say; of equal findings the part's is kept.
    """
    pairs: list[tuple[Finding, Figure | None]] = [(f, None) for f in model.result.findings]
    figures = sorted(model.result.figures, key=lambda f: f.subject == "")
    pairs += [(f, figure) for figure in figures for f in figure.findings]
    seen: dict[tuple[str, str, str], tuple[Finding, Figure | None, str]] = {}
    for finding, figure in pairs:
        about = finding.subject or (figure.subject if figure else "")
        numbers = repr(sorted(finding.numbers.items()))
        said_of_a_part = any((f.code, n) == (finding.code, numbers) for f, _, n in seen.values())
        if about or not said_of_a_part:
            seen.setdefault((finding.code, about, numbers), (finding, figure, numbers))
    order = {"serious": 0, "warning": 1, "info": 2}
    found = [(finding, figure) for finding, figure, _ in seen.values()]
    return sorted(found, key=lambda p: order[p[0].severity])


def saving_headline(saving: Saving, lang: str) -> str:
    """The verdict in a few words."""
    return t(f"verdict.headline.{saving.verdict or 'none'}", lang)


def saving_sentence(saving: Saving, lang: str) -> str:
    """The verdict as a plain sentence with its numbers."""
    figure = saving.avoided
    if figure.value is None or figure.low is None or figure.high is None:
        return t("verdict.sentence.none", lang)
    rose = saving.verdict == "proven_increase"
    low, high = (-figure.high, -figure.low) if rose else (figure.low, figure.high)
    size = size_of(figure)
    value = -figure.value if rose else figure.value
    ratio = saving.ratio.value if saving.ratio else None
    return t(
        f"verdict.sentence.{saving.verdict or 'unjudged'}",
        lang,
        value=amount(figure.name, value, lang, like=size),
        low=amount(figure.name, low, lang, with_unit=False, like=size),
        high=amount(figure.name, high, lang, like=size),
        share=percent(abs(ratio) if ratio is not None and rose else ratio),
        confidence=confidence_text(figure),
    )


def saving_meaning(saving: Saving, lang: str) -> str:
    """What the verdict means for somebody who pays or signs."""
    if saving.contract is not None and saving.contract.form == "none":
        return t("verdict.meaning.no_project", lang, confidence=confidence_text(saving.avoided))
    return t(f"verdict.meaning.{saving.verdict or 'none'}", lang)


def shares_in_words(shares: Shares, lang: str) -> str:
    """What is known how, e.g. ``98% measured, 2% estimated``; parts of nothing left out."""
    parts = (
        ("measured", shares.measured),
        ("estimated", shares.estimated),
        ("missing", shares.missing),
    )
    return joined(
        (t(f"share.{k}", lang, share=_share(v)) for k, v in parts if round(v, 4) > 0), lang
    )


def _share(value: float) -> str:
    # 99.7 % must not be shown as all of it, nor 0.3 % as nothing.
    return percent(value, 0 if 0.01 <= value <= 0.99 or value == 1 else 1)


def joined(parts: Iterable[str], lang: str) -> str:
    """A list in a sentence."""
    return ("、" if lang == "zh" else ", ").join(p for p in parts if p)
