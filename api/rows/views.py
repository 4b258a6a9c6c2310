"""Views of results that the ledger keeps ready (see `store.ledger.answers`): rows as they are sent.

What a row says of the institution and of how its month stands is put before them when they are
sent, for it can change while the result stays.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from domain.figures import MonthResult
from domain.places import Institution
from store.ledger.answers import View
from store.ledger.port import MonthStatus

if TYPE_CHECKING:
    from api.rows.base import Wanted


def _figures(result: MonthResult) -> bytes:
    # Whoever opens a ledger knows the views; only who makes one needs these.
    from pydantic_core import to_json

    from api.rows.figures import figure_fields

    keys = [(f.name, f.subject) for f in result.figures]
    rows = [to_json(figure_fields(f), inf_nan_mode="null") for f in result.figures]
    return b"\n".join([to_json(keys), *rows])


FIGURES = View("figures", "1", _figures)
"""Rows of every figure (`FigureRow`), one a line, below a line of their names and subjects."""

VIEWS = (FIGURES,)


def figure_lines(
    shown: Iterable[tuple[Institution, MonthStatus, bytes]], wanted: "Wanted"
) -> list[bytes]:
    """The rows that are wanted, each a JSON object, from the views of their months."""
    from pydantic_core import from_json, to_json

    from api.rows.base import month_fields

    lines: list[bytes] = []
    for institution, status, view in shown:
        head = to_json(month_fields(institution, status.month, status))[:-1] + b","
        keys, *rows = view.split(b"\n")
        named: list[list[Any]] = from_json(keys)
        for (name, subject), row in zip(named, rows, strict=True):
            end = wanted(name, subject)
            if end is not None:
                lines.append(head + row[1:] if not end else head + row[1:-1] + end)
    return lines
