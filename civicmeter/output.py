"""What commands print: a progress line and the table of months."""

import sys
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from domain.figures import Figure, MonthResult
from domain.registry import Registry
from store.ledger.port import MonthStatus

Progress = Callable[[str, int, int], None]


@contextmanager
def progress_line() -> Iterator[Progress]:
    """A callback (what, done, total): one rewritten line on a terminal, rare lines elsewhere."""
    live = sys.stderr.isatty()
    shown = {"what": "", "tenth": -1}

    def show(what: str, done: int, total: int) -> None:
        share = done / total if total else 1.0
        if live:
            sys.stderr.write(f"\r\x1b[K{what}: {done:,} of {total:,} ({share:.0%})")
        elif what != shown["what"] or int(share * 10) != shown["tenth"]:
            sys.stderr.write(f"{what}: {done:,} of {total:,} ({share:.0%})\n")
        shown.update(what=what, tenth=int(share * 10))
        sys.stderr.flush()

    yield show
    if live and shown["what"]:
        sys.stderr.write("\n")


_COLUMNS = (
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


def month_table(
    results: Sequence[MonthResult], statuses: Sequence[MonthStatus], registry: Registry
) -> str:
    """One row an institution and month, as text for a terminal."""
    status = {(s.institution, s.month): s for s in statuses}
    rows = [_COLUMNS, *(_row(r, status.get((r.institution, r.month)), registry) for r in results)]
    widths = [max(_width(row[i]) for row in rows) for i in range(len(_COLUMNS))]
    return "\n".join(
        "  ".join(_pad(c, w) for c, w in zip(row, widths, strict=True)) for row in rows
    )


def _row(result: MonthResult, status: MonthStatus | None, registry: Registry) -> tuple[str, ...]:
    institution = registry.institution_by_id[result.institution]
    electricity = _total(result, "electricity_use_kwh")
    avoided = [f for f in result.figures if f.name == "avoided_energy_kwh"]
    pv = [f for f in result.figures if f.name == "pv_generation_kwh"]
    ratio = [f for f in result.figures if f.name == "pv_performance_ratio"]
    shares = [f.shares.measured for f in result.figures if f.name in _USES and not f.subject]
    return (
        result.institution,
        institution.origin,
        str(result.month),
        f"{status.state} r{status.revision}" if status and status.revision else "open",
        _number(electricity),
        _number(_total(result, "natural_gas_use_kwh")),
        f"{min(shares):.1%}" if shares else "–",
        "; ".join(_interval(f) for f in avoided) or "–",
        _number(pv[0] if pv else None),
        _number(ratio[0] if ratio else None, 3),
        _number(_total(result, "waste_mass_kg"), 1),
    )


_USES = {
    "electricity_use_kwh",
    "natural_gas_use_kwh",
    "natural_gas_use_m3",
    "water_use_m3",
    "heat_use_gj",
}


def _total(result: MonthResult, name: str) -> Figure | None:
    return next((f for f in result.figures if f.name == name and not f.subject), None)


def _number(figure: Figure | None, digits: int = 0) -> str:
    return "–" if figure is None or figure.value is None else f"{figure.value:,.{digits}f}"


def _interval(figure: Figure) -> str:
    carrier = figure.subject.rpartition("/")[2]
    if figure.value is None or figure.low is None or figure.high is None:
        return f"{carrier} –"
    verdict = (figure.verdict or "").replace("_", " ")
    return f"{carrier} {figure.value:,.0f} [{figure.low:,.0f} … {figure.high:,.0f}] {verdict}"


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _pad(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
