"""Showing to a person what messages would become by a mapping."""

from dataclasses import dataclass, field

from domain.calendar import from_ms
from domain.errors import PayloadError
from domain.quantities import QUANTITIES
from ingest.live.router import Router


@dataclass(slots=True)
class Preview:
    """What one message would become. `wrong` counts what would be kept aside."""

    readings: int = 0
    wrong: int = 0
    lines: list[str] = field(default_factory=list)


def preview(router: Router, topic: str, payload: bytes, now_ms: int) -> Preview:
    """Decode one message and say in lines what came out."""
    shown = Preview()
    try:
        decoded = router.decode(topic, payload, now_ms)
    except PayloadError as error:
        return Preview(wrong=1, lines=[f"kept aside: {error}"])
    for device, quantity, at_ms, value in decoded.readings:
        known = QUANTITIES.get(quantity)
        unit = known.unit if known else "(unknown quantity)"
        at = "on arrival" if decoded.untimed and at_ms == now_ms else from_ms(at_ms).isoformat()
        shown.lines.append(f"{device}  {quantity} = {value:g} {unit}  at {at}")
        shown.wrong += known is None
    shown.readings = len(decoded.readings) - shown.wrong
    shown.wrong += len(decoded.rejects)
    shown.lines += [f"kept aside: {r.device}  {r.code}: {r.detail}" for r in decoded.rejects]
    if decoded.ignored:
        shown.lines.append(f"no readings: {', '.join(decoded.ignored)}")
    return shown
