"""What a waiting restatement would change, as the signatures of both results see it."""

import json
from collections.abc import Mapping
from typing import Any

from api.rows.base import ChangeRow
from api.rows.figures import Standing, unit_of
from domain.figures import MonthResult
from store.ledger.canonical import canonical_json

_Key = tuple[str, str]
_MONTH: _Key = ("", "")


def change_rows(standing: Standing, pending: MonthResult) -> list[ChangeRow]:
    """Figures whose value, evidence or day values differ, or that come or go.

    One without a name stands for the month itself: its findings and models. Both results are
    compared in the form that is signed, so whatever made the restatement is among the rows.
    """
    old, new = _Signed(standing.result), _Signed(pending)
    rows = []
    for key in dict.fromkeys([*old.keys(), *new.keys()]):
        days = old.days(key).items() ^ new.days(key).items()
        before, after = old.figures.get(key, {}), new.figures.get(key, {})
        if before == after and not days:
            continue
        signed, waits = before.get("value"), after.get("value")
        rows.append(
            ChangeRow(
                **standing.head,
                name=key[0],
                subject=key[1],
                unit=unit_of(key[0]) if key[0] else "",
                standing_value=signed,
                pending_value=waits,
                change=None if signed is None or waits is None else waits - signed,
                standing_measured_share=_measured(before),
                pending_measured_share=_measured(after),
                standing_findings=_codes(before),
                pending_findings=_codes(after),
                days_changed=len({day for day, _ in days}),
            )
        )
    return rows


class _Signed:
    """A result in its canonical form: figures and day values by name and subject."""

    def __init__(self, result: MonthResult) -> None:
        form: dict[str, Any] = json.loads(canonical_json(result))
        self.figures: dict[_Key, dict[str, Any]] = {
            (f["name"], f["subject"]): f for f in form["figures"]
        }
        self.figures[_MONTH] = {"findings": form["findings"], "models": form["models"]}
        self._days: dict[_Key, dict[str, tuple[Any, ...]]] = {}
        for name, subject, day, *rest in form["days"]:
            self._days.setdefault((name, subject), {})[day] = tuple(rest)

    def keys(self) -> list[_Key]:
        return [*self.figures, *self._days]

    def days(self, key: _Key) -> Mapping[str, tuple[Any, ...]]:
        return self._days.get(key, {})


def _measured(figure: Mapping[str, Any]) -> float | None:
    shares: list[float | None] = figure.get("shares", [None])
    return shares[0]


def _codes(figure: Mapping[str, Any]) -> str:
    return ", ".join(sorted({f["code"] for f in figure.get("findings", ())}))
