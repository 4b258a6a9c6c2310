"""Findings as sentences that call things by their names."""

from dataclasses import replace

from config.texts import finding_text
from domain.errors import ConfigError
from domain.figures import Figure
from domain.figures.findings_once import findings_once
from domain.figures.names import FIGURE_NAMES, subject_of
from domain.figures.subjects import OfDevice, Subject
from domain.findings import Finding
from reports.model import ReportModel
from reports.words.names import carrier_name, factor_name, label, subject_name
from reports.words.texts import t


def all_findings(model: ReportModel) -> list[tuple[Finding, Figure | None]]:
    """Every finding once, the serious first, with the figure that carries it."""
    order = {"serious": 0, "warning": 1, "info": 2}
    return sorted(findings_once(model.result), key=lambda told: order[told[0].severity])


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
