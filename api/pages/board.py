"""GET /quality: the completeness board as a page, the worst first."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from api.access.needs import NEEDS_READ
from api.access.seen import BackendDep
from api.dependencies import Backend
from api.device_board import board_rows
from api.language import language_of
from api.open_conflicts import open_conflicts
from api.pages.html import answer, options, render, sheet_of
from api.rows.conflicts import ConflictRow
from api.rows.quality import sentence
from api.standing_results import months_known
from config.processing import processing_settings
from config.texts import text
from domain.calendar import Month
from domain.errors import ConfigError
from domain.findings import Severity
from domain.places import AnyDevice, Bin, Institution, Meter
from processing.quality.board import ORDERS, STATES, Board, BoardRow, Order
from reports.tables import local_time
from reports.words.bounds import bounds_counted_text
from reports.words.numbers import UNKNOWN, percent
from reports.words.texts import month_name

router = APIRouter(include_in_schema=False, dependencies=[NEEDS_READ])

PAGE_SIZE = 100
"""Devices shown at once."""

SORTS = ORDERS

CONFLICTS_SHOWN = 20

SEVERITIES: tuple[Severity, ...] = ("serious", "warning", "info")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for; unknown values stand for all."""

    institution: str = ""
    month: str = ""
    state: str = ""
    sort: Order = "worst"
    page: int = 1

    def query(self, lang: str, **changes: object) -> str:
        """The address's query with some of it changed; another choice begins on page 1."""
        parts = {f: getattr(self, f) for f in self.__slots__}
        parts = {**parts, "page": 1, **changes, "lang": lang}
        plain = Asked()
        return urlencode({k: v for k, v in parts.items() if v != getattr(plain, k, None)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One device, written out. `tones` are the classes of the numbers that are bad."""

    state: str
    state_text: str
    device: str
    name: str
    kind: str
    place: str
    place_id: str
    place_month: str
    last: str
    received: str
    counts: str
    received_tone: str
    estimated: str
    missing: str
    missing_tone: str
    findings: list[tuple[str, str]]


@router.get("/quality", response_class=HTMLResponse)
def quality_page(
    request: Request,
    backend: BackendDep,
    institution: str = "",
    month: str = "",
    state: str = "",
    sort: str = "worst",
    page: Annotated[int, Query(ge=1)] = 1,
) -> HTMLResponse:
    lang = language_of(request)
    order: Order = next((o for o in SORTS if o == sort), "worst")
    asked = Asked(institution, month, state, order, page)
    return answer(board_html(backend, asked, lang), lang)


def board_html(backend: Backend, asked: Asked, lang: str) -> str:
    """The page of a board."""
    registry = backend.registry
    known = registry.institution_by_id
    notices = _warnings(backend, lang) if backend.sees_all else []
    chosen = known
    if asked.institution in known:
        chosen = {asked.institution: known[asked.institution]}
    elif asked.institution:
        notices.append(_b("unknown_institution", lang, id=asked.institution))
        asked = replace(asked, institution="")
    every = months_known(backend, asked.institution)
    month = _month(asked.month)
    if asked.month and month not in every:
        notices.append(_b("unknown_month", lang, month=asked.month))
        asked, month = replace(asked, month=""), None
    found = board_rows(backend, chosen, month)
    lacking = _bounds_missing(found, lang)
    rows = (found.only([asked.state]) if asked.state in STATES else found).by(asked.sort)
    sheet = sheet_of(len(rows), asked.page, PAGE_SIZE)
    shown = rows[sheet.shown]
    conflicts = open_conflicts(backend, chosen)
    return render(
        "board.html",
        lang,
        b=lambda key, **values: _b(key, lang, **values),
        asked=replace(asked, page=sheet.page),
        notices=[*notices, *lacking],
        pages=sheet.pages,
        sorts=SORTS,
        states=_states(found, lang),
        means=_means(lang),
        institutions=options(_choices(known.values(), lang), asked.institution),
        months=[(str(m), month_name(m.year, m.month, lang)) for m in reversed(every)],
        lines=[_line(r, known[r.device.institution], lang) for r in shown],
        total=len(rows),
        conflicts=[_conflict(c, known[c.institution], lang) for c in conflicts[:CONFLICTS_SHOWN]],
        conflicts_more=len(conflicts) - CONFLICTS_SHOWN,
    )


def _bounds_missing(found: Board, lang: str) -> list[str]:
    """One sentence on the bounds that the devices shown lack; none where they have them."""
    counts = bounds_counted_text(found.unbounded(), lang)
    return [text("bounds", "board", lang, counts=counts)] if counts else []


def _warnings(backend: Backend, lang: str) -> list[str]:
    """What the collector beside this service says of itself, and a manager has to mend."""
    status = backend.status() if backend.status else {}
    collector = status.get("collector")
    told = collector if isinstance(collector, dict) else {}
    count = told.get("unlisted_gateways") or 0
    return [_b("unlisted_gateways", lang, count=count)] if count else []


def _conflict(row: ConflictRow, place: Institution, lang: str) -> dict[str, str]:
    """A conflict, written out."""
    name = row.device_name_zh if lang == "zh" else row.device_name_en
    by = {None: "by_http", True: "by_speaker", False: "by_other"}[row.source_is_speaker]
    return {
        "device": row.device,
        "name": name or row.device,
        "quantity": row.quantity,
        "at": local_time(row.at, place.timezone),
        "stored": f"{row.stored_value!r} {row.unit}",
        "other": f"{row.other_value!r} {row.unit}",
        "whose": _b(f"conflict.{by}", lang, source=row.source, speaker=row.speaker),
        "count": f"{row.source_conflicts:,}",
        "take": row.take_command,
        "keep": row.keep_command,
    }


def _b(key: str, lang: str, /, **values: object) -> str:
    return text("board", key, lang, **values)


def _month(asked: str) -> Month | None:
    try:
        return Month.parse(asked)
    except ConfigError:
        return None


def _states(found: Board, lang: str) -> list[tuple[str, str, int]]:
    """(state, its words, how many devices), all of them first."""
    return [("", _b("all", lang), len(found))] + [
        (state, _b(f"state.{state}", lang), count) for state, count in found.counts().items()
    ]


def _means(lang: str) -> dict[str, str]:
    """What each state means, by the thresholds that hold."""
    rules = processing_settings().completeness
    numbers = {
        "intervals": f"{rules.stale_after_intervals:g}",
        "days": f"{rules.zero_least_days:g}",
        "factor": f"{rules.zero_rest_factor:g}",
    }
    return {state: _b(f"means.{state}", lang, **numbers) for state in STATES}


def _choices(places: Any, lang: str) -> list[tuple[str, str]]:
    return sorted(((i.id, i.name(lang)) for i in places), key=lambda choice: choice[1])


def _line(row: BoardRow, place: Institution, lang: str) -> Line:
    device = row.device
    name = (device.name_zh if lang == "zh" else device.name_en) or device.id
    received, shares = row.received_share, row.shares
    return Line(
        state=row.state,
        state_text=_b(f"state.{row.state}", lang),
        device=device.id,
        name=name,
        kind=_kind(device, lang),
        place=place.name(lang),
        place_id=place.id,
        place_month=str(row.month) if row.month else "",
        last=_last(row.last_at, place.timezone, lang),
        received=percent(received),
        counts="" if row.expected is None else f"{row.received or 0:,} / {row.expected:,}",
        received_tone=_tone(1.0 - received if received is not None else 0.0),
        estimated=percent(shares.estimated) if shares else UNKNOWN,
        missing=percent(shares.missing) if shares else UNKNOWN,
        missing_tone=_tone(shares.missing if shares else 0.0),
        findings=[
            (f.severity, sentence(replace(f, subject=name), lang))
            for f in sorted(row.findings, key=lambda f: SEVERITIES.index(f.severity))
        ],
    )


def _kind(device: AnyDevice, lang: str) -> str:
    if isinstance(device, Meter):
        return text("report", f"carrier.{device.carrier}", lang)
    if isinstance(device, Bin):
        return text("report", f"stream.{device.stream}", lang)
    return _b(f"kind.{device.device_class}", lang)


def _last(at: datetime | None, timezone: str, lang: str) -> str:
    return local_time(at, timezone).rpartition(" (")[0] or _b("never", lang)


def _tone(absent: float) -> str:
    """How bad a share of absent or missing data is: over a fifth, over a hundredth."""
    return "bad" if absent > 0.2 else "warn" if absent > 0.01 else ""
