"""Sheets and columns by the names that people read, in Chinese or English."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from config.texts import LANGUAGES, text, texts
from registry.sheets import HISTORIES, SHEETS
from registry.workbook_cells import Rows

_ROOM = "registry_headings"


def heading(kind: str, name: str, lang: str) -> str:
    """What a ``sheet`` or a ``column`` is called; with no language, its short name."""
    return text(_ROOM, f"{kind}.{name}", lang) if lang else name


def both_names(kind: str, name: str, lang: str) -> str:
    """The short name and, where it has one, what people call it."""
    return f"{name}（{heading(kind, name, lang)}）" if f"{kind}.{name}" in texts(_ROOM) else name


@cache
def sheet_names() -> Mapping[str, str]:
    """Every name that a sheet of ours may have → its short name."""
    return {name: name for name in (*SHEETS, *HISTORIES)} | _names("sheet")


def by_short_names(
    names: list[str], sheets: Mapping[str, Rows]
) -> tuple[list[str], dict[str, Rows], list[str]]:
    """The names of all sheets, and the sheets, by their short names, the header of each as well; and
    the sheets that are there under two names, of which the first counts."""
    known, found, twice = sheet_names(), dict[str, Rows](), list[str]()
    for name, rows in sheets.items():
        short = known[name]
        if short in found:
            twice.append(name)
        else:
            found[short] = _with_short_header(rows)
    return [known.get(n, n) for n in names], found, twice


def _with_short_header(rows: Rows) -> Rows:
    if not rows or rows[0][0] != 1:
        return rows
    columns = _names("column")
    header: list[Any] = [columns.get(str(c).strip(), c) for c in rows[0][1]]
    return [(1, header), *rows[1:]]


@cache
def _names(kind: str) -> dict[str, str]:
    """What people call a sheet or a column, in any language → its short name."""
    return {
        entry[lang]: key.partition(".")[2]
        for key, entry in texts(_ROOM).items()
        if key.startswith(f"{kind}.")
        for lang in LANGUAGES
    }
