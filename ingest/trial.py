"""Showing to a person what messages become, and what was kept aside."""

from dataclasses import dataclass, field

from config.texts import text, texts
from domain.calendar import from_ms
from domain.errors import PayloadError
from domain.quantities import QUANTITIES
from ingest.live.router import Router
from store.ledger.port import AsideEntry

_SHOWN = 60


@dataclass(slots=True)
class Trial:
    """What one message would become. `wrong` counts what would be kept aside."""

    readings: int = 0
    wrong: int = 0
    lines: list[str] = field(default_factory=list)


def trial(router: Router, topic: str, payload: bytes, now_ms: int) -> Trial:
    """Decode one message and say in lines what came out."""
    shown = Trial()
    try:
        decoded = router.decode(topic, payload, now_ms)
    except PayloadError as error:
        return Trial(wrong=1, lines=[f"kept aside: {error}"])
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


def described(entry: AsideEntry, lang: str) -> str:
    """An entry in a few lines."""
    key = f"reason.{entry.code}"
    reason = text("ingest", key, lang) if key in texts("ingest") else entry.code
    sample = entry.sample.decode(errors="replace")
    sample = sample if len(sample) <= _SHOWN else sample[:_SHOWN] + "…"
    return (
        f"{entry.count} × {entry.code} ({reason})  {entry.device}\n"
        f"    from {entry.source}, {entry.first_at:%Y-%m-%d %H:%M:%S} … "
        f"{entry.last_at:%Y-%m-%d %H:%M:%S} UTC\n"
        f"    {entry.detail}\n"
        f"    {sample}"
    )
