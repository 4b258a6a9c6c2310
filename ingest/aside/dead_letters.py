"""What was kept aside, shown to a person."""

from config.texts import reason_label
from store.ledger.port import AsideEntry

_SHOWN = 60


def dead_letter_lines(entry: AsideEntry, lang: str) -> str:
    """A group in a few lines."""
    sample = entry.sample.decode(errors="replace")
    sample = sample if len(sample) <= _SHOWN else sample[:_SHOWN] + "…"
    return (
        f"{entry.count} × {entry.code} ({reason_label(entry.code, lang)})  {entry.device}\n"
        f"    from {entry.source}, {entry.first_at:%Y-%m-%d %H:%M:%S} … "
        f"{entry.last_at:%Y-%m-%d %H:%M:%S} UTC\n"
        f"    {entry.detail}\n"
        f"    {sample}"
    )
