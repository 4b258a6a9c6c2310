"""What the overview page shows, gathered from the ledger: no HTML here."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from api.overview.rows import ORIGINS, CityCounts, city_counts
from api.pages.html import sheet_of
from api.pages.opening_months import opening_results
from config.texts import reason_label, text
from domain.figures import Figure, MonthResult, Shares
from domain.figures.subjects import OfContract
from domain.places import Institution, Origin
from domain.registry import Registry
from reports.charts.sections import FLUID
from reports.document import Document, build_document
from reports.model import build_report
from reports.words.known import main_figures
from reports.words.names import carrier_name
from reports.words.numbers import leading_text, shares_in_words
from reports.words.texts import joined, month_name
from reports.words.verdicts import reason_of, text_key
from store.known_results import KnownResults
from store.ledger.answers import MonthCounts
from store.ledger.port import AsideEntry, Ledger

PAGE_SIZE = 40
"""Institutions listed at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceLine:
    """An institution in the list, with its latest month in a line."""

    id: str
    name: str
    origin: str
    origin_text: str
    month: str
    months_text: str
    use: str
    verdicts: list[tuple[str, str]]
    shares: tuple[float, float, float] | None
    shares_text: str
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    value: str
    label: str
    note: str = ""
    tone: str = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class AsideLine:
    """What was kept aside for one reason."""

    code: str
    reason: str
    count: int
    sources: str
    last_at: datetime
    example: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """One institution's month. `months` are (value, written out) of the selection, newest
    first; `older` and `newer` are months to step to, or empty."""

    id: str
    month: str
    document: Document
    months: list[tuple[str, str]]
    older: str
    newer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    lang: str
    notices: list[str]
    tiles: list[Tile]
    places: list[PlaceLine]
    page: int
    pages: int
    detail: Detail | None
    chosen: str
    aside: list[AsideLine]


def build_overview(
    ledger: Ledger,
    registry: Registry,
    lang: str,
    *,
    institution: str = "",
    month: str = "",
    page: int | None = None,
    known: KnownResults | None = None,
    sees_all: bool = True,
) -> Overview:
    """Gather the page for an institution and month; what is not there falls back with a notice.

    An empty `institution` means the first one with results, an empty `month` its latest;
    without `page` the list opens where the institution is. `known` is what this process has read
    of results already. Nothing is told of institutions that are not in the registry given, nor of
    devices, but to who sees all.
    """
    known = known or KnownResults(ledger)
    there = registry.institution_by_id
    counts = {
        c.institution: c
        for c in known.of_all("month_counts", ledger.month_counts)
        if sees_all or c.institution in there
    }
    ordered = sorted(registry.institutions, key=lambda i: i.name(lang))
    # Where most has been heard of late stands first.
    ordered.sort(key=lambda i: counts[i.id].latest if i.id in counts else "", reverse=True)
    chosen = registry.institution_by_id.get(institution) or next(iter(ordered), None)
    notices = []
    if institution and (chosen is None or chosen.id != institution):
        notices.append(_t("unknown_institution", lang, id=institution))
    if page is None:
        page = ordered.index(chosen) // PAGE_SIZE + 1 if chosen else 1
    sheet = sheet_of(len(ordered), page, PAGE_SIZE)
    detail = None
    if chosen is not None and chosen.id in counts:
        detail, notice = _detail(ledger, known, registry, chosen, month, lang)
        notices += notice
    shown = ordered[sheet.shown]
    lines = _opening(ledger, known, [i.id for i in shown if i.id in counts])
    devices = registry.device_by_id
    aside = [e for e in ledger.aside(samples=False) if sees_all or e.device in devices]
    without_project = {c.id for c in registry.contracts if c.form == "none"}
    return Overview(
        lang=lang,
        notices=notices,
        tiles=_tiles(city_counts(registry.institutions, counts.values(), aside), lang),
        places=[
            _place(i, lines.get(i.id), counts.get(i.id), without_project, lang, chosen=i is chosen)
            for i in shown
        ],
        page=sheet.page,
        pages=sheet.pages,
        detail=detail,
        chosen=chosen.id if chosen else "",
        aside=aside_lines(aside, lang),
    )


def _t(key: str, lang: str, /, **values: object) -> str:
    return text("overview", key, lang, **values)


def _opening(
    ledger: Ledger, known: KnownResults, institutions: Collection[str]
) -> dict[str, MonthResult]:
    return known.of_each("opening", institutions, lambda those: opening_results(ledger, those))


def _detail(
    ledger: Ledger,
    known: KnownResults,
    registry: Registry,
    place: Institution,
    asked: str,
    lang: str,
) -> tuple[Detail, list[str]]:
    months = [s.month for s in ledger.statuses(place.id)]
    wanted = next((m for m in months if str(m) == asked), None)
    notices = [_t("unknown_month", lang, month=asked)] if asked and wanted is None else []
    if wanted is None:
        wanted = _opening(ledger, known, [place.id])[place.id].month
    month = wanted
    at = months.index(month)
    model = build_report(ledger, place.id, month, registry)
    detail = Detail(
        id=place.id,
        month=str(month),
        document=build_document(model, lang, FLUID),
        months=[(str(m), month_name(m.year, m.month, lang)) for m in reversed(months)],
        older=str(months[at - 1]) if at > 0 else "",
        newer=str(months[at + 1]) if at + 1 < len(months) else "",
    )
    return detail, notices


def _place(
    place: Institution,
    result: MonthResult | None,
    counts: MonthCounts | None,
    without_project: Collection[str],
    lang: str,
    *,
    chosen: bool,
) -> PlaceLine:
    main = main_figures(result) if result else []
    shares = average_shares(main)
    return PlaceLine(
        id=place.id,
        name=place.name(lang),
        origin=place.origin,
        origin_text=text("report", f"origin_short.{place.origin}", lang),
        month=month_name(result.month.year, result.month.month, lang) if result else "",
        months_text=joined(_where_it_stands(place, counts, lang), lang),
        use=" · ".join(leading_text(f, lang) for f in main[:2]),
        verdicts=[
            (reason_of(f), _verdict(f, without_project, lang))
            for f in (result.figures if result else ())
            if f.name == "avoided_energy_kwh" and f.verdict
        ],
        shares=(shares.measured, shares.estimated, shares.missing) if shares else None,
        shares_text=shares_in_words(shares, lang) if shares else "",
        chosen=chosen,
    )


def _where_it_stands(place: Institution, counts: MonthCounts | None, lang: str) -> Iterable[str]:
    closed, months = (counts.closed, counts.months) if counts else (0, 0)
    yield _t("closed_until", lang, closed=closed, months=months)
    if place.in_service_until is not None:
        yield _t("retired", lang, day=place.in_service_until)


def _verdict(figure: Figure, without_project: Collection[str], lang: str) -> str:
    about = figure.about
    contract, carrier = "", figure.subject
    if isinstance(about, OfContract):
        contract, carrier = about.contract, about.carrier
    project = contract not in without_project
    key = text_key("verdict_of", reason_of(figure), project=project, room="overview")
    return _t(key, lang, carrier=carrier_name(carrier, lang))


def average_shares(figures: Sequence[Figure]) -> Shares | None:
    """The mean of the figures' shares, each figure counting alike; None without figures."""
    return Shares.mean([f.shares for f in figures]) if figures else None


def _tiles(counted: CityCounts, lang: str) -> list[Tile]:
    kept = sum(counted.aside.values())
    return [
        Tile(
            value=f"{sum(counted.origins.values()):,}",
            label=_t("tile.institutions", lang),
            note=joined((_origin(counted, o, lang) for o in ORIGINS), lang),
        ),
        Tile(
            value=f"{counted.closed:,}",
            label=_t("tile.months", lang),
            note=f"{_t('tile.open', lang)} {counted.months - counted.closed:,}",
        ),
        Tile(
            value=f"{counted.pending:,}",
            label=_t("tile.pending", lang),
            tone="warn" if counted.pending else "plain",
        ),
        Tile(value=f"{kept:,}", label=_t("tile.aside", lang), tone="warn" if kept else "plain"),
    ]


def _origin(counted: CityCounts, origin: Origin, lang: str) -> str:
    count = counted.origins.get(origin, 0)
    return _t(f"tile.{origin}", lang, count=count) if count else ""


def aside_lines(entries: Iterable[AsideEntry], lang: str) -> list[AsideLine]:
    """Kept-aside groups by reason, the most frequent first."""
    groups: dict[str, list[AsideEntry]] = {}
    for entry in entries:
        groups.setdefault(entry.code, []).append(entry)
    lines = [_aside_line(code, found, lang) for code, found in groups.items()]
    return sorted(lines, key=lambda line: (-line.count, line.code))


def _aside_line(code: str, entries: list[AsideEntry], lang: str) -> AsideLine:
    last = max(entries, key=lambda e: e.last_at)
    sources = sorted({e.device or e.source for e in entries})
    shown = ", ".join(sources[:3])
    if len(sources) > 3:
        shown += " " + _t("more", lang, count=len(sources) - 3)
    return AsideLine(
        code=code,
        reason=reason_label(code, lang),
        count=sum(e.count for e in entries),
        sources=shown,
        last_at=last.last_at,
        example=last.detail,
    )
