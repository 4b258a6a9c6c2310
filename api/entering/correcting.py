"""Corrections of readings as people enter them: judged, kept, and told of."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from api.access.names import signed
from api.dependencies import Backend
from api.intake.posted import time_ms
from api.problems import ProblemError
from api.rows.corrections import CorrectionRow, CorrectionsEntered, TouchedRow, correction_row
from config.texts import refusal_text
from domain.access import Action, Principal
from domain.audit import Actor
from domain.corrections import Correction
from domain.judge import Refusal, read_number
from domain.registry import Registry
from processing.months.bookkeeping import enter_corrections
from processing.months.entered_corrections import refusals, reported, series_of

MAX_CORRECTIONS = 10_000
Seen = tuple[str, Correction, bool]
"""The institution (empty: the device is gone), the correction, whether it stands."""


class _Posted(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    device: str
    quantity: str
    at: str | int
    value: object = None
    leave_out: bool = False
    author: str = ""
    reason: str = ""


def seen_corrections(
    backend: Backend, owned: Callable[[str], bool], asked: Sequence[str] = ()
) -> list[Seen]:
    """Those of owned devices, in the order entered; of those `asked` for where any are. Raises
    ProblemError 404 for a device nobody knows."""
    devices = backend.in_part.device_by_id
    every = backend.ledger.corrections()
    known = {c.device for c in every} if backend.sees_all else set()
    for one in asked:
        if one not in devices and one not in known:
            raise ProblemError(404, "unknown_device", id=one)
    last = {(series_of(c), c.at_ms): k for k, c in enumerate(every)}
    found = []
    for k, c in enumerate(every):
        owner = devices[c.device].institution if c.device in devices else ""
        if owned(c.device) and (not asked or c.device in asked):
            found.append((owner, c, last[series_of(c), c.at_ms] == k))
    return found


def rows_of(backend: Backend, cut: Sequence[Seen]) -> list[CorrectionRow]:
    """Their rows, each with what the device reported."""
    said = reported(backend.store, [(series_of(c), c.at_ms) for _, c, _ in cut])
    return [
        correction_row(c, owner, reported_value=said[series_of(c), c.at_ms].value, stands=stands)
        for owner, c, stands in cut
    ]


def enter(
    backend: Backend, principal: Principal, posted: Sequence[object], lang: str
) -> CorrectionsEntered:
    """Enter all or none. Raises ProblemError 422 with what is wrong of which."""
    if not 0 < len(posted) <= MAX_CORRECTIONS:
        raise ProblemError(422, "corrections_count", count=len(posted), limit=MAX_CORRECTIONS)
    now = backend.now()
    registry = backend.registry
    read = [_correction(p, principal, now) for p in posted]
    good = {k: c for k, c in enumerate(read) if isinstance(c, Correction)}
    if any(c.device not in registry.device_by_id for c in good.values()):
        registry = backend.registries.fresh()  # it may just have been registered
    wrong = {k: r for k, r in enumerate(read) if isinstance(r, Refusal)}
    wrong |= _foreign(good, registry, principal)
    before = backend.ledger.corrections()
    judged = refusals(list(good.values()), backend.store, before, registry, now)
    for k, refusal in zip(good, map(judged.get, range(len(good))), strict=True):
        if refusal is not None:
            wrong.setdefault(k, refusal)
    if wrong:
        raise _refused(posted, wrong, lang)
    entered = enter_corrections(
        list(good.values()), backend.store, backend.ledger, registry, now, Actor.of(principal)
    )
    return CorrectionsEntered(
        received=len(good),
        entered=entered.added,
        repeated=len(good) - entered.added,
        months=_touched(backend, entered.months),
    )


def _correction(posted: object, principal: Principal, now: datetime) -> Correction | Refusal:
    try:
        one = _Posted.model_validate(posted)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(p) for p in first["loc"])
        return Refusal("bad_row", {"reason": f"{where}: {first['msg']}" if where else first["msg"]})
    if one.leave_out == (one.value is not None):
        return Refusal("two_values" if one.leave_out else "no_value")
    at_ms = time_ms(one.at)
    if at_ms is None:
        return Refusal("bad_time")
    value = None if one.value is None else read_number(one.value)
    if isinstance(value, Refusal):
        return value
    return Correction(
        device=one.device,
        quantity=one.quantity,
        at_ms=at_ms,
        value=value,
        author=signed(one.author, principal),
        reason=one.reason,
        entered_at=now,
    )


def _foreign(
    good: Mapping[int, Correction], registry: Registry, principal: Principal
) -> dict[int, Refusal]:
    """Those of devices this key is not for."""
    refused = {}
    for k, c in good.items():
        device = registry.device_by_id.get(c.device)
        if device is not None and not principal.may(
            Action.CORRECT, institution=device.institution, device=device.id
        ):
            # What is not theirs is not there: which devices others have, nobody can try out.
            refused[k] = Refusal("unknown_device", {"device": c.device})
    return refused


def _refused(posted: Sequence[object], wrong: Mapping[int, Refusal], lang: str) -> ProblemError:
    rows = []
    for k, refusal in sorted(wrong.items())[:1_000]:
        named = posted[k] if isinstance(posted[k], dict) else {}
        assert isinstance(named, dict)
        rows.append(
            {
                "row": k + 1,
                "device": str(named.get("device", ""))[:100],
                "quantity": str(named.get("quantity", ""))[:100],
                "code": refusal.code,
                "reason": refusal_text(refusal, lang),
            }
        )
    return ProblemError(
        422, "corrections_refused", received=len(posted), refused=len(wrong), extra={"rows": rows}
    )


def _touched(backend: Backend, months: Sequence[tuple[str, Any]]) -> list[TouchedRow]:
    states = {(s.institution, s.month): s.state for s in backend.ledger.statuses()}
    return [
        TouchedRow(institution=i, month=str(m), state=states.get((i, m), "open")) for i, m in months
    ]
