"""Texts of the reports, lists and months as they are written."""

from collections.abc import Iterable

from config.texts import text


def t(key: str, lang: str, /, **values: object) -> str:
    """A text of the reports."""
    return text("report", key, lang, **values)


def joined(parts: Iterable[str], lang: str) -> str:
    """A list in a sentence."""
    return ("、" if lang == "zh" else ", ").join(p for p in parts if p)


def month_name(year: int, month: int, lang: str) -> str:
    """A month as it is written: ``2019年3月``, ``March 2019``."""
    return t("month_format", lang, year=year, month=month, name=t(f"months.m{month}", lang))
