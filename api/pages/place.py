"""GET /institutions/{id}/{month}: every figure of a month with its evidence, and how it compares.

Generic over figure names: what is computed is shown, whatever it is called.
"""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from api.access.needs import NEEDS_READ
from api.access.seen import BackendDep
from api.dependencies import Backend
from api.language import language_of
from api.pages.html import answer, render
from api.query import MonthPath
from api.rows.comparisons import (
    ComparisonRow,
    History,
    PeerRow,
    QuotaRow,
    SurveyFieldRow,
    comparison_rows,
    peer_rows,
    quota_rows,
    survey_field_rows,
)
from api.standing_results import month_status, wholes_of_month
from api.tables.route import ResultsRoute
from config.processing import processing_settings
from config.texts import text, texts, unit_text
from domain.calendar import Month
from domain.figures import Figure, Shares
from domain.figures.comparing import NotCompared
from domain.figures.kinds import GROUPS
from domain.figures.names import AMONG_PEERS, group_of
from reports.document import Document, build_document
from reports.model import ReportModel, build_report, find
from reports.tables import FigureLine, in_order
from reports.words.findings import finding_line
from reports.words.names import label
from reports.words.numbers import (
    UNKNOWN,
    amount,
    leading_text,
    number,
    percent,
    shares_in_words,
)
from reports.words.quotas import measure_name

router = APIRouter(include_in_schema=False, route_class=ResultsRoute, dependencies=[NEEDS_READ])


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureEvidence:
    """A figure with all of its evidence in words."""

    row: FigureLine
    name: str
    evidence: str
    findings: list[tuple[str, str]]


@router.get("/institutions/{institution}/{month}", response_class=HTMLResponse)
def place_page(
    request: Request, backend: BackendDep, institution: str, month: MonthPath
) -> HTMLResponse:
    lang = language_of(request)
    backend.institution(institution)
    month_status(backend.ledger, institution, Month.parse(month))
    return answer(place_html(backend, institution, Month.parse(month), lang), lang)


def place_html(backend: Backend, institution: str, month: Month, lang: str) -> str:
    """The page of an institution's month. Raises ConfigError for one never computed."""
    model = build_report(backend.ledger, institution, month, backend.registry)
    document = build_document(model, lang)
    rules = processing_settings().comparison
    known = sorted(s.month for s in backend.ledger.statuses(institution))
    at = known.index(month)
    history = [History(model.institution, model.history, [month])]
    return render(
        "place.html",
        lang,
        p=lambda key, **values: _p(key, lang, **values),
        id=institution,
        month=str(month),
        older=str(known[at - 1]) if at else "",
        newer=str(known[at + 1]) if at + 1 < len(known) else "",
        d=document,
        least_pct=f"{100 * rules.least_known_ratio:g}",
        least_peers=rules.least_peers,
        comparisons=[_comparison(model, r, lang) for r in comparison_rows(history)],
        quotas=[_quota(r, lang) for r in quota_rows(history, lang)],
        peers=[_peer(r, lang) for r in _peers(backend, model)],
        survey=[_survey(r, lang) for r in survey_field_rows(history)],
        groups=_groups(model, document, lang),
    )


def _p(key: str, lang: str, /, **values: object) -> str:
    return text("place", key, lang, **values)


def _groups(
    model: ReportModel, document: Document, lang: str
) -> list[tuple[str, list[FigureEvidence]]]:
    """The report's table of figures, each with its evidence and findings beside it."""
    figures = in_order(model.result.figures)
    rows = [(group.title, row) for group in document.groups for row in group.rows]
    grouped = sorted(figures, key=lambda f: _rank(f.name))
    found: dict[str, list[FigureEvidence]] = {}
    for (title, row), figure in zip(rows, grouped, strict=True):
        found.setdefault(title, []).append(_line(model, figure, row, lang))
    return list(found.items())


def _rank(name: str) -> int:
    return GROUPS.index(group_of(name))


def _line(model: ReportModel, figure: Figure, row: FigureLine, lang: str) -> FigureEvidence:
    return FigureEvidence(
        row=row,
        name=figure.name,
        evidence=shares_in_words(figure.shares, lang),
        findings=[(f.severity, finding_line(model, f, figure, lang)[0]) for f in figure.findings],
    )


def _comparison(model: ReportModel, row: ComparisonRow, lang: str) -> tuple[str, ...]:
    def said(month: Month) -> str:
        result = next((r for r in model.history if r.month == month), None)
        figure = find(result, row.name) if result else None
        return leading_text(figure, lang) if figure else UNKNOWN

    def change(ratio: float | None, why: NotCompared) -> str:
        return _p(f"no_change.{why}", lang) if why else percent(ratio, sign=True)

    return (
        label(row.name, lang),
        said(model.month),
        said(model.month.plus(-1)),
        change(row.month_change_ratio, row.month_change_reason),
        said(model.month.plus(-12)),
        change(row.year_change_ratio, row.year_change_reason),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaLine:
    measure: str
    unit: str
    value: str
    grade: str
    grade_text: str
    guide: str
    base: str
    constraint: str
    source: str
    why: str


def _quota(row: QuotaRow, lang: str) -> QuotaLine:
    return QuotaLine(
        measure=measure_name(row.measure, lang),
        unit=unit_text(row.unit, lang),
        value=number(row.value),
        grade=row.grade or "none",
        grade_text=_p(f"grade.{row.grade or 'none'}", lang),
        guide=number(row.guide),
        base=number(row.base),
        constraint=number(row.constraint),
        source=row.source,
        why=row.why,
    )


def _peers(backend: Backend, model: ReportModel) -> list[PeerRow]:
    """Only institutions of the same type are looked at, in the one month."""
    alike = {
        i.id: i
        for i in backend.registry.institutions
        if i.building_type == model.institution.building_type
    }
    asked = {model.institution.id: model.institution}
    known = wholes_of_month(backend, "peers", AMONG_PEERS, model.month, alike)
    return peer_rows(asked, alike.values(), known)


def _peer(row: PeerRow, lang: str) -> tuple[str, ...]:
    return (
        label(row.name, lang),
        amount(row.name, row.value, lang),
        amount(row.name, row.median, lang),
        percent(row.percentile_ratio, 0),
        f"{row.peers:,}",
    )


def _survey(row: SurveyFieldRow, lang: str) -> tuple[str, ...]:
    own = f"survey_value.{row.unit}"
    key = own if own in texts("place") else "survey_value.other"
    value = row.text or _p(key, lang, value=number(row.value), unit=row.unit).strip()
    months = _p("from_registry", lang) if row.months is None else f"{row.months} / 12"
    shares = (
        _p("from_registry", lang)
        if row.missing_share is None
        else shares_in_words(
            Shares(row.measured_share or 0.0, row.estimated_share or 0.0, row.missing_share), lang
        )
    )
    return (row.label_zh if lang == "zh" else row.label_en, value, months, shares)
