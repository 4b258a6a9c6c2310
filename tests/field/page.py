"""The table of docs/field.md, from the cases and what September's figures truly say of them.

``python -m tests.field.page`` writes it anew; test_page.py compares.
"""

import re
import tempfile
from pathlib import Path

from domain.figures import Figure
from domain.places import Bin, Meter, PvSystem
from tests.field.case import Case
from tests.field.cases import CASES
from tests.field.run import figure_of, september_figures
from tests.paths import ROOT

PAGE = ROOT / "docs" / "field.md"
_TABLE = re.compile(r"(<!-- cases -->\n).*?(\n<!-- end of cases -->)", re.DOTALL)
_UNITS = {"kwh": "kWh", "m3": "m³", "gj": "GJ", "kg": "kg"}
_GROUPS: tuple[tuple[str, type], ...] = (("Meters", Meter), ("Inverters", PvSystem), ("Bins", Bin))


def page(figures: dict[str, list[Figure]]) -> str:
    """The page as it is, with its table of these figures."""
    table = "\n\n".join(
        f"## {title}\n{_HEAD}\n"
        + "\n".join(_row(c, figures) for c in CASES if isinstance(c.device, kind))
        for title, kind in _GROUPS
    )
    return _TABLE.sub(lambda m: f"{m[1]}{table}{m[2]}", PAGE.read_text(encoding="utf-8"))


_HEAD = "| the device | reported of | there it became | truly | we say |\n|---|---|---|---|---|"


def _row(case: Case, figures: dict[str, list[Figure]]) -> str:
    source = case.source
    unit = _UNITS[case.figure.rsplit("_", 1)[1]]
    cells = (
        case.did,
        f"[{source.project.split('/')[1]} {source.number}]({source.url})",
        source.others or "–",
        f"{_number(case.truth)} {unit}",
        _verdict(figure_of(case, figures), unit),
    )
    return "| " + " | ".join(c.replace("|", "/") for c in cells) + " |"


def _verdict(figure: Figure, unit: str) -> str:
    missing = figure.shares.missing
    value = "nothing" if figure.value is None else f"{_number(figure.value)} {unit}"
    gone = f", {missing:.1%} of the month missing" if missing >= 0.0005 else ""
    told = ", ".join(f"`{c}`" for c in sorted({f.code for f in figure.findings}))
    return f"**{value}**{gone}" + (f"; {told}" if told else "")


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.1f}"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        text = page(september_figures(CASES, Path(folder)))
    PAGE.write_text(text, encoding="utf-8")
