"""Late and corrected readings: which months they touch."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np

from domain.calendar import DAY_MS, HOUR_MS, Month, from_ms, local_day, months_between, to_ms
from domain.places import AnyDevice, Bin, Contract, Meter
from domain.readings import Series
from domain.registry import Registry
from processing.curves.curve import Ints
from processing.curves.filling import WEEK_MS
from processing.curves.neighbours import NEVER, look_around, outwards
from processing.curves.rules import shipped_rules
from processing.quality.corrections import Amendments, apply
from processing.savings.track import WINDOW_MONTHS
from store.readings.port import ReadingStore

_TOGETHER_MS = 2 * HOUR_MS
"""Readings of a series no further apart are one change."""
_JUDGED_MS = 92 * DAY_MS
"""For so long after it, new data of a week or more may decide what is usual for a meter …"""
_JUDGED_BIN_MS = 40 * DAY_MS
"""… and any what is usual for a bin."""
_NONE: Ints = np.empty(0, np.int64)


class Change(NamedTuple):
    """Readings of one series that came late or were corrected: what they may move lies in the
    local days of [start_ms, end_ms] and of the instants `also_ms` (see `widened`)."""

    series: Series
    start_ms: int
    end_ms: int
    also_ms: tuple[int, ...] = ()


def changes_of(readings: Iterable[tuple[Series, int]]) -> list[Change]:
    """The changes that stand for many readings (series and time each), in any order."""
    times: dict[Series, list[int]] = {}
    for series, at_ms in readings:
        times.setdefault(series, []).append(at_ms)
    found = []
    for series, each in times.items():
        at = np.unique(np.array(each, np.int64))
        for part in np.split(at, np.flatnonzero(np.diff(at) > _TOGETHER_MS) + 1):
            found.append(Change(series, int(part[0]), int(part[-1])))
    return found


def joined(spans: Iterable[Change]) -> list[Change]:
    """As few changes as stand for the same readings: those of a series that overlap in time, or
    nearly, are one."""
    found: list[Change] = []
    for span in sorted(spans):
        last = found[-1] if found else None
        if (
            last is not None
            and last.series == span.series
            and span.start_ms <= last.end_ms + _TOGETHER_MS
        ):
            found[-1] = last._replace(end_ms=max(last.end_ms, span.end_ms))
        else:
            found.append(span)
    return found


def widened(
    store: ReadingStore,
    changes: Iterable[Change],
    registry: Registry,
    amended: Amendments,
) -> list[Change]:
    """The changes with all that they reach: use moves from the reading before to the one after,
    however far they are; gaps soon after are filled by what was usual before them; and much new
    data changes what is usual for a meter. Those of devices nobody registered are left out.

    Changes of one time cost some seeks together, and where later readings are there already, a
    scan of some weeks each.
    """
    known = [c for c in changes if c.series.device in registry.device_by_id]
    found = []
    for together in _clusters(known):
        start_ms, end_ms = together[0].start_ms, max(c.end_ms for c in together)
        series = list(dict.fromkeys(c.series for c in together))
        edges = [from_ms(start_ms - 1), from_ms(end_ms + 1)]
        around = dict(zip(series, look_around(store, series, edges), strict=True))
        for change in together:
            start, end = around[change.series]
            device = registry.device_by_id[change.series.device]
            timezone = registry.institution_by_id[device.institution].timezone
            also = _instants(start.before_ms, end.after_ms)
            same = (change.start_ms, change.end_ms) == (start_ms, end_ms)
            same = same or len(_months(change._replace(also_ms=also), timezone)) == 1
            if not same or change.series in amended:
                also = _neighbours(store, change, amended)
            if isinstance(device, Meter) and end.after_ms != NEVER:
                also += _gaps_filled_by(store, change, timezone, amended)
            judged_ms = _judged_ms(change, device)
            found.append(change._replace(end_ms=change.end_ms + judged_ms, also_ms=also))
    return found


def _clusters(changes: Sequence[Change]) -> Iterator[list[Change]]:
    """The changes that overlap in time, or nearly, together."""
    together: list[Change] = []
    end_ms = 0
    for change in sorted(changes, key=lambda c: c.start_ms):
        if together and change.start_ms > end_ms + _TOGETHER_MS:
            yield together
            together = []
        end_ms = max(end_ms, change.end_ms) if together else change.end_ms
        together.append(change)
    if together:
        yield together


def _neighbours(store: ReadingStore, change: Change, amended: Amendments) -> tuple[int, ...]:
    """The instants up to which use moves: at the reading before, and just before the next."""
    edges = [from_ms(change.start_ms - 1), from_ms(change.end_ms + 1)]
    ((start, end),) = look_around(store, [change.series], edges)
    left_out = amended[change.series].left_out_ms if change.series in amended else _NONE
    before = outwards(store, change.series, (start.before_ms, start.before), left_out, -1)
    after = outwards(store, change.series, (end.after_ms, end.after), left_out, +1)
    return _instants(before[-1][0] if before else NEVER, after[-1][0] if after else NEVER)


def _instants(before_ms: int, after_ms: int) -> tuple[int, ...]:
    return tuple(
        [before_ms] * (before_ms != NEVER) + [after_ms - 1] * (after_ms != NEVER),
    )


def _gaps_filled_by(
    store: ReadingStore, change: Change, timezone: str, amended: Amendments
) -> tuple[int, ...]:
    """The ends of gaps in later months that are filled by the weeks in which the change lies."""
    fill = shipped_rules()[1]
    month_end = _month(change.end_ms, timezone).interval(timezone)[1]
    last_start_ms = change.end_ms + fill.weeks * WEEK_MS
    start = max(from_ms(change.end_ms), month_end - timedelta(milliseconds=fill.longest_ms))
    end = from_ms(last_start_ms + fill.longest_ms)
    (found,) = store.scan([change.series], start, end)
    at = found.at_ms
    if change.series in amended:
        part = amended[change.series].between(to_ms(start), to_ms(end))
        at = apply(at, found.value, part).at_ms
    gap = (np.diff(at) > fill.longer_than_ms) & (np.diff(at) <= fill.longest_ms)
    gap &= (at[:-1] <= last_start_ms) & (at[1:] > to_ms(month_end))
    return (*at[:-1][gap].tolist(), *(at[1:][gap] - 1).tolist())


def _judged_ms(change: Change, device: AnyDevice) -> int:
    """For how long after it the change may decide how later readings are judged."""
    if isinstance(device, Bin):
        return _JUDGED_BIN_MS
    return _JUDGED_MS if change.end_ms - change.start_ms >= WEEK_MS else 0


def affected(changes: Iterable[Change], registry: Registry, last: Month) -> dict[str, set[Month]]:
    """Institution → the months to recompute, up to `last`. A weather device touches all that read
    it, a contract's months those whose savings rest on them."""
    readers = _readers(registry)
    found: dict[str, set[Month]] = {}
    for change in changes:
        for name in readers.get(change.series.device, ()):
            institution = registry.institution_by_id[name]
            months = _months(change, institution.timezone)
            for contract in registry.contracts_of(name):
                months |= {n for m in months for n in _resting_on(m, contract, last)}
            found.setdefault(name, set()).update(m for m in months if m <= last)
    return found


def _resting_on(month: Month, contract: Contract, last: Month) -> Iterator[Month]:
    """The months of a contract whose savings look back at a month.

    A month's interval is judged by the twelve months that end with it. And whoever doubts a saving
    looks at the days before the reporting period, frozen as the model that was made of them is.
    """
    if month.end_day > contract.reporting_start:
        yield from (month.plus(k) for k in range(WINDOW_MONTHS))
    elif month.end_day > contract.baseline_start:
        end = (
            last if contract.reporting_end is None else min(last, Month.of(contract.reporting_end))
        )
        yield from months_between(Month.of(contract.reporting_start), end.plus(1))


def _months(change: Change, timezone: str) -> set[Month]:
    """The months of the change. A reading ends one step and begins the next, so one at local
    midnight touches the days on both sides."""
    first = _month(change.start_ms - 1, timezone)
    last = _month(change.end_ms, timezone)
    also = {_month(t, timezone) for t in change.also_ms}
    return {*months_between(first, last.plus(1)), *also}


def _month(at_ms: int, timezone: str) -> Month:
    return Month.of(local_day(from_ms(at_ms), timezone))


def touched(
    store: ReadingStore,
    readings: Iterable[tuple[Series, int]],
    registry: Registry,
    amended: Amendments,
    now: datetime,
) -> set[tuple[str, Month]]:
    """The (institution, month) pairs that late or corrected readings (series and time each)
    touch, as far as the months have begun (by UTC; one that begins now is computed anyway)."""
    return touched_by(store, changes_of(readings), registry, amended, now)


def touched_by(
    store: ReadingStore,
    narrow: Iterable[Change],
    registry: Registry,
    amended: Amendments,
    now: datetime,
) -> set[tuple[str, Month]]:
    """As `touched`, of changes that are not widened yet."""
    changes = widened(store, narrow, registry, amended)
    this_month = Month.of(local_day(now, "UTC"))
    return {
        (institution, month)
        for institution, months in affected(changes, registry, this_month).items()
        for month in months
    }


def _readers(registry: Registry) -> dict[str, set[str]]:
    readers = {d.id: {d.institution} for d in registry.devices}
    for institution in registry.institutions:
        if institution.weather_device:
            readers.setdefault(institution.weather_device, set()).add(institution.id)
    return readers
