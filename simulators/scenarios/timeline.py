"""A scenario's months in order, cut at the present: what is backfill and what comes live."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache

from domain.calendar import Month, local_day, to_ms
from simulators.devices.block import Block, Carry, Extra, FaultRecord, Incident, Site, TruthDays
from simulators.scenarios import Scenario

_ASKED = 50


@dataclass(frozen=True)
class Piece:
    """One site's month: its readings and what was true, as far as it lies in the past."""

    site: Site
    month: Month
    blocks: list[Block]
    truth: list[TruthDays]
    extras: list[Extra] = field(default_factory=list)
    faults: list[FaultRecord] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)


@dataclass
class Timeline:
    """Walks a scenario once: first `backfill()`, then `live()`, which continues it for ever."""

    scenario: Scenario
    _carries: dict[int, Carry] = field(default_factory=dict)
    _ahead: list[tuple[Site, Block]] = field(default_factory=list)

    def backfill(self) -> Iterator[Piece]:
        """Every site's months up to now: months in calendar order, or site by site."""
        sites = self.scenario.sites
        if self.scenario.site_by_site:
            for index in range(len(sites)):
                site = sites[index]
                yield from self._pieces(index, site, site.first, self._last(site))
                self._carries.pop(index, None)
        elif sites:
            spans = [(s.first, self._last(s)) for s in sites]
            month, until = min(first for first, _ in spans), max(last for _, last in spans)
            while month <= until:
                for index, (site, (first, last)) in enumerate(zip(sites, spans, strict=True)):
                    if first <= month <= last:
                        yield from self._pieces(index, site, month, month)
                month = month.plus(1)

    def live(self) -> Iterator[list[tuple[Site, Block]]]:
        """Blocks after now, a month at a time: the rest of this month first, then for ever."""
        yield self._ahead
        going = [(i, s) for i, s in enumerate(self.scenario.sites) if s.end is None]
        month = max((self._last(s) for _, s in going), default=None)
        while month is not None:
            month = month.plus(1)
            made = [(s, s.month(month, self._carries.setdefault(i, {}))) for i, s in going]
            yield [(s, b) for s, m in made for b in m.blocks]

    def planned_readings(self) -> int:
        """About how many readings the backfill has: exact but for gaps and daily values.

        Of very many sites only some are asked and stand for all.
        """
        size = len(self.scenario.sites)
        every = max(1, size // _ASKED)
        asked = range(0, size, every)
        total = sum(self._planned(self.scenario.sites[i]) for i in asked)
        return round(total * size / max(1, len(asked)))

    def _planned(self, site: Site) -> float:
        start, month_end = site.first.interval(site.timezone)
        end = site.end.interval(site.timezone)[0] if site.end else self.scenario.now
        seconds = (min(end, self.scenario.now) - start).total_seconds()
        share = seconds / (month_end - start).total_seconds()
        return share * sum(b.readings for b in site.month(site.first, {}).blocks)

    def _last(self, site: Site) -> Month:
        return _last_month(self.scenario.now, site.timezone, site.end)

    def _pieces(self, index: int, site: Site, month: Month, last: Month) -> Iterator[Piece]:
        while month <= last:
            yield self._piece(index, site, month)
            month = month.plus(1)

    def _piece(self, index: int, site: Site, month: Month) -> Piece:
        now_ms = to_ms(self.scenario.now)
        made = site.month(month, self._carries.setdefault(index, {}))
        today = _local_day(self.scenario.now, site.timezone)
        past: list[Block] = []
        for block in made.blocks:
            if len(block.at_ms) and block.at_ms[-1] <= now_ms:
                past.append(block)
                continue
            before, after = block.split(now_ms)
            if len(before.at_ms):
                past.append(before)
            if site.end is None and len(after.at_ms):
                self._ahead.append((site, after))
        return Piece(
            site,
            month,
            past,
            made.truth if month.end_day <= today else [t.until(today) for t in made.truth],
            [e for e in made.extras if e.at_ms <= now_ms],
            [f for f in made.faults if to_ms(f.start_at) <= now_ms],
            [i for i in made.incidents if i.at_ms <= now_ms],
        )


@lru_cache(maxsize=64)
def _last_month(now: datetime, timezone: str, end: Month | None) -> Month:
    current = Month.of(_local_day(now, timezone))
    return min(current, end.plus(-1)) if end else current


@lru_cache(maxsize=16)
def _local_day(now: datetime, timezone: str) -> date:
    return local_day(now, timezone)
