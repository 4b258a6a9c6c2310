"""Reads institutions out of the store: all of their history, or just what some months need."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import numpy as np

from config.processing import processing_settings
from domain.calendar import Month, to_ms
from domain.models import ModelRecord
from domain.places import Contract, Institution
from domain.quantities import QUANTITIES
from domain.readings import Series
from domain.registry import Registry
from processing.curves.curve import Floats, Ints
from processing.curves.neighbours import NEVER, Around, look_around, outwards
from processing.months.baselines import baselines_due
from processing.months.site import Site, build_site, wanted_series
from processing.quality.corrections import Amendments, Corrected, apply
from processing.savings.track import WINDOW_MONTHS
from store.readings.port import ReadingStore

_FIRST = datetime(2000, 1, 1, tzinfo=UTC)
_BEFORE = timedelta(days=100)
"""More than doubtful zeros and bins are judged by (90 and 40 days)."""
_REST_DAYS = (1, 2, 4, 8, 16, 32, 64, 92)
"""A register that goes on resting after the window is followed by such strides: it may catch up."""
_NO_TIMES: Ints = np.empty(0, np.int64)


class Window(NamedTuple):
    """What is read, [start, end); the reading before and after it is added if `is_part`."""

    start: datetime
    end: datetime
    is_part: bool


class _Beyond(NamedTuple):
    """The readings (time, value) of one series just before and just after what is read of it:
    none, or one, or those that were left out by hand up to the first that was not.

    `end`: up to where it is read, excluded; past the window's end if the register rests there.
    """

    before: list[tuple[int, float]]
    after: list[tuple[int, float]]
    end: datetime


class SiteReader:
    """Reads the sites of some institutions, each when asked for, as people corrected them.

    What lies around the windows is found for all of them at once, by seeks; series that have
    no reading at all are not asked for again. `amended` is what all corrections say, `models`
    what is frozen of each institution: a baseline that is due needs all of its past.
    """

    def __init__(
        self,
        store: ReadingStore,
        registry: Registry,
        institutions: Sequence[Institution],
        months: Sequence[Month] | None,
        now: datetime,
        amended: Amendments,
        models: Mapping[str, Sequence[ModelRecord]],
    ) -> None:
        self._store, self._registry, self._now = store, registry, now
        self._amended = amended
        self._windows = {
            i.id: _window(registry.contracts_of(i.id), models.get(i.id, ()), i, months, now)
            for i in institutions
        }
        by_window: dict[Window, dict[Series, None]] = {}
        for institution in institutions:
            group = by_window.setdefault(self._windows[institution.id], {})
            group.update(dict.fromkeys(wanted_series(registry, institution)))
        self._found = {w: self._look_around(w, list(group)) for w, group in by_window.items()}

    def _look_around(self, window: Window, series: list[Series]) -> dict[Series, _Beyond]:
        """What lies around the window, of the series that have any reading."""
        instants = [window.start, window.end]
        if window.is_part and window.end < self._now:
            instants.append(window.end - _after())
        sides = dict(zip(series, look_around(self._store, series, instants), strict=True))
        heard = {
            s: around
            for s, around in sides.items()
            if s in self._amended or any(t != NEVER for a in around[:2] for t in (a[0], a[2]))
        }
        rest = {
            s: a[1].before for s, a in heard.items() if len(a) == 3 and self._rests(s, a[2], a[1])
        }
        ends = self._ends_of_rest(window, rest) if rest else {}
        return {s: self._beyond(s, window, a[0], a[1], ends.get(s)) for s, a in heard.items()}

    def _rests(self, series: Series, early: Around, late: Around) -> bool:
        """Whether a register is where it was, so that a later leap may explain the rest."""
        register = QUANTITIES[series.quantity].kind == "total_increasing"
        return register and early.before == late.before

    def _ends_of_rest(
        self, window: Window, at_rest: dict[Series, float]
    ) -> dict[Series, tuple[datetime, Around]]:
        """The series that go on after a rest: where its end is known, and what is around that.

        `at_rest`: the value at which each stood at the window's end.
        """
        strides = [window.end + timedelta(days=k) for k in _REST_DAYS]
        instants = [t for t in strides[:-1] if t < self._now] + [min(strides[-1], self._now)]
        found = {}
        sides = look_around(self._store, list(at_rest), instants)
        for (s, value), around in zip(at_rest.items(), sides, strict=True):
            awake = [k for k, a in enumerate(around) if a.before != value]
            if awake:  # what comes next tells a leap from a start
                last = min(awake[0] + 1, len(instants) - 1)
                found[s] = (instants[last], around[last])
        return found

    def _beyond(
        self,
        series: Series,
        window: Window,
        start: Around,
        end: Around,
        rested: tuple[datetime, Around] | None,
    ) -> _Beyond:
        if not window.is_part:
            return _Beyond([], [], window.end)
        until, end = rested or (window.end, end)
        amended = self._amended.get(series)
        left_out = _NO_TIMES if amended is None else amended.left_out_ms
        before, after = (start.before_ms, start.before), (end.after_ms, end.after)
        return _Beyond(
            outwards(self._store, series, before, left_out, -1)[::-1],
            outwards(self._store, series, after, left_out, +1),
            until,
        )

    def read(self, institution: Institution) -> Site:
        """Read the institution's series, one after another, and make their curves."""
        window = self._windows[institution.id]
        around = self._found[window]
        series = [s for s in wanted_series(self._registry, institution) if s in around]
        samples: dict[tuple[str, str], tuple[Ints, Floats]] = {}
        corrected: dict[tuple[str, str], Ints] = {}
        vouched: dict[tuple[str, str], Ints] = {}
        for s, at_ms, value in self._store.scan(series, window.start, window.end):
            one = Series(*s)
            at_ms, value = self._with_neighbours(one, around[one], window, at_ms, value)
            if one in self._amended:
                at_ms, value, changed, entered = self._corrected(one, window, at_ms, value)
                vouched[one] = entered
                if changed.size:
                    corrected[one] = changed
            if at_ms.size:
                samples[one] = (at_ms, value)
        return build_site(
            self._registry, institution, samples, corrected=corrected, vouched=vouched
        )

    def _with_neighbours(
        self, series: Series, beyond: _Beyond, window: Window, at_ms: Ints, value: Floats
    ) -> tuple[Ints, Floats]:
        if beyond.end > window.end:
            (rest,) = self._store.scan([series], window.end, beyond.end)
            at_ms = np.concatenate((at_ms, rest.at_ms))
            value = np.concatenate((value, rest.value))
        start, end, now = to_ms(window.start), to_ms(beyond.end), to_ms(self._now)
        before = [r for r in beyond.before if r[0] < start]
        after = [r for r in beyond.after if end <= r[0] < now]
        if before:
            at_ms = np.concatenate(([t for t, _ in before], at_ms))
            value = np.concatenate(([v for _, v in before], value))
        if after:
            at_ms = np.concatenate((at_ms, [t for t, _ in after]))
            value = np.concatenate((value, [v for _, v in after]))
        return at_ms, value

    def _corrected(self, series: Series, window: Window, at_ms: Ints, value: Floats) -> Corrected:
        """The readings as corrected: in the window, and the nearest one on each side of it."""
        amended, (before, after, until) = self._amended[series], self._found[window][series]
        start, end, now = to_ms(window.start), to_ms(until), to_ms(self._now)
        gone = set(amended.left_out_ms.tolist())
        low, high = to_ms(_FIRST), now
        if not window.is_part:
            low, high = start, end
        else:  # beyond a reading that stands, nothing matters
            low = before[0][0] if before and before[0][0] not in gone else low
            high = min(after[-1][0] + 1, now) if after and after[-1][0] not in gone else high
        found = apply(at_ms, value, amended.between(low, high))
        return _nearest(found, start, end)


def _nearest(found: Corrected, start_ms: int, end_ms: int) -> Corrected:
    """Without what lies beyond the last reading at or before the start, and the first at or
    after the end."""
    at, value, changed, vouched = found
    first = max(int(np.searchsorted(at, start_ms, side="right")) - 1, 0)
    stop = int(np.searchsorted(at, end_ms)) + 1
    at, value = at[first:stop], value[first:stop]
    if at.size and at[0] <= start_ms:
        changed = changed[changed >= at[0]]
    if at.size and at[-1] >= end_ms:
        changed = changed[changed <= at[-1]]
    return Corrected(at, value, changed, vouched)


def _window(
    contracts: Sequence[Contract],
    models: Sequence[ModelRecord],
    institution: Institution,
    months: Sequence[Month] | None,
    now: datetime,
) -> Window:
    """What the months' figures depend on: the months themselves, what their quality and savings
    are judged by. Everything, when no months are named or a baseline has yet to be fitted."""
    if not months or baselines_due(contracts, models, institution, now):
        return Window(_FIRST, now, False)
    first = min(months).plus(-WINDOW_MONTHS if contracts else 0)
    # The doubts of a saving look back at the days of its baseline, frozen as its model may be.
    doubted = [
        Month.of(c.baseline_start)
        for c in contracts
        if c.reporting_start < max(months).end_day
        and (c.reporting_end is None or c.reporting_end > min(months).first_day)
    ]
    first = min([first, *doubted])
    start = first.interval(institution.timezone)[0] - _BEFORE
    end = max(months).interval(institution.timezone)[1] + _after()
    return Window(start, max(min(end, now), start), True)


def _after() -> timedelta:
    """More than the days after a reading that say what is usual for its meter. A register that
    still rests then is followed further (see _REST_DAYS)."""
    return timedelta(days=processing_settings().habits.after_days + 2)
