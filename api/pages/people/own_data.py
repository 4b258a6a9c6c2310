"""What the page of one's own shows, gathered; no HTML here."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from api.dependencies import Backend
from api.pages.html import sheet_of
from api.pages.settlements import seen_statement_keys
from api.rows.quality import AsideRow, aside_row
from config.texts import reason_label, text
from domain.calendar import from_ms, to_ms
from domain.keys import ACTIONS, Key, Role
from domain.people import Account
from domain.places import AnyDevice
from domain.quantities import QUANTITIES
from domain.readings import Series
from reports.tables import local_time

LOOKS_BACK = timedelta(days=7)
DEVICES_SHOWN = 50
COUNTED_MOST = 100_000
"""Of one device; what reports more often is told as more than that."""
ASIDE_SHOWN = 50
CONTRACTS_SHOWN = 100
_TOLD_LATER = ("unknown_device", "out_of_limits", "unknown_quantity")
"""Kept whole: once the registry or a limit is mended it is taken in, and need not be posted again."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A device and what came of it lately."""

    device: str
    name: str
    place: str
    count: str
    last: str
    tone: str


def arrivals(backend: Backend, lang: str, page: int) -> tuple[list[Arrival], int, int]:
    """The devices of a page that whoever asks may see, the longest silent first; (page, pages)."""
    heard = backend.board.last_heard()
    now = backend.now()
    today = now.date()
    there = (d for d in backend.in_part.devices if (d.in_service_until or today) >= today)
    devices = sorted(there, key=lambda d: (heard.get(d.id, 0), d.id))
    sheet = sheet_of(len(devices), page, DEVICES_SHOWN)
    shown = [_arrival(backend, d, heard.get(d.id), now, lang) for d in devices[sheet.shown]]
    return shown, sheet.page, sheet.pages


def _arrival(
    backend: Backend, device: AnyDevice, heard_ms: int | None, now: datetime, lang: str
) -> Arrival:
    place = backend.in_part.institution_by_id[device.institution]
    start = now - LOOKS_BACK
    lately = heard_ms is not None and heard_ms >= to_ms(start)
    count = 0
    if lately:
        series = [Series(device.id, quantity) for quantity in QUANTITIES]
        count = backend.store.count(series, start, now, COUNTED_MOST)
    last = "" if heard_ms is None else local_time(from_ms(heard_ms), place.timezone)
    return Arrival(
        device=device.id,
        name=(device.name_zh if lang == "zh" else device.name_en) or device.id,
        place=place.name(lang),
        count=f"> {COUNTED_MOST:,}" if count > COUNTED_MOST else f"{count:,}",
        last=last.rpartition(" (")[0] or text("board", "never", lang),
        tone="" if lately else "bad",
    )


@dataclass(frozen=True, slots=True)
class Refused:
    """A group of what was kept aside, and what is to be done."""

    row: AsideRow
    reason: str
    last: str
    remedy_text: str


def refused(backend: Backend, lang: str) -> tuple[list[Refused], int]:
    """Of the devices that whoever asks may see, what was refused lately, the most first; how many
    groups more there are."""
    devices = backend.in_part.device_by_id
    since = backend.now() - LOOKS_BACK
    found = []
    for entry in backend.ledger.aside(samples=False):
        device = devices.get(entry.device)
        if device is not None and entry.last_at >= since:
            place = backend.in_part.institution_by_id[device.institution]
            found.append((aside_row(entry, place.id), place.timezone))
    found.sort(key=lambda f: (-f[0].count, f[0].source, f[0].code, f[0].device))
    shown = [
        Refused(
            row,
            reason_label(row.code, lang),
            local_time(row.last_at, zone).rpartition(" (")[0],
            text("people", f"do.{_remedy(row.code)}", lang),
        )
        for row, zone in found[:ASIDE_SHOWN]
    ]
    return shown, max(0, len(found) - ASIDE_SHOWN)


def _remedy(code: str) -> str:
    if code in _TOLD_LATER:
        return "replayed"
    return "decide" if code == "conflict" else "post_again"


@dataclass(frozen=True, slots=True)
class OwnContract:
    id: str
    name: str
    place: str
    statements: int


def contracts(backend: Backend, lang: str) -> list[OwnContract]:
    """Those that whoever asks may see, with how many statements were issued."""
    issued = [agreement for agreement, _, _ in seen_statement_keys(backend)]
    part = backend.in_part
    return [
        OwnContract(
            c.id,
            (c.name_zh if lang == "zh" else c.name_en) or c.id,
            part.institution_by_id[c.institution].name(lang),
            issued.count(c.id),
        )
        for c in sorted(part.contracts, key=lambda c: c.id)[:CONTRACTS_SHOWN]
    ]


def own_keys(backend: Backend, account: Account) -> list[Key]:
    """The keys of the person's holder that let do no more than they may, and are nobody else's:
    those that are not over."""
    now = backend.now()
    return [
        key
        for key in backend.ledger.issued_keys()
        if key.is_within(account)
        and key.person in ("", account.person)
        and key.state(now) in ("valid", "early")
    ]


def roles_within(role: Role) -> list[Role]:
    """The roles that may nothing this one may not, itself first."""
    within = [r for r in Role if ACTIONS[r] <= ACTIONS[role]]
    return sorted(within, key=lambda r: -len(ACTIONS[r]))
