"""Which months the late ones of posted readings touch, and who will compute them anew."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from pydantic import Field

from api.dependencies import Backend
from api.rows.base import Row
from domain.calendar import DAY_MS, Month, from_ms, local_time
from domain.readings import Run
from domain.registry import Registry

MOST = 100
_ON_TIME_MS = DAY_MS
"""Readings no older than this belong to months that every round computes anyway."""


class LateMonthRow(Row):
    institution: str = Field(description="Whose month it is.")
    month: str = Field(description="The month, YYYY-MM.", examples=["2026-03"])
    state: Literal["open", "closed", "restatement_pending", "not_computed"] = Field(
        description="How it stands now. A closed one does not change: what comes of it waits as a "
        "restatement."
    )


@dataclass
class Touching:
    """Gathers months of (institution, month) while a body is taken."""

    months: set[tuple[str, Month]] = field(default_factory=set)

    def add(self, runs: Iterable[Run], registry: Registry, now_ms: int) -> None:
        """The months of readings older than a day."""
        before = now_ms - _ON_TIME_MS
        for run in runs:
            times = run.at_ms
            first = min(times)
            if first >= before:
                continue
            device = registry.device_by_id[run.device]
            zone = registry.institution_by_id[device.institution].timezone
            for day in _days(times, first, before):
                self.months.add((device.institution, _month(day, zone)))

    def rows(self, backend: Backend) -> tuple[list[LateMonthRow], int]:
        """Those whose institutions are seen, the first MOST, each as it stands; how many more."""
        seen = backend.registry.institution_by_id
        found = sorted((p, m) for p, m in self.months if p in seen)
        rows = []
        for place, month in found[:MOST]:
            status = next(iter(backend.ledger.statuses(place, month, month.plus(1))), None)
            state = status.state if status else "not_computed"
            rows.append(LateMonthRow(institution=place, month=str(month), state=state))
        return rows, len(found) - len(rows)


def computed_by(backend: Backend) -> Literal["service", "command"]:
    """Who computes months anew: the rounds of processing beside this service, while they go on."""
    running = backend.parts() if backend.parts is not None else {}
    return "service" if running.get("processing") == "ok" else "command"


def _month(at_ms: int, zone: str) -> Month:
    return Month.of(local_time(from_ms(at_ms), zone).date())


def _days(times: Sequence[int], first: int, before: int) -> Iterable[int]:
    """The first and the last instant of each day: months begin at no fixed hour of a UTC day."""
    last = max(times)
    if last < before and last - first < DAY_MS:  # as of most bodies; no value is looked at twice
        return (first, last)
    late = sorted(t for t in times if t < before)
    firsts = {t // DAY_MS: t for t in reversed(late)}
    lasts = {t // DAY_MS: t for t in late}
    return (*firsts.values(), *lasts.values())
