"""The report as a document in one language: the same for HTML and PDF.

Only plain text, numbers already written out, and chart specifications: a template places them
and decides nothing.
"""

from dataclasses import dataclass, field

from config.texts import texts
from domain.contracts.issued import code_of
from reports.cards import Card, cards_of, tone_of
from reports.charts.sections import (
    ON_PAPER,
    Chart,
    Widths,
    quality_charts,
    saving_charts,
    solar_charts,
    use_charts,
    waste_charts,
)
from reports.model import ReportModel, Saving
from reports.tables import FactorLine, FigureGroup, factor_lines, figure_groups, local_time
from reports.words.findings import all_findings, finding_line
from reports.words.lead import lead
from reports.words.names import subject_name
from reports.words.numbers import number
from reports.words.savings import (
    adjustment_lines,
    card_lines,
    saving_headline,
    saving_meaning,
    saving_numbers,
    saving_sentence,
)
from reports.words.texts import joined, month_name, t


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictBox:
    """One saving: the verdict, what it means, the numbers behind it and the charts."""

    title: str
    tone: str
    headline: str
    sentence: str
    meaning: str
    numbers: list[tuple[str, str]]
    charts: list[Chart]
    adjustments: list[str]
    card: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingLine:
    severity: str
    severity_text: str
    about: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Everything a template shows. Empty lists leave their section out."""

    lang: str
    title: str
    institution: str
    month: str
    origin: str
    origin_text: str
    provenance: str
    preliminary: bool
    status: str
    status_detail: str
    lead: str
    cards: list[Card]
    savings: list[VerdictBox]
    uses: list[Chart]
    solar: list[Chart]
    waste: list[Chart]
    waste_note: str
    quality: list[Chart]
    findings: list[FindingLine]
    groups: list[FigureGroup]
    factors: list[FactorLine]
    notes: list[tuple[str, str]]
    facts: list[tuple[str, str]]
    signature: list[tuple[str, str]]
    footer: str
    dated: tuple[int, ...]
    """When the figures were frozen or computed, UTC: year, month, day, hour, minute, second."""
    words: dict[str, str] = field(default_factory=dict)


def build_document(model: ReportModel, lang: str, widths: Widths = ON_PAPER) -> Document:
    """Write the report of a model out in a language."""
    name = model.institution.name(lang)
    month = month_text(model, lang)
    return Document(
        lang=lang,
        title=t("title", lang),
        institution=name,
        month=month,
        origin=model.institution.origin,
        origin_text=t(f"origin.{model.institution.origin}", lang),
        provenance=model.institution.provenance_in(lang),
        preliminary=model.standing.preliminary,
        status=_status(model, lang),
        status_detail=_status_detail(model, lang),
        lead=lead(model, lang),
        cards=cards_of(model, lang),
        savings=[_verdict_box(model, s, lang, widths) for s in model.savings()],
        uses=use_charts(model, lang, widths),
        solar=solar_charts(model, lang, widths),
        waste=waste_charts(model, lang, widths),
        waste_note=t("waste_note", lang),
        quality=quality_charts(model, lang, widths),
        findings=_findings(model, lang),
        groups=figure_groups(model, lang),
        factors=factor_lines(model, lang),
        notes=_notes(model, lang),
        facts=_facts(model, lang),
        signature=_signature(model, lang),
        footer=t("footer", lang, institution=name, month=month, status=_status(model, lang)),
        dated=(model.standing.closed_at or model.standing.computed_at).utctimetuple()[:6],
        words=_words(lang),
    )


def month_text(model: ReportModel, lang: str) -> str:
    return month_name(model.month.year, model.month.month, lang)


def _words(lang: str) -> dict[str, str]:
    """The fixed words of the templates."""
    prefix = "word."
    return {
        k.removeprefix(prefix): v[lang] for k, v in texts("report").items() if k.startswith(prefix)
    }


def _status(model: ReportModel, lang: str) -> str:
    standing = model.standing
    if standing.preliminary:
        return t("status.preliminary", lang)
    return t("status.closed", lang, revision=standing.revision)


def _status_detail(model: ReportModel, lang: str) -> str:
    standing = model.standing
    if standing.preliminary:
        return t("status.preliminary_detail", lang)
    if standing.restatement_pending:
        return t("status.pending_detail", lang)
    return t("status.closed_detail", lang, who=standing.signed_by or "—")


def _verdict_box(model: ReportModel, saving: Saving, lang: str, widths: Widths) -> VerdictBox:
    return VerdictBox(
        title=subject_name(model, saving.avoided.about, lang),
        tone=tone_of(saving),
        headline=saving_headline(saving, lang),
        sentence=saving_sentence(saving, lang),
        meaning=saving_meaning(saving, lang),
        numbers=saving_numbers(saving, lang),
        charts=saving_charts(model, saving, lang, widths),
        adjustments=adjustment_lines(saving, lang),
        card=card_lines(saving, lang),
    )


def _findings(model: ReportModel, lang: str) -> list[FindingLine]:
    lines = []
    for finding, figure in all_findings(model):
        said, about = finding_line(model, finding, figure, lang)
        lines.append(
            FindingLine(
                severity=finding.severity,
                severity_text=t(f"severity.{finding.severity}", lang),
                about="" if about in said else about,
                sentence=said,
            )
        )
    return lines


def _notes(model: ReportModel, lang: str) -> list[tuple[str, str]]:
    keys = ["completeness", "register"]
    if model.savings():
        keys += ["saving", "interval"]
    if model.subjects("pv_generation_kwh"):
        keys.append("pv")
    if model.subjects("waste_mass_kg"):
        keys.append("waste")
    if model.figure("standard_coal_kgce") or model.figure("standard_coal_shandong_kgce"):
        keys.append("coal")
    keys.append("revision")
    return [(t(f"note.{k}.title", lang), t(f"note.{k}.text", lang)) for k in keys]


def _facts(model: ReportModel, lang: str) -> list[tuple[str, str]]:
    """What is known of the institution; what is not known is left out."""
    place = model.institution
    area, heads = model.floor_area_m2, model.headcount
    facts = [
        (t("fact.type", lang), t(f"building_type.{place.building_type}", lang)),
        (t("fact.credit_code", lang), place.credit_code),
        (t("fact.area", lang), f"{number(area, 0)} m²" if area else ""),
        (t("fact.headcount", lang), number(heads, 0) if heads else ""),
        (t("fact.timezone", lang), place.timezone),
        (t("fact.id", lang), place.id),
    ]
    return [f for f in facts if f[1]]


def verify_text(digest: str) -> str:
    """Where what was signed can be looked up: an address of the service, and the code in it."""
    return f"/verify/{code_of(digest)}"


def _signature(model: ReportModel, lang: str) -> list[tuple[str, str]]:
    standing = model.standing
    zone = model.institution.timezone
    rows = [
        (t("sign.status", lang), _status(model, lang)),
        (t("sign.signed_by", lang), standing.signed_by),
        (t("sign.closed_at", lang), local_time(standing.closed_at, zone)),
        (t("sign.computed_at", lang), local_time(standing.computed_at, zone)),
        (t("sign.reason", lang), standing.reason),
        (t("sign.digest", lang), standing.digest),
        (t("sign.verify", lang), "" if standing.preliminary else verify_text(standing.digest)),
        (t("sign.models", lang), joined((m[:16] for m in model.result.models), lang)),
        (t("sign.code_version", lang), standing.code_version),
    ]
    return [r for r in rows if r[1]]
