"""Comparisons of months: with the month before, the year before, peers; yearly sums.

Pure functions over results that stand in the ledger, for reports, pages and the survey form.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from config.processing import processing_settings
from domain.calendar import Month
from domain.figures import MonthResult, Shares
from domain.figures.comparing import NotCompared, change_ratio, is_running, why_not_compared
from domain.figures.names import COMPARED


@dataclass(frozen=True, slots=True)
class Comparison:
    """A figure against an earlier one. `change_ratio` is (now − then) / then; None where
    `why_not` says why: only like is compared with like."""

    name: str
    month: Month
    against: Month
    value: float | None
    earlier: float | None
    change_ratio: float | None
    why_not: NotCompared


def compare(results: Sequence[MonthResult], month: Month, against: Month) -> list[Comparison]:
    """Each compared figure of `month` against the same of another month.

    `results` are of one institution.
    """
    least = processing_settings().comparison.least_known_ratio
    now, then = (_totals(results, m) for m in (month, against))
    running = any(is_running(r) for r in results if r.month in (month, against))
    found = []
    for name in COMPARED:
        if name not in now:
            continue
        value, shares = now[name]
        earlier, earlier_shares = then.get(name, (None, Shares.none()))
        pair = (value, shares, earlier, earlier_shares, least)
        why: NotCompared = "running" if running else "not_computed"
        if name in then and not running:
            why = why_not_compared(*pair)
        ratio = None if why else change_ratio(*pair)
        found.append(Comparison(name, month, against, value, earlier, ratio, why))
    return found


def month_and_year_before(results: Sequence[MonthResult], month: Month) -> list[Comparison]:
    """Comparisons with last month (环比) and the same month of last year (同比)."""
    return [*compare(results, month, month.plus(-1)), *compare(results, month, month.plus(-12))]


@dataclass(frozen=True, slots=True)
class YearFigure:
    """A sum over twelve months. `months` is how many of them are known; `shares` their mean,
    a month without a result being missing, and so is one that is not over: its part would pass
    for a month. `value` None if none is known."""

    name: str
    value: float | None
    months: int
    shares: Shares

    @property
    def is_complete(self) -> bool:
        least = processing_settings().comparison.least_known_ratio
        return self.months == 12 and self.shares.missing <= 1.0 - least


def year_figures(results: Sequence[MonthResult], end: Month) -> dict[str, YearFigure]:
    """Sums over the twelve months before `end` (excluded) of one institution, by name."""
    over = [r for r in results if not is_running(r)]
    months = [_totals(over, end.plus(-k)) for k in range(1, 13)]
    found = {}
    for name in COMPARED:
        parts = [m.get(name, (None, Shares.none())) for m in months]
        known = [v for v, _ in parts if v is not None]
        if not any(name in m for m in months):
            continue
        shares = Shares.mean_unmeasured([s for _, s in parts], first="estimated")
        found[name] = YearFigure(name, sum(known) if known else None, len(known), shares)
    return found


def _totals(results: Sequence[MonthResult], month: Month) -> dict[str, tuple[float | None, Shares]]:
    return {
        f.name: (f.value, f.shares)
        for r in results
        if r.month == month
        for f in r.figures
        if not f.subject and f.name in COMPARED
    }


@dataclass(frozen=True, slots=True)
class PeerPosition:
    """Where an institution stands among those of its type: lower is better.

    `percentile` is the share of peers (0–1) that use less; `median` of the peers.
    """

    name: str
    value: float
    median: float
    percentile: float
    peers: int


def peer_position(
    institution: str, name: str, values: Mapping[str, float | None]
) -> PeerPosition | None:
    """The position of one institution by a figure per area or head.

    `values` are of institutions of the same building type, its own included. None when its own
    is unknown or fewer than four peers are known: so few would not be told apart by name.
    """
    own = values.get(institution)
    peers = np.array([v for i, v in values.items() if i != institution and v is not None])
    if own is None or peers.size < processing_settings().comparison.least_peers:
        return None
    return PeerPosition(
        name, own, float(np.median(peers)), float((peers < own).mean()), int(peers.size)
    )
