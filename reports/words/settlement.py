"""The words of a statement's line: what it is about, and where its price is from."""

from config.texts import text, texts
from reports.words.names import carrier_name
from reports.words.texts import t

_ROOM = "settlement"


def about_words(contract: str, of: str, period: str, month: str, lang: str) -> str:
    """What a line is about; a service keeps the name people gave it."""
    parts = [contract]
    if of and f"line.{of}" not in texts(_ROOM):
        parts.append(carrier_name(of, lang))
    if period:
        parts.append(t(f"tariff_period.{period}", lang))
    return " ".join(p for p in (*parts, month) if p)


def price_words(source: str, lang: str) -> str:
    """Where a price is from: what was agreed, or the dated tariff."""
    if not source or source == "agreed":
        return text(_ROOM, "agreed", lang) if source else ""
    name, _, day = source.partition(" ")
    _, region, period = name.split(".")
    return text(
        _ROOM, "by_tariff", lang, region=region, period=t(f"tariff_period.{period}", lang), day=day
    )
