"""The processing job: reads what devices said, computes months, keeps them in the ledger."""

from collections.abc import Callable, Iterable, Sequence, Set
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from domain.calendar import Month, months_between, to_ms
from domain.errors import ConfigError
from domain.figures import MonthResult
from domain.places import Institution
from domain.readings import Series
from domain.registry import Registry
from processing.contracts import baselines_due, savings_tracks
from processing.curves import Floats, Ints
from processing.month import month_result
from processing.savings_figures import WINDOW_MONTHS as SAVINGS_MONTHS
from processing.site import Site, build_site, wanted_series
from store.ledger import Ledger
from store.readings import ReadingStore

Progress = Callable[[str, int, int], None]
_FIRST = datetime(2000, 1, 1, tzinfo=UTC)
_BEFORE = timedelta(days=100)
"""More than doubtful zeros and bins are judged by (90 and 40 days)."""
_AFTER = timedelta(days=3)


def process(
    store: ReadingStore,
    ledger: Ledger,
    *,
    months: Sequence[Month] | None,
    institutions: Sequence[str] | None = None,
    now: datetime,
    progress: Progress | None = None,
) -> list[MonthResult]:
    """Compute months and keep them: open months are replaced, closed ones wait as restatements.

    `months` None means every month with data, and the current one of institutions that are
    not replays of the past. Each institution's readings are read once. Returns the computed
    results by institution and month. Raises ConfigError for an unknown institution.
    """
    registry = ledger.registry()
    chosen = _chosen(registry, institutions)
    known = _known_series(store, registry, chosen, now)
    results: list[MonthResult] = []
    for done, institution in enumerate(chosen):
        if progress is not None:
            progress("processing", done, len(chosen))
        results += process_institution(store, ledger, registry, institution, months, now, known)
    if progress is not None:
        progress("processing", len(chosen), len(chosen))
    return results


def _chosen(registry: Registry, institutions: Sequence[str] | None) -> list[Institution]:
    if institutions is None:
        return list(registry.institutions)
    known = registry.institution_by_id
    unknown = [i for i in institutions if i not in known]
    if unknown:
        raise ConfigError(f"no institution {unknown[0]!r}; there are: {', '.join(known)}")
    return [known[i] for i in institutions]


def process_institution(
    store: ReadingStore,
    ledger: Ledger,
    registry: Registry,
    institution: Institution,
    months: Sequence[Month] | None,
    now: datetime,
    known: Set[Series] | None = None,
) -> list[MonthResult]:
    """Compute and keep months of one institution (`months` as in `process`).

    `known` are the series the store has at all, if the caller knows.
    """
    site = read_site(store, ledger, registry, institution, months, now, known)
    wanted = months_of(site, months, now)
    if not wanted:
        return []
    tracks = savings_tracks(site, ledger, now)
    found = []
    for month in wanted:
        result = month_result(site, month, to_ms(now), tracks)
        ledger.save_result(result)
        found.append(result)
    return found


def read_site(
    store: ReadingStore,
    ledger: Ledger,
    registry: Registry,
    institution: Institution,
    months: Sequence[Month] | None,
    now: datetime,
    known: Set[Series] | None = None,
) -> Site:
    """Read an institution's series, one after another, and make their curves.

    For given months, only what their figures depend on is read: the months themselves, what
    their quality and savings are judged by, and the reading before and after that.
    """
    series = [s for s in wanted_series(registry, institution) if known is None or s in known]
    samples = {}
    window = _window(ledger, registry, institution, months, now)
    start, end = window or (_FIRST, now)
    for s, at_ms, value in store.scan(series, start, end):
        if at_ms.size:
            samples[(s.device, s.quantity)] = (at_ms, value)
    if window is not None:
        _add_neighbours(store, series, (start, end, now), samples)
    return build_site(registry, institution, samples)


def _window(
    ledger: Ledger,
    registry: Registry,
    institution: Institution,
    months: Sequence[Month] | None,
    now: datetime,
) -> tuple[datetime, datetime] | None:
    """What has to be read for the months; None for everything."""
    contracts = registry.contracts_of(institution.id)
    if not months or baselines_due(contracts, ledger, institution, now):
        return None
    first = min(months).plus(-SAVINGS_MONTHS if contracts else 0)
    start = first.interval(institution.timezone)[0] - _BEFORE
    end = max(months).interval(institution.timezone)[1] + _AFTER
    return start, min(end, now)


def _add_neighbours(
    store: ReadingStore,
    series: Sequence[Series],
    window: tuple[datetime, datetime, datetime],
    samples: dict[tuple[str, str], tuple[Ints, Floats]],
) -> None:
    """Put the last reading before the window and the first one after it to the samples."""
    start, end, _ = window
    if not series:
        return
    around = store.registers_at(series, [start, end])
    before_ms, after_ms = (_as_ms(around[c]) for c in ("before_at", "after_at"))
    before, after = (around[c].to_numpy(np.float64) for c in ("before_value", "after_value"))
    start_ms, end_ms, now_ms = (to_ms(t) for t in window)
    for k, s in enumerate(series):
        at, value = samples.get((s.device, s.quantity), (np.empty(0, np.int64), np.empty(0)))
        if _NEVER < before_ms[2 * k] < start_ms:
            at = np.concatenate((before_ms[2 * k : 2 * k + 1], at))
            value = np.concatenate((before[2 * k : 2 * k + 1], value))
        if end_ms <= after_ms[2 * k + 1] < now_ms:
            at = np.concatenate((at, after_ms[2 * k + 1 : 2 * k + 2]))
            value = np.concatenate((value, after[2 * k + 1 : 2 * k + 2]))
        if at.size:
            samples[(s.device, s.quantity)] = (at, value)


_NEVER = int(np.iinfo(np.int64).min)


def _as_ms(times: pd.Series) -> Ints:
    """Milliseconds since the epoch; `_NEVER` for NaT."""
    return times.to_numpy("datetime64[ms]").astype(np.int64)


def _known_series(
    store: ReadingStore, registry: Registry, chosen: Sequence[Institution], now: datetime
) -> set[Series]:
    """The series of the institutions that have a reading, found in one go by seeks."""
    series = sorted({s for i in chosen for s in wanted_series(registry, i)})
    if not series:
        return set()
    seen = store.registers_at(series, [now])
    known = (seen["before_at"].notna() | seen["after_at"].notna()).tolist()
    return {s for s, has_any in zip(series, known, strict=True) if has_any}


def months_of(site: Site, months: Iterable[Month] | None, now: datetime) -> list[Month]:
    """The asked months that have begun and are not before all data, or every such month."""
    span = site.span()
    if span is None:
        return []
    today = now.astimezone(ZoneInfo(site.institution.timezone)).date()
    first, last = Month.of(span[0]), Month.of(_last_day(span[1]))
    if site.institution.origin != "measured":
        last = max(last, Month.of(today))
    last = min(last, Month.of(today))
    every = list(months_between(first, last.plus(1)))
    if months is None:
        return every
    wanted = set(months)
    return [m for m in every if m in wanted]


def _last_day(end: date) -> date:
    return date.fromordinal(end.toordinal() - 1)
