"""The bounds of the doubts, from `config/tables/plausible_savings.toml`."""

from collections.abc import Sequence
from datetime import date
from functools import cache
from math import prod
from typing import Any

from config.factors import table
from domain.places import Institution, Measure

_FILE = "plausible_savings"


@cache
def rules() -> dict[str, float]:
    """The thresholds by name; of several rows of a name, the one that began last."""
    return {str(r["name"]): float(r["value"]) for r in _rows("rule")}


def largest_saving(carrier: str, option: str, measures: Sequence[Measure], day: date) -> float:
    """The largest share of the counterfactual that the measures can save, as known on `day`.

    Of those about the carrier; without any, that of contracts that name no measures.

    >>> largest_saving("electricity", "C", [], date(2027, 1, 1))
    0.4
    """
    kinds: set[str] = {m.kind for m in measures if m.is_about(carrier)}
    column = "equipment" if option == "B" else "whole"
    each = [_row(kind, carrier, day)[column] for kind in sorted(kinds or {""})]
    together = 1 - prod(1 - share for share in each)
    most = max(*each, float(_row("whole_building", carrier, day)[column]))
    return float(min(together, most)) if len(each) > 1 else float(each[0])


def _row(kind: str, carrier: str, day: date) -> dict[str, Any]:
    """The row of a kind and carrier; of another carrier than it has rows for, that of no kind."""
    for wanted in (kind, ""):
        for name in (carrier, "other"):
            rows = [r for r in _rows("limit") if r["kind"] == wanted and name in r["carriers"]]
            if rows:  # years before the first row have that row
                began = [r for r in rows if r["valid_from"] <= day]
                return began[-1] if began else rows[0]
    raise KeyError(f"config/tables/{_FILE}.toml has no [[limit]] of no kind for {carrier}: add one")


@cache
def _rows(key: str) -> tuple[dict[str, Any], ...]:
    """The rows, oldest first."""
    return tuple(sorted(table(_FILE, key), key=lambda r: r["valid_from"]))


def climate(place: Institution | None) -> tuple[Sequence[float], Sequence[float]]:
    """The least and greatest mean of each calendar month (°C) at an institution's place."""

    def rank(row: dict[str, Any]) -> int:
        districts, zones = row.get("districts"), row.get("timezones")
        if districts is not None:
            code = "" if place is None else place.district_code
            return 2 if any(code.startswith(d) for d in districts) else -1
        if zones is not None:
            return 1 if place is not None and place.timezone in zones else -1
        return 0

    best = max(reversed(_rows("climate")), key=rank)
    return best["low_c"], best["high_c"]
