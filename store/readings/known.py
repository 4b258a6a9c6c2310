"""What this process knows of a store that overwrites: which times of a series are taken, by what.

Two things are asked of the store and then known: the last time of a series, beyond which there is
nothing; and all that a series has in a span of time. So readings in order are new without a look,
and those of a month in the past cost one question a series and span, not one a batch.

Knowledge grows old when somebody else writes. It is believed for two seconds from the moment
it was asked for; longer, and never longer than thirty, only where asking would otherwise take more
than a twentieth of the time. Of what is known of spans no more is held than fits some megabytes.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from operator import lt
from typing import NamedTuple, Protocol

from domain.readings import Reading, Run
from store.readings.frames import MIN_MS, NO_TIME
from store.readings.port import Conflict

Name = tuple[str, str]
"""Device and quantity."""

BELIEVED_S, LONGEST_S = 2.0, 30.0
_SELDOM = 20.0
"""Asking once more takes no more than one part in so many of the time."""
_MOST_HELD = 100_000
"""Readings in spans that are remembered, some 13 MB."""
_ANSWER = 50_000
"""Readings in the answer to one question, where not more are needed at once."""
_TOGETHER_MS = (3 * 86_400_000, 6 * 3_600_000, 900_000)
"""Late times no further apart are asked for together; those which the answer, of so many readings
and no more, did not reach, a second and a third time nearer ones."""
_AHEAD_MS, _MOST_AHEAD_MS = 2 * 86_400_000, 60 * 86_400_000
"""A question reaches at least and at most so far beyond what is needed: a backfill goes on."""
_AHEAD_TIMES = 50
"""Between these, so many times as far as is needed."""
_SPAN_WEIGHT = 8
"""A span without a reading is worth so many in memory."""


class Part(NamedTuple):
    """Some of an answer: readings of one device, sorted by time. `whole` False: as many as were
    asked for, and there may be more behind the last one."""

    device: str
    at_ms: Sequence[int]
    value: Sequence[float]
    whole: bool


class Store(Protocol):
    """What is asked. Both raise StoreUnavailableError."""

    def last_times(self, names: Sequence[Name], start_ms: int) -> Iterable[tuple[Name, int]]:
        """The last time of each series that has any from `start_ms` on."""
        ...

    def parts(
        self, quantity: str, devices: Sequence[str], start_ms: int, end_ms: int, most: int
    ) -> Iterable[Part]:
        """The first `most` readings (or all) of each device in the span, both ends included. A
        device may come in several parts, each of them with up to `most`."""
        ...


class Sorted(NamedTuple):
    """A batch by what becomes of it: what to store, how many are there, what contradicts."""

    new: list[Run]
    repeated: int
    conflicts: list[Conflict]


class _Mark(NamedTuple):
    at_ms: int
    asked_s: float


class _Span:
    """All that a series has from `start_ms` to `end_ms`, both included; `values` may hold more."""

    __slots__ = ("asked_s", "end_ms", "start_ms", "values")

    def __init__(self, start_ms: int, end_ms: int, values: dict[int, float], asked_s: float):
        self.start_ms, self.end_ms = start_ms, end_ms
        self.values, self.asked_s = values, asked_s

    def holds(self, first_ms: int, last_ms: int) -> bool:
        return self.start_ms <= first_ms and last_ms <= self.end_ms

    def add(
        self, times: Sequence[int], values: Sequence[float], first_ms: int, last_ms: int
    ) -> int:
        """Take in what lies within; gives how many that were. None is there yet."""
        before = len(self.values)
        both = zip(times, values, strict=True)
        if self.start_ms <= first_ms and last_ms <= self.end_ms:
            self.values.update(both)
        else:
            self.values.update(tv for tv in both if self.holds(tv[0], tv[0]))
        return len(self.values) - before

    @property
    def weight(self) -> int:
        return _SPAN_WEIGHT + len(self.values)


class _Need(NamedTuple):
    """Late times of one series nothing is known of: from the first to the last, and how
    many."""

    first_ms: int
    last_ms: int
    name: Name
    readings: int


class Known:
    """For any thread; nobody else may work with the series of a call meanwhile (see Claims).

    `elapsed_s` is a clock that nobody sets.
    """

    def __init__(self, store: Store, elapsed_s: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._elapsed_s = elapsed_s
        self._began_s = elapsed_s()
        self._asking_s = 0.0
        self._marks: dict[Name, _Mark] = {}
        self._spans: dict[Name, list[_Span]] = {}
        self._held = 0
        """The weight of all spans that are remembered."""
        # Held while spans change, never over a question.
        self._lock = threading.Lock()

    def sort(self, runs: Sequence[Run]) -> Sorted:
        """What becomes of the runs, one a series and none empty. Asks what must be asked."""
        now_s = self._elapsed_s()
        names = [(run[0], run[1]) for run in runs]
        self._learn_marks(names, now_s)
        spans = self._learn_spans(runs, now_s)
        found = Sorted([], 0, [])
        repeated = 0
        for run, name in zip(runs, names, strict=True):
            new, again, conflicts = _sorted(run, self._marks[name].at_ms, spans.get(name, ()))
            if new is not None:
                found.new.append(new)
            repeated += again
            found.conflicts.extend(conflicts)
        return found._replace(repeated=repeated)

    def stored(self, runs: Iterable[Run]) -> None:
        """These, of what `sort` called new, are in the store now."""
        with self._lock:
            for device, quantity, times, values in runs:
                name = (device, quantity)
                mark = self._marks[name]
                last_ms = max(times)
                if last_ms > mark.at_ms:
                    self._marks[name] = _Mark(last_ms, mark.asked_s)
                first_ms = min(times)
                if first_ms <= mark.at_ms:
                    for span in self._spans.get(name, ()):
                        self._held += span.add(times, values, first_ms, last_ms)
            self._make_room()

    def forget(self, names: Iterable[Name]) -> None:
        """Of these series nobody knows what is in: they are asked for next time."""
        with self._lock:
            for name in names:
                self._marks.pop(name, None)
                self._drop(name)

    def _old(self, asked_s: float, now_s: float) -> bool:
        age_s = now_s - asked_s
        affordable = self._asking_s * _SELDOM <= now_s - self._began_s
        return age_s > LONGEST_S or (age_s > BELIEVED_S and affordable)

    def _learn_marks(self, names: Iterable[Name], now_s: float) -> None:
        unknown: list[Name] = []
        old: list[Name] = []
        for name in names:
            mark = self._marks.get(name)
            if mark is None:
                unknown.append(name)
            elif self._old(mark.asked_s, now_s):
                old.append(name)
        if unknown:
            found = dict(self._store.last_times(unknown, MIN_MS))
            self._marks.update((n, _Mark(found.get(n, NO_TIME), now_s)) for n in unknown)
        if old:
            start_ms = min(self._marks[n].at_ms for n in old) + 1
            found = dict(self._store.last_times(old, max(start_ms, MIN_MS)))
            for n in old:
                at_ms = max(self._marks[n].at_ms, found.get(n, NO_TIME))
                self._marks[n] = _Mark(at_ms, now_s)
            self._asking_s += self._elapsed_s() - now_s

    def _learn_spans(self, runs: Sequence[Run], now_s: float) -> dict[Name, list[_Span]]:
        """What is known of the series with late readings, after asking for what was not."""
        late = [run for run in runs if not _in_order(run, self._marks[run[0], run[1]].at_ms)]
        if not late:
            return {}
        began_s = self._elapsed_s()
        names = [(run[0], run[1]) for run in late]
        expired = sum(self._forget_old(name, now_s) for name in names)
        held = {name: self._spans.get(name, []) for name in names}
        tries = 0
        while True:
            together_ms = _TOGETHER_MS[min(tries, len(_TOGETHER_MS) - 1)]
            late = [run for run in late if not self._covered(run, held)]
            needs = sorted(need for run in late for need in self._needs(run, held, together_ms))
            if not needs:
                break
            for quantity in dict.fromkeys(need.name[1] for need in needs):
                of_it = [n for n in needs if n.name[1] == quantity]
                for some in _clusters(of_it, together_ms):
                    self._ask(quantity, some, held, ahead=tries == 0)
            tries += 1
        if expired:
            self._asking_s += self._elapsed_s() - began_s
        return held

    def _forget_old(self, name: Name, now_s: float) -> bool:
        """Whether there was anything that is not believed any more."""
        spans = self._spans.get(name, ())
        for span in spans:
            if now_s - span.asked_s > BELIEVED_S and self._old(span.asked_s, now_s):
                break
        else:
            return False
        with self._lock:
            young = [span for span in spans if not self._old(span.asked_s, now_s)]
            self._drop(name)
            if young:
                self._spans[name] = young
                self._held += _weight(young)
        return True

    def _covered(self, run: Run, held: dict[Name, list[_Span]]) -> bool:
        """Whether one span holds all of a run: mostly so, and quickly found."""
        name, times = (run[0], run[1]), run.at_ms
        first_ms, last_ms = min(times), max(times)
        if last_ms > self._marks[name].at_ms:
            return False
        return any(span.holds(first_ms, last_ms) for span in held[name])

    def _needs(self, run: Run, held: dict[Name, list[_Span]], together_ms: int) -> Iterator[_Need]:
        name = (run[0], run[1])
        mark_ms = self._marks[name].at_ms
        times = sorted(t for t in run.at_ms if t <= mark_ms)
        for span in held[name]:
            if times and span.holds(times[0], times[-1]):
                return
            times = [t for t in times if not span.holds(t, t)]
        start = 0
        for i in range(1, len(times) + 1):
            if i == len(times) or times[i] - times[i - 1] > together_ms:
                yield _Need(times[start], times[i - 1], name, i - start)
                start = i

    def _ask(
        self, quantity: str, needs: Sequence[_Need], held: dict[Name, list[_Span]], *, ahead: bool
    ) -> None:
        """Ask for what the needs of one quantity and time lack, and what comes after it."""
        start_ms, end_ms = needs[0].first_ms, max(n.last_ms for n in needs)
        if ahead:
            reach_ms = max(_AHEAD_MS, _AHEAD_TIMES * (end_ms - start_ms))
            end_ms += min(reach_ms, _MOST_AHEAD_MS)
        devices = list(dict.fromkeys(n.name[0] for n in needs))
        most = max(_ANSWER // len(devices), 1 + max(n.readings for n in needs))
        asked_s = self._elapsed_s()
        parts: dict[str, list[Part]] = defaultdict(list)
        for part in self._store.parts(quantity, devices, start_ms, end_ms, most):
            parts[part.device].append(part)
        for device in devices:
            name = (device, quantity)
            # Beyond the mark the mark says what is there, and goes on saying it.
            until_ms = min(end_ms, self._marks[name].at_ms)
            values: dict[int, float] = {}
            for part in parts.get(device, ()):
                if not part.whole:
                    until_ms = min(until_ms, part.at_ms[-1])
                values.update(zip(part.at_ms, part.value, strict=True))
            self._learn(name, _Span(start_ms, until_ms, values, asked_s), held[name])

    def _learn(self, name: Name, span: _Span, held: list[_Span]) -> None:
        """Add a span in place of those within it. It may overlap with others."""
        with self._lock:
            self._drop(name)
            held[:] = [old for old in held if not span.holds(old.start_ms, old.end_ms)]
            held.append(span)
            # As the newest one.
            self._spans[name] = held
            self._held += _weight(held)
            self._make_room()

    def _make_room(self) -> None:
        """Forget what was learnt first. Who works with it just now has it in hand."""
        while self._held > _MOST_HELD and len(self._spans) > 1:
            self._drop(next(iter(self._spans)))

    def _drop(self, name: Name) -> None:
        self._held -= _weight(self._spans.pop(name, ()))


def _weight(spans: Iterable[_Span]) -> int:
    return sum(span.weight for span in spans)


def _in_order(run: Run, mark_ms: int) -> bool:
    """Whether all of a run is later than the mark, and each time later than the one before."""
    times = run.at_ms
    return times[0] > mark_ms and (len(times) == 1 or all(map(lt, times, islice(times, 1, None))))


def _clusters(needs: Sequence[_Need], together_ms: int) -> Iterator[list[_Need]]:
    """The needs, sorted, in parts between which nothing is needed for long."""
    some: list[_Need] = []
    end_ms = 0
    for need in needs:
        if some and need.first_ms - end_ms > together_ms:
            yield some
            some = []
        end_ms = max(end_ms, need.last_ms) if some else need.last_ms
        some.append(need)
    yield some


def _sorted(
    run: Run, mark_ms: int, spans: Sequence[_Span]
) -> tuple[Run | None, int, list[Conflict]]:
    """What of a run is new, how many are there already, and what contradicts. As columns where
    all of it has one fate."""
    if _in_order(run, mark_ms):
        return run, 0, []
    times, size = run.at_ms, len(run.at_ms)
    there = _stored_within(spans, times)
    if there is not None and (size == 1 or len(set(times)) == size):
        if there.count(None) == size:
            return run, 0, []
        if there == [*run.value]:
            return None, size, []
    return _one_after_another(run, mark_ms, spans)


def _stored_within(spans: Sequence[_Span], times: Sequence[int]) -> list[float | None] | None:
    """What is stored at the times; None where no single span holds all of them."""
    first_ms, last_ms = min(times), max(times)
    for span in spans:
        if span.holds(first_ms, last_ms):
            return [*map(span.values.get, times)]
    return None


def _one_after_another(
    run: Run, mark_ms: int, spans: Sequence[_Span]
) -> tuple[Run | None, int, list[Conflict]]:
    """As `_sorted`; of several at one time the first stands."""
    device, quantity, times, values = run
    seen: dict[int, float] = {}
    conflicts: list[Conflict] = []
    for at_ms, value in zip(times, values, strict=True):
        stands = seen.get(at_ms)
        if stands is None and at_ms <= mark_ms:
            stands = _stored_at(at_ms, spans)
        if stands is None:
            seen[at_ms] = value
        elif stands != value:
            conflicts.append(Conflict(Reading(device, quantity, at_ms, value), stands))
    new = Run(device, quantity, list(seen), list(seen.values())) if seen else None
    return new, len(times) - len(seen) - len(conflicts), conflicts


def _stored_at(at_ms: int, spans: Sequence[_Span]) -> float | None:
    return next((s.values.get(at_ms) for s in spans if s.holds(at_ms, at_ms)), None)
