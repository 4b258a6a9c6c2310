"""A scenario's months in order, cut at the present: what is backfill and what comes live."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from domain.calendar import Month, to_ms
from simulators.block import Block, Carry, Site, TruthDays
from simulators.scenarios import Scenario


@dataclass(frozen=True)
class Piece:
    """One site's month: its readings and what was true, as far as it lies in the past."""

    site: Site
    month: Month
    blocks: list[Block]
    truth: list[TruthDays]


@dataclass
class Timeline:
    """Walks a scenario once: first `backfill()`, then `live()`, which continues it for ever."""

    scenario: Scenario
    _carries: dict[int, Carry] = field(default_factory=dict)
    _ahead: list[Block] = field(default_factory=list)

    def backfill(self) -> Iterator[Piece]:
        """Every site's months up to now, months in calendar order."""
        sites = self.scenario.sites
        now_ms = to_ms(self.scenario.now)
        if not sites:
            return
        month = min(s.first for s in sites)
        last = max(self._last(s) for s in sites)
        while month <= last:
            for index, site in enumerate(sites):
                if site.first <= month <= self._last(site):
                    yield self._piece(index, site, month, now_ms)
            month = month.plus(1)

    def live(self) -> Iterator[list[Block]]:
        """Blocks after now, a month at a time: the rest of this month first, then for ever."""
        yield self._ahead
        going = [(i, s) for i, s in enumerate(self.scenario.sites) if s.end is None]
        month = max((self._last(s) for _, s in going), default=None)
        while month is not None:
            month = month.plus(1)
            made = [s.month(month, self._carries.setdefault(i, {})) for i, s in going]
            yield [b for m in made for b in m.blocks]

    def planned_readings(self) -> int:
        """About how many readings the backfill has: exact but for gaps and daily values."""
        total = 0
        for site in self.scenario.sites:
            start = site.first.interval(site.timezone)[0]
            end = site.end.interval(site.timezone)[0] if site.end else self.scenario.now
            seconds = (min(end, self.scenario.now) - start).total_seconds()
            month = site.month(site.first, {})
            length = site.first.interval(site.timezone)
            share = seconds / (length[1] - length[0]).total_seconds()
            total += round(sum(b.readings for b in month.blocks) * share)
        return total

    def _last(self, site: Site) -> Month:
        current = Month.of(self.scenario.now.astimezone(ZoneInfo(site.timezone)).date())
        return min(current, site.end.plus(-1)) if site.end else current

    def _piece(self, index: int, site: Site, month: Month, now_ms: int) -> Piece:
        made = site.month(month, self._carries.setdefault(index, {}))
        today = self.scenario.now.astimezone(ZoneInfo(site.timezone)).date()
        past: list[Block] = []
        for block in made.blocks:
            before, after = block.split(now_ms)
            if len(before.at_ms):
                past.append(before)
            if site.end is None and len(after.at_ms):
                self._ahead.append(after)
        return Piece(site, month, past, [t.until(today) for t in made.truth])
