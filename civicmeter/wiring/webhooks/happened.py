"""What happened since one looked last, found in the ledger."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from civicmeter.wiring.webhooks.hooks import EventName
from domain.audit import AuditEntry
from store.ledger.audit import Wanted
from store.ledger.port import Ledger

_KINDS = ("revision", "statement")
_AT_ONCE = 500
_GROUPS_TOLD = 50


@dataclass(frozen=True, slots=True)
class Event:
    """Something to tell. The same thing has the same `id`, so that who hears it twice knows."""

    id: str
    name: EventName
    at: datetime
    facts: Mapping[str, Any]

    def plain(self) -> dict[str, Any]:
        return {"id": self.id, "event": self.name, "at": self.at.isoformat(), **self.facts}


@dataclass
class Seen:
    """How far one has looked: the last number of the audit trail, the restatements that wait (digest
    by institution and month), and until when each group of refusals was told."""

    audit: int = 0
    waiting: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    results: str = ""


def seen_now(ledger: Ledger, now: datetime) -> Seen:
    """As if all there is had been told: what happens from now on is."""
    newest = ledger.audit_entries(Wanted(kinds=_KINDS), limit=1)
    seen = Seen(audit=newest[0].number if newest else 0)
    for _ in happened(ledger, seen, now):
        pass
    return seen


def happened(ledger: Ledger, seen: Seen, now: datetime) -> Iterator[Event]:
    """What is new, the oldest of each kind first; `seen` goes on with it."""
    for entry in reversed(_newer(ledger, seen.audit)):
        seen.audit = entry.number
        if event := _of_entry(entry):
            yield event
    version = ledger.results_versions([""]).get("", "")
    if version != seen.results or not version:
        yield from _waiting(ledger, seen)
        seen.results = version
    yield from _refused(ledger, seen, now)


def _newer(ledger: Ledger, last: int) -> list[AuditEntry]:
    """The entries after that number, the newest first."""
    found: list[AuditEntry] = []
    while True:
        wanted = Wanted(kinds=_KINDS, below=found[-1].number if found else None)
        page = ledger.audit_entries(wanted, limit=_AT_ONCE)
        newer = [e for e in page if e.number > last]
        found += newer
        if len(newer) < _AT_ONCE:
            return found


def _of_entry(entry: AuditEntry) -> Event | None:
    act = entry.act
    name: EventName | None = None
    if act.kind == "revision" and act.action in ("close", "restate"):
        name = "month_closed"
        place, month, number = act.id.rsplit("/", 2)
        facts = {"institution": place, "month": month, "revision": int(number)}
    elif act.kind == "statement" and act.action == "issue":
        name = "statement_ready"
        agreement, month, number = act.id.rsplit("/", 2)
        facts = {"agreement": agreement, "month": month, "number": int(number)}
    return Event(f"audit-{entry.number}", name, entry.at, facts) if name else None


def _waiting(ledger: Ledger, seen: Seen) -> Iterator[Event]:
    waiting = {
        f"{s.institution}/{s.month}": s
        for s in ledger.statuses()
        if s.state == "restatement_pending"
    }
    for key, status in waiting.items():
        if seen.waiting.get(key) != status.digest:
            facts = {
                "institution": status.institution,
                "month": str(status.month),
                "revision": status.revision,
            }
            name = f"restatement-{key}-{status.computed_at.isoformat()}"
            yield Event(name, "restatement_waits", status.computed_at, facts)
    seen.waiting = {key: s.digest for key, s in waiting.items()}


def _refused(ledger: Ledger, seen: Seen, now: datetime) -> Iterator[Event]:
    """One event for all groups in which something was kept aside since: a flood is one message."""
    groups = {f"{a.source} {a.code} {a.device}": a for a in ledger.aside(samples=False)}
    last = {key: a.last_at.isoformat() for key, a in groups.items()}
    new = [groups[key] for key, at in last.items() if seen.refused.get(key) != at]
    seen.refused = last
    if new:
        told = [{"source": a.source, "code": a.code, "device": a.device} for a in new]
        newest = max(a.last_at for a in new)
        facts = {"groups": told[:_GROUPS_TOLD], "groups_count": len(new)}
        yield Event(f"refused-{newest.isoformat()}", "reading_refused", now, facts)
