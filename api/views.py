"""Views of results that the ledger keeps ready (see `store.ledger.answers`): rows as they are sent.

What a row says of the institution and of how its month stands is put before them when they are
sent, for it can change while the result stays.
"""

import json
from collections.abc import Iterable
from dataclasses import astuple
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from config.uses import use_rules
from domain.figures import MonthResult, Shares
from domain.findings import Finding
from domain.places import Institution
from store.ledger.answers import View
from store.ledger.port import MonthStatus

if TYPE_CHECKING:
    from api.rows.base import Wanted
    from processing.quality.said import Said


def _figures(result: MonthResult) -> bytes:
    # Whoever opens a ledger knows the views; only who makes one needs these.
    from pydantic_core import to_json

    from api.rows.figures import figure_fields

    keys = [(f.name, f.subject) for f in result.figures]
    rows = [to_json(figure_fields(f, result.month), inf_nan_mode="null") for f in result.figures]
    return b"\n".join([to_json(keys), *rows])


def _uses_version() -> str:
    """Changes with the rules that rows are made by."""
    rows = json.dumps([[str(v) for v in astuple(rule)] for rule in use_rules()])
    return sha256(rows.encode()).hexdigest()[:8]


FIGURES = View("figures", f"2-{_uses_version()}", _figures)
"""Rows of every figure (`FigureRow`), one a line, below a line of their names and subjects."""


def _board(result: MonthResult) -> bytes:
    from processing.quality.said import said_of_devices

    said = said_of_devices(result)
    return json.dumps({d: _said_plain(s) for d, s in said.items()}, ensure_ascii=False).encode()


BOARD = View("board", "1", _board)
"""What a month says of each device (`Said`), for the completeness board."""

VIEWS = (FIGURES, BOARD)


def _said_plain(said: "Said") -> list[object]:
    from store.ledger.sql.result_rows import findings_plain

    shares = {
        name: [float(s.measured), float(s.estimated), float(s.missing)]
        for name, s in said.shares.items()
    }
    findings = findings_plain(said.findings)
    return [shares, said.expected, said.received, said.fell_silent, findings]


def said_of_view(view: bytes) -> dict[str, "Said"]:
    """What the view `BOARD` says of each device."""
    from processing.quality.said import Said

    return {
        device: Said(
            {name: Shares(*s) for name, s in shares.items()},
            expected,
            received,
            fell_silent,
            tuple(Finding(**f) for f in findings),
        )
        for device, (shares, expected, received, fell_silent, findings) in json.loads(view).items()
    }


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
