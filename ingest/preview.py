"""Showing to a person what messages would become by a mapping."""

from dataclasses import dataclass, field
from typing import Any

from config.limits import TIME_LIMITS
from config.texts import refusal_text
from domain.calendar import from_ms
from domain.errors import PayloadError
from domain.judge import Judge, Placed, TimeLimits
from domain.quantities import QUANTITIES
from ingest.messages.router import Router


@dataclass(slots=True)
class Preview:
    """What one message would become. `wrong` counts what would be kept aside."""

    readings: int = 0
    wrong: int = 0
    lines: list[str] = field(default_factory=list)


def preview(
    router: Router, topic: str, payload: bytes, now_ms: int, times: TimeLimits = TIME_LIMITS
) -> Preview:
    """Decode one message and say in lines what came out; every device counts as registered."""
    shown = Preview()
    try:
        decoded = router.decode(topic, payload, now_ms)
    except PayloadError as error:
        return Preview(wrong=1, lines=[f"kept aside: {error}"])
    judge = Judge(_Anybody(), times, now_ms)
    for reading in decoded.readings:
        refusal = judge.refusal(*reading)
        if refusal is not None:
            shown.wrong += 1
            said = refusal_text(refusal, "en")
            shown.lines.append(f"kept aside: {reading.device}  {refusal.code}: {said}")
            continue
        shown.readings += 1
        at_ms, unit = reading.at_ms, QUANTITIES[reading.quantity].unit
        at = "on arrival" if decoded.untimed and at_ms == now_ms else from_ms(at_ms).isoformat()
        shown.lines.append(
            f"{reading.device}  {reading.quantity} = {reading.value:g} {unit}  at {at}"
        )
    shown.wrong += len(decoded.rejects)
    shown.lines += [f"kept aside: {r.device}  {r.code}: {r.detail}" for r in decoded.rejects]
    if decoded.ignored:
        shown.lines.append(f"no readings: {', '.join(decoded.ignored)}")
    return shown


class _Somewhere:
    institution = ""


class _Anybody(dict[str, Placed]):
    """A registry that knows everybody: a mapping is tried before its devices are registered."""

    def get(self, device: str, default: Any = None) -> Any:
        return _Somewhere()
