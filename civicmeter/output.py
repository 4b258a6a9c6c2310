"""What commands print: a progress line and the table of months."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from domain.calendar import Month
from domain.carriers import BOARD_USES, ELECTRICITY, GAS_ENERGY
from domain.errors import ConfigError
from domain.figures import Figure, MonthResult
from domain.figures.subjects import OfContract
from domain.registry import Registry
from reports.words.known import is_least, is_mostly_missing
from reports.words.verdicts import verdict_word
from store.ledger.port import MonthStatus

if TYPE_CHECKING:
    from rich.progress import TaskID

Progress = Callable[[str, int, int], None]


def write_file(path: Path, content: bytes) -> None:
    """Raises ConfigError where it cannot be written."""
    try:
        path.write_bytes(content)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written ({error}): name another file") from error


@contextmanager
def progress_line() -> Iterator[Progress]:
    """A callback (what, done, total): a bar for each thing on a terminal, rare lines elsewhere.

    Print to standard output only after the block: a terminal would mix it with the bars.
    """
    if not sys.stderr.isatty():
        yield _rare_lines()
        return
    # Imported here: most commands show no progress, and rich takes a while to load.
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.completed:,.0f} of {task.total:,.0f} ({task.percentage:.0f}%)"),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=Console(stderr=True), redirect_stdout=False) as bars:
        known: dict[str, TaskID] = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in known:
                known[what] = bars.add_task(what, total=total)
            bars.update(known[what], completed=done, total=total)

        yield show


def _rare_lines() -> Progress:
    shown = {"what": "", "tenth": -1}

    def show(what: str, done: int, total: int) -> None:
        share = done / total if total else 1.0
        if what != shown["what"] or int(share * 10) != shown["tenth"]:
            sys.stderr.write(f"{what}: {done:,} of {total:,} ({share:.0%})\n")
        shown.update(what=what, tenth=int(share * 10))
        sys.stderr.flush()

    return show


def table_text(rows: Sequence[Sequence[str]]) -> str:
    """Rows below their header (the first): fitted to the width of a terminal if standard output
    is one, plain lines with aligned columns elsewhere. Chinese characters are two columns wide.
    """
    if sys.stdout.isatty():
        return _table_for_terminal(rows)
    from rich.cells import cell_len, set_cell_size

    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(set_cell_size(cell, width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )


def _table_for_terminal(rows: Sequence[Sequence[str]]) -> str:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in rows[0]:
        table.add_column(Text(title), overflow="fold")
    for row in rows[1:]:
        table.add_row(*map(Text, row))
    console = Console()
    with console.capture() as drawn:
        console.print(table)
    return drawn.get().rstrip("\n")


_COLUMNS: tuple[str, ...] = (
    "institution",
    "data",
    "month",
    "state",
    "electricity kWh",
    "gas kWh",
    "measured",
    "avoided kWh [interval]",
    "PV kWh",
    "PR",
    "waste kg",
)


class MonthTable:
    """One row an institution and month, as text for a terminal.

    Of the results it is told only their row is kept, so that a city's may pass through.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._rows: list[tuple[str, Month, tuple[str, ...]]] = []

    def add(self, result: MonthResult) -> None:
        """Take the next row from a result."""
        self._rows.append((result.institution, result.month, _figures(result)))

    def text(self, statuses: Sequence[MonthStatus]) -> str:
        """The table; where each month stands is taken from `statuses`."""
        status = {(s.institution, s.month): s for s in statuses}
        rows = [_COLUMNS]
        for institution, month, figures in self._rows:
            origin = self._registry.institution_by_id[institution].origin
            state = _state(status.get((institution, month)))
            rows.append((institution, origin, str(month), state, *figures))
        return table_text(rows)


def _state(status: MonthStatus | None) -> str:
    return f"{status.state} r{status.revision}" if status and status.revision else "open"


def _figures(result: MonthResult) -> tuple[str, ...]:
    electricity = _total(result, ELECTRICITY.figure)
    avoided = [f for f in result.figures if f.name == "avoided_energy_kwh"]
    pv = [f for f in result.figures if f.name == "pv_generation_kwh"]
    ratio = [f for f in result.figures if f.name == "pv_performance_ratio"]
    shares = [f.shares.measured for f in result.figures if f.name in _USES and not f.subject]
    return (
        _number(electricity),
        _number(_total(result, GAS_ENERGY.figure)),
        f"{min(shares):.1%}" if shares else "–",
        "; ".join(_interval(f) for f in avoided) or "–",
        _number(pv[0] if pv else None),
        _number(ratio[0] if ratio else None, 3),
        _number(_total(result, "waste_mass_kg"), 1),
    )


_USES = {use.figure for use in BOARD_USES}


def _total(result: MonthResult, name: str) -> Figure | None:
    return next((f for f in result.figures if f.name == name and not f.subject), None)


def _number(figure: Figure | None, digits: int = 0) -> str:
    if figure is None or figure.value is None:
        return "–"
    if is_mostly_missing(figure):
        return "not known"
    least = "≥ " if is_least(figure) else ""
    return f"{least}{figure.value:,.{digits}f}"


def _interval(figure: Figure) -> str:
    about = figure.about
    carrier = about.carrier if isinstance(about, OfContract) else figure.subject
    if figure.value is None or figure.low is None or figure.high is None:
        return f"{carrier} –"
    if is_mostly_missing(figure):
        return f"{carrier} not known"
    verdict = verdict_word(figure, "en")
    return f"{carrier} {figure.value:,.0f} [{figure.low:,.0f} … {figure.high:,.0f}] {verdict}"
