"""The report as a document in one language: the same for HTML and PDF.

Only plain text, numbers already written out, and chart specifications: a template places them
and decides nothing.
"""

from dataclasses import dataclass, field

from config.texts import texts
from domain.figures import Figure
from reports import charts
from reports.cards import TONES, Card, cards_of, subjects_of
from reports.chart_look import USE_NAMES, Spec, Width
from reports.model import ReportModel, Saving, find
from reports.savings_text import adjustment_lines, card_lines, saving_numbers
from reports.tables import FactorLine, FigureGroup, factor_lines, figure_groups, local_time
from reports.words import (
    all_findings,
    amount,
    change,
    device_name,
    finding_line,
    joined,
    label,
    number,
    percent,
    saving_headline,
    saving_meaning,
    saving_sentence,
    subject_name,
    t,
)


@dataclass(frozen=True, slots=True)
class Widths:
    """Of charts: across the text column and half of it, in CSS pixels or as wide as their
    place in the page."""

    full: Width = 640
    half: Width = 310


ON_PAPER = Widths()
FLUID = Widths("container", "container")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart with its title and, for those who cannot see it, what it shows."""

    title: str
    spec: Spec
    alt: str
    wide: bool = True


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
        lead=_lead(model, lang),
        cards=cards_of(model, lang),
        savings=[_verdict_box(model, s, lang, widths) for s in model.savings()],
        uses=_use_charts(model, lang, widths),
        solar=_solar_charts(model, lang, widths),
        waste=_waste_charts(model, lang, widths),
        waste_note=t("waste_note", lang),
        quality=_quality_charts(model, lang, widths),
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


def month_name(year: int, month: int, lang: str) -> str:
    """A month as it is written: ``2019年3月``, ``March 2019``."""
    return t("month_format", lang, year=year, month=month, name=t(f"months.m{month}", lang))


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


def _lead(model: ReportModel, lang: str) -> str:
    """The month in two or three sentences."""
    parts = []
    use = _first_figure(model, USE_NAMES)
    if use is not None and use.value is not None:
        ratio = change(use, model.compared_with(use))
        parts.append(
            t(
                f"lead.use{_direction(ratio)}",
                lang,
                name=label(use.name, lang),
                value=amount(use.name, use.value, lang),
                change=percent(abs(ratio) if ratio is not None else None),
            )
        )
    generated = [f for f in model.result.figures if f.name == "pv_generation_kwh" and f.value]
    if generated:
        total = sum(f.value or 0.0 for f in generated)
        parts.append(t("lead.pv", lang, value=amount("pv_generation_kwh", total, lang)))
    judged = [s for s in model.savings() if s.verdict is not None]
    if len(judged) == 1:
        parts.append(t(f"lead.saving_{judged[0].verdict}", lang))
    elif judged:
        proven = sum(s.verdict == "proven" for s in judged)
        parts.append(t("lead.savings", lang, proven=proven, judged=len(judged)))
    serious = sum(f.severity == "serious" for f, _ in all_findings(model))
    parts.append(t("lead.serious" if serious else "lead.no_serious", lang, count=serious))
    return ("" if lang == "zh" else " ").join(parts)


def _direction(ratio: float | None) -> str:
    """Which sentence a change needs; less than it shows in percent is no change."""
    if ratio is None:
        return ""
    return "_same" if abs(ratio) < 0.0005 else "_more" if ratio > 0 else "_less"


def _first_figure(model: ReportModel, names: tuple[str, ...]) -> Figure | None:
    return next((f for n in names if (f := model.figure(n)) is not None), None)


def _verdict_box(model: ReportModel, saving: Saving, lang: str, widths: Widths) -> VerdictBox:
    name = subject_name(model, saving.avoided.about, lang)
    found = [
        (
            t("chart.savings_by_month", lang),
            charts.savings_by_month(model.history, saving.subject, lang, width=widths.full),
        ),
        (
            t("chart.savings_by_day", lang),
            charts.savings_by_day(model.result, saving.subject, lang, width=widths.full),
        ),
    ]
    return VerdictBox(
        title=name,
        tone=TONES[saving.verdict],
        headline=saving_headline(saving, lang),
        sentence=saving_sentence(saving, lang),
        meaning=saving_meaning(saving, lang),
        numbers=saving_numbers(saving, lang),
        charts=_charts(found, name),
        adjustments=adjustment_lines(saving, lang),
        card=card_lines(saving, lang),
    )


def _charts(found: list[tuple[str, Spec | None]], about: str, *, wide: bool = True) -> list[Chart]:
    return [
        Chart(title=title, spec=spec, alt=f"{title}: {about}" if about else title, wide=wide)
        for title, spec in found
        if spec is not None
    ]


def _use_charts(model: ReportModel, lang: str, widths: Widths) -> list[Chart]:
    shown = [n for n in USE_NAMES if find(model.result, n) is not None]
    alone = len(shown) == 1
    width = widths.full if alone else widths.half
    found = [
        (
            t("chart.use_by_month", lang, name=label(n, lang)),
            charts.use_by_month(model.history, n, lang, width=width, show=9 if alone else 5),
        )
        for n in shown
    ]
    return _charts(found, model.institution.name(lang), wide=alone)


def _solar_charts(model: ReportModel, lang: str, widths: Widths) -> list[Chart]:
    found: list[tuple[str, Spec | None]] = []
    for subject in sorted(subjects_of(model, "pv_generation_kwh") - {""}):
        name = device_name(model, subject, lang)
        found += [
            (
                t("chart.pv_by_month", lang, name=name),
                charts.pv_by_month(model.history, subject, lang, width=widths.half, show=5),
            ),
            (
                t("chart.pv_by_day", lang, name=name),
                charts.pv_by_day(model.result, subject, lang, width=widths.half),
            ),
        ]
    return _charts(found, "", wide=False)


def _waste_charts(model: ReportModel, lang: str, widths: Widths) -> list[Chart]:
    spec = charts.waste_by_month(model.history, lang, width=widths.full)
    return _charts([(t("chart.waste_by_month", lang), spec)], model.institution.name(lang))


def _quality_charts(model: ReportModel, lang: str, widths: Widths) -> list[Chart]:
    names = {d.id: device_name(model, d.id, lang) for d in model.devices}
    spec = charts.quality_by_day(
        model.result, names, lang, width=widths.full, days=model.days_so_far()
    )
    return _charts([(t("chart.quality_by_day", lang), spec)], model.institution.name(lang))


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
    if subjects_of(model, "pv_generation_kwh"):
        keys.append("pv")
    if subjects_of(model, "waste_mass_kg"):
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
        (t("sign.models", lang), joined((m[:16] for m in model.result.models), lang)),
        (t("sign.code_version", lang), standing.code_version),
    ]
    return [r for r in rows if r[1]]
