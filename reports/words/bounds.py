"""Bounds that the registry lacks, in words."""

from collections.abc import Iterable, Mapping

from config.texts import text
from domain.places import AnyDevice
from domain.registry.unbounded import count_unbounded
from reports.words.texts import joined


def bounds_missing_text(devices: Iterable[AnyDevice], lang: str) -> str:
    """How many devices lack which bound; empty: none does."""
    return bounds_counted_text(count_unbounded(devices), lang)


def bounds_counted_text(counts: Mapping[str, int], lang: str) -> str:
    """As `bounds_missing_text`, of devices that were counted already."""
    return joined(
        (
            text("bounds", "count", lang, count=f"{n:,}", field=_field(field, lang), column=field)
            for field, n in counts.items()
        ),
        lang,
    )


def _field(field: str, lang: str) -> str:
    return text("bounds", f"field.{field}", lang)
