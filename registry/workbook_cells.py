"""The cells of a workbook, read by a process of its own that may take so much memory and time.

A workbook of some kilobytes can ask its reader for gigabytes: one cell at the far corner of a
sheet, or a zip that opens into much. The reader then ends, and not who asked it. Run as a program
it writes what it read to its standard output; it imports nothing of ours.
"""

import pickle
import resource
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

Rows = list[tuple[int, list[Any]]]
"""Rows of a sheet that hold something, each with its number, from 1."""

MEMORY_BYTES = 2 << 30
CPU_S = 60
WALL_S = 300
"""The machine may have other things to do."""
CHARACTERS = 100_000_000
"""In all cells together, an empty one within a row counting as one: some 100,000 devices."""


class WorkbookError(Exception):
    """Why a workbook cannot be read, and what to do."""


def read_cells(
    path: Path, wanted: Sequence[str], memory_bytes: int = MEMORY_BYTES
) -> tuple[list[str], dict[str, Rows]]:
    """The names of all sheets, and the rows of the wanted ones that are there.

    Raises WorkbookError.
    """
    command = [sys.executable, "-I", __file__, str(memory_bytes), str(path), *wanted]
    try:
        done = subprocess.run(command, capture_output=True, timeout=WALL_S, check=False)
    except subprocess.TimeoutExpired:
        raise WorkbookError(_too_much(memory_bytes)) from None
    if done.returncode:
        raise WorkbookError(_too_much(memory_bytes))
    error, names, sheets = pickle.loads(done.stdout)  # our own process wrote it
    if error:
        raise WorkbookError(error)
    return names, sheets


def _too_much(memory_bytes: int) -> str:
    return (
        f"reading it takes more than {memory_bytes / (1 << 30):g} GiB of memory or {CPU_S} s: a "
        "cell far below or to the right of a table holds something, or the file opens into very "
        "much. Copy the tables alone into a new workbook"
    )


def _read(path: str, wanted: Iterable[str]) -> tuple[str, list[str], dict[str, Rows]]:
    """What went wrong (empty: nothing), the names of the sheets, and the rows."""
    try:
        book = CalamineWorkbook.from_path(path)
    except (CalamineError, OSError, ValueError) as error:
        advice = "open it in a spreadsheet program and save it as .xlsx"
        return f"not a workbook that can be read ({error}): {advice}", [], {}
    sheets: dict[str, Rows] = {}
    room = CHARACTERS
    for name in (n for n in wanted if n in book.sheet_names):
        rows: Rows = []
        try:
            for number, row in _filled(book.get_sheet_by_name(name).iter_rows()):
                room -= sum(len(c) if isinstance(c, str) else 1 for c in row) + len(row)
                if room < 0:
                    return _TOO_LONG, [], {}
                rows.append((number, row))
        except (CalamineError, ValueError) as error:
            said = f"sheet {name} cannot be read ({error}): save the workbook anew as .xlsx"
            return said, [], {}
        sheets[name] = rows
    return "", book.sheet_names, sheets


_TOO_LONG = (
    f"its cells hold more than {CHARACTERS:,} characters: import the registry in several workbooks"
)


def _filled(rows: Iterable[list[Any]]) -> Iterator[tuple[int, list[Any]]]:
    """The rows in which something stands, up to their last cell that is not empty."""
    for number, row in enumerate(rows, 1):
        while row and row[-1] == "":
            row.pop()
        if row:
            yield number, row


def _limit(memory_bytes: int) -> None:
    """Let this process take no more."""
    most = ((resource.RLIMIT_AS, memory_bytes), (resource.RLIMIT_CPU, CPU_S))
    for what, wanted in (*most, (resource.RLIMIT_CORE, 0)):
        _, hard = resource.getrlimit(what)
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with suppress(OSError, ValueError):  # some systems know no such limit
            resource.setrlimit(what, (soft, hard))


if __name__ == "__main__":
    _limit(int(sys.argv[1]))
    pickle.dump(_read(sys.argv[2], sys.argv[3:]), sys.stdout.buffer)
