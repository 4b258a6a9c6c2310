"""What a waiting restatement would change: figure by figure, why, and how much money."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.metadata import version

from api.dependencies import Backend
from api.rows.months import ChangeRow, change_rows
from api.rows.standing import StandingResult
from api.rows.trail.diff import DiffRow
from config.texts import text
from domain.adjustments import Adjustment
from domain.calendar import from_ms, local_day, to_ms
from domain.carriers import METERED
from domain.closing.checks import is_within
from domain.contracts.issued import AmountChange
from domain.corrections import Correction
from domain.figures import MonthResult
from domain.figures.subjects import OfContract
from domain.places import Meter
from store.closing import Closable
from store.ledger.audit import Wanted
from store.ledger.port import Revision

_REGISTRY = ("institution", "building", "device", "contract")
_CARRIERS = {m.figure: m.carrier for m in METERED}


@dataclass(frozen=True, slots=True)
class _Since:
    """What was entered since the standing revision was signed."""

    corrections: Sequence[Correction]
    adjustments: Sequence[Adjustment]
    registry: bool
    program: bool


def diff_rows(backend: Backend, one: Closable, lang: str) -> list[DiffRow]:
    """Every figure that what waits would change, and why; empty: nothing waits."""
    if not one.is_restatement or one.result is None:
        return []
    ledger, place = backend.ledger, backend.registry.institution_by_id[one.institution]
    (standing,) = ledger.results(one.institution, one.month, one.month.plus(1))
    since = _since(backend, ledger.revisions(one.institution, one.month)[-1])
    rows = []
    for row in change_rows(StandingResult(place, standing, one.status), one.result):
        causes = _causes(backend, row, standing, one.result, since)
        words = [text("closing", f"cause.{cause}", lang) for cause in causes]
        why = ("、" if lang == "zh" else ", ").join(words)
        rows.append(DiffRow(**row.model_dump(), causes=", ".join(causes), why_text=why))
    return rows


def changes_kept(rows: Sequence[DiffRow]) -> str:
    """What a refusal keeps of them, as JSON: figure, subject, from, to."""
    told = [[r.name, r.subject, r.standing_value, r.pending_value] for r in rows]
    return json.dumps(told, ensure_ascii=False)


def money_of(backend: Backend, one: Closable) -> list[AmountChange]:
    """What of it is paid otherwise; empty where nothing waits, or nothing pays."""
    if not one.is_restatement or one.result is None or backend.settling is None:
        return []
    return backend.settling.changes(one.institution, one.month, one.result)


def _since(backend: Backend, signed: Revision) -> _Since:
    ledger, at = backend.ledger, signed.closed_at
    place = backend.registry.institution_by_id[signed.institution]
    start, end = map(to_ms, signed.month.interval(place.timezone))
    devices = {d.id for d in backend.registry.devices if d.institution == place.id}
    corrections = [
        c
        for c in ledger.corrections()
        if c.device in devices and c.entered_at > at and start <= c.at_ms < end
    ]
    adjustments = [
        a
        for a in ledger.adjustments(place.id)
        if is_within(a, signed.month) and any(d.at > at for d in a.decisions)
    ]
    changed = Wanted(institutions=(place.id,), kinds=_REGISTRY, start=at)
    return _Since(
        corrections,
        adjustments,
        ledger.count_audit_entries(changed) > 0,
        signed.code_version != f"civicmeter {version('civicmeter')}",
    )


def _causes(
    backend: Backend,
    row: ChangeRow,
    standing: MonthResult,
    pending: MonthResult,
    since: _Since,
) -> list[str]:
    """Why a figure changes, as far as what is kept tells: other factors, a decided adjustment of
    its contract, a correction of its carrier, a changed registry. What nothing else explains, and
    days that are neither corrected nor beside such, changed by readings that came late."""
    key = (row.name, row.subject)
    found = []
    if _factors(standing, key) != _factors(pending, key):
        found.append("factor")
    if _contract(standing, pending, key) in {a.contract for a in since.adjustments}:
        found.append("adjustment")
    own = [c for c in since.corrections if _is_of(backend, c, row)]
    if own:
        found.append("correction")
    if since.registry:
        found.append("registry")
    zone = backend.registry.institution_by_id[standing.institution].timezone
    days = {local_day(from_ms(c.at_ms), zone) + timedelta(n) for c in own for n in (-1, 0, 1)}
    changed = {day for day, _ in _days(standing, key) ^ _days(pending, key)}
    if (own and changed - days) or (not found and not since.program):
        found.append("late_readings")
    elif not found:
        found.append("program")
    return found


def _contract(standing: MonthResult, pending: MonthResult, key: tuple[str, str]) -> str | None:
    """The contract that a figure is about; None: it is about none."""
    figures = (*standing.figures, *pending.figures)
    about = next((f.about for f in figures if (f.name, f.subject) == key), None)
    return about.contract if isinstance(about, OfContract) else None


def _factors(result: MonthResult, key: tuple[str, str]) -> object:
    return next((f.factors for f in result.figures if (f.name, f.subject) == key), ())


def _days(result: MonthResult, key: tuple[str, str]) -> set[tuple[date, float | None]]:
    return {(d.day, d.value) for d in result.days if (d.name, d.subject) == key}


def _is_of(backend: Backend, one: Correction, row: ChangeRow) -> bool:
    """Whether a corrected reading may be in a figure: of its device, or of its carrier where both
    are known."""
    device = backend.registry.device_by_id[one.device]
    if row.subject in backend.registry.device_by_id:
        return row.subject == one.device
    carrier = _CARRIERS.get(row.name)
    return not isinstance(device, Meter) or carrier in (None, device.carrier)
