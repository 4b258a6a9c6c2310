"""What is known of a store against what is in it, whatever comes, whoever else writes."""

from collections.abc import Iterator, Sequence
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import StoreUnavailableError
from domain.readings import Reading, readings_of, runs_of
from store.readings import known as module
from store.readings.known import BELIEVED_S, LONGEST_S, Known, Name, Part, Sorted
from store.readings.port import Conflict

HOUR_MS = 3_600_000
Key = tuple[str, str, int]


class Truth:
    """A store that overwrites, and what it is asked. Odd hours are filed under a second class."""

    def __init__(self) -> None:
        self.values: dict[Key, float] = {}
        self.now_s = 100.0
        self.asking_s = 0.0
        self.spans_asked = self.marks_asked = 0

    def last_times(self, names: Sequence[Name], start_ms: int) -> Iterator[tuple[Name, int]]:
        self.marks_asked += 1
        self.now_s += self.asking_s
        for name in names:
            times = [t for d, q, t in self.values if (d, q) == name and t >= start_ms]
            if times:
                yield name, max(times)

    def parts(
        self, quantity: str, devices: Sequence[str], start_ms: int, end_ms: int, most: int
    ) -> Iterator[Part]:
        self.spans_asked += 1
        self.now_s += self.asking_s
        for device in devices:
            times = [t for d, q, t in self.values if (d, q) == (device, quantity)]
            times = sorted(t for t in times if start_ms <= t <= end_ms)
            for odd in (0, 1):
                own = [t for t in times if t // HOUR_MS % 2 == odd][:most]
                if own:
                    found = [self.values[device, quantity, t] for t in own]
                    yield Part(device, own, found, whole=len(own) < most)


class Writer:
    """Writes as an adapter does."""

    def __init__(self, truth: Truth) -> None:
        self.truth = truth
        self.known = Known(truth, lambda: truth.now_s)

    def write(self, readings: Sequence[Reading], keeps: int | None = None) -> Sorted:
        """With `keeps` the store dies after so many of the new readings."""
        runs = runs_of(readings)
        found = self.known.sort(runs)
        new = list(readings_of(found.new))
        self.truth.values.update((r[:3], r.value) for r in new[:keeps])
        if keeps is None:
            self.known.stored(found.new)
        else:
            self.known.forget({(run.device, run.quantity) for run in runs})
        return found


def judged(values: dict[Key, float], readings: Sequence[Reading]) -> Sorted:
    """What must become of a batch where these are stored; series by series as in runs."""
    stands, new, repeated, conflicts = dict(values), [], 0, []
    for r in readings_of(runs_of(readings)):
        if r[:3] not in stands:
            stands[r[:3]] = r.value
            new.append(r)
        elif stands[r[:3]] == r.value:
            repeated += 1
        else:
            conflicts.append(Conflict(r, stands[r[:3]]))
    return Sorted(runs_of(new), repeated, conflicts)


def same(one: Sorted, other: Sorted) -> bool:
    return list(readings_of(one.new)) == list(readings_of(other.new)) and one[1:] == other[1:]


hours = st.one_of(st.integers(0, 12), st.integers(0, 3000))
some_readings = st.lists(
    st.builds(
        lambda device, quantity, hour, value: Reading(device, quantity, hour * HOUR_MS, value),
        st.sampled_from("ab"),
        st.sampled_from("pq"),
        hours,
        st.sampled_from([1.0, 2.0]),
    ),
    min_size=1,
    max_size=12,
)
in_order = st.builds(
    lambda device, start, size, value: [
        Reading(device, "p", (start + k) * HOUR_MS, value) for k in range(size)
    ],
    st.sampled_from("ab"),
    hours,
    st.integers(1, 30),
    st.sampled_from([1.0, 2.0]),
)
batches = st.one_of(some_readings, in_order)


@pytest.fixture(autouse=True, scope="module")
def little_room() -> Iterator[None]:
    """Answers of some readings, and memory for some: what is bounded reaches its bounds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_ANSWER", 6)
        patch.setattr(module, "_MOST_HELD", 60)
        yield


@given(st.lists(st.tuples(batches, st.sampled_from([0.0, 0.1, 3.0])), max_size=12))
def test_one_writer_is_never_wrong(steps: list[tuple[list[Reading], float]]) -> None:
    truth = Truth()
    writer = Writer(truth)
    for batch, later_s in steps:
        for _ in ("first", "once more"):
            expected = judged(truth.values, batch)
            assert same(writer.write(batch), expected)
        truth.now_s += later_s


@given(
    st.lists(
        st.tuples(
            batches,
            st.sampled_from(["one", "other", "somebody", "restart", "dies", "deletes"]),
            st.integers(0, 8),
        ),
        max_size=14,
    )
)
def test_what_others_do_is_seen_when_knowledge_has_grown_old(
    steps: list[tuple[list[Reading], str, int]],
) -> None:
    """Two writers of ours, somebody who writes anything anywhere, deaths and deletions; between
    them more time than anything is believed."""
    truth = Truth()
    writers = {name: Writer(truth) for name in ("one", "other")}
    for batch, who, number in steps:
        truth.now_s += LONGEST_S + 0.001
        before = dict(truth.values)
        if who in writers:
            assert same(writers[who].write(batch), judged(before, batch))
            assert truth.values == before | {
                r[:3]: r.value for r in readings_of(judged(before, batch).new)
            }
        elif who == "somebody":
            truth.values.update((r[:3], r.value) for r in batch)
        elif who == "restart":
            writers["one"] = Writer(truth)
        elif who == "dies":
            expected = judged(before, batch)
            assert same(writers["one"].write(batch, keeps=number), expected)
        else:
            for key in [*truth.values][::2]:
                del truth.values[key]


@given(st.lists(st.tuples(batches, st.sampled_from(["one", "other"])), max_size=14))
def test_two_who_write_at_once_lose_nothing(steps: list[tuple[list[Reading], str]]) -> None:
    """Within the time for which knowledge is believed a contradiction may win; a reading is not
    lost, and none is taken for a repetition of what is not there."""
    truth = Truth()
    writers = {name: Writer(truth) for name in ("one", "other")}
    came: dict[Key, set[float]] = {}
    for batch, who in steps:
        found = writers[who].write(batch)
        for r in batch:
            came.setdefault(r[:3], set()).add(r.value)
        assert sum(len(run.at_ms) for run in found.new) + found.repeated + len(
            found.conflicts
        ) == len(batch)
    assert set(truth.values) == set(came)
    assert all(value in came[key] for key, value in truth.values.items())


@given(batches, batches)
def test_a_write_that_fails_is_judged_anew(first: list[Reading], second: list[Reading]) -> None:
    truth = Truth()
    writer = Writer(truth)
    for keeps in count():
        new = sum(len(run.at_ms) for run in judged(truth.values, first).new)
        writer.write(first, keeps=keeps)
        if keeps >= new:
            break
    expected = judged(truth.values, second)
    assert same(writer.write(second), expected)


def test_questions_that_fail_leave_what_is_known_as_it_was() -> None:
    truth = Truth()
    writer = Writer(truth)
    writer.write([Reading("a", "p", h * HOUR_MS, 1.0) for h in (0, 100)])
    late = [Reading("a", "p", HOUR_MS, 1.0), Reading("a", "p", 0, 2.0)]

    def fails(*_: object) -> Iterator[Part]:
        raise StoreUnavailableError("away")

    with pytest.MonkeyPatch.context() as away:
        away.setattr(truth, "parts", fails)
        with pytest.raises(StoreUnavailableError):
            writer.write(late)
    assert same(writer.write(late), judged({("a", "p", 0): 1.0}, late))


# How seldom is asked


def backfill(writer: Writer, devices: int, steps: int, seconds: float) -> None:
    for hour in range(steps):
        writer.write([Reading(f"d{d}", "p", hour * HOUR_MS, 1.0) for d in range(devices)])
        writer.truth.now_s += seconds


def later(writer: Writer, devices: int) -> None:
    writer.write([Reading(f"d{d}", "p", 10**9 * HOUR_MS, 1.0) for d in range(devices)])


def test_a_backfill_costs_a_question_a_span_and_some_seconds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(module, "_MOST_HELD", 100_000)
    monkeypatch.setattr(module, "_ANSWER", 50_000)
    writer = Writer(Truth())
    later(writer, 20)
    truth = writer.truth
    backfill(writer, 20, 48, 0.0)
    assert truth.spans_asked == 1
    truth.spans_asked = 0
    truth.now_s += LONGEST_S + 1
    backfill(writer, 20, 48, 0.0)  # once more: all are repeated
    assert truth.spans_asked == 1
    truth.spans_asked = 0
    backfill(writer, 20, 40, 1.0)
    assert 40 / BELIEVED_S / 3 < truth.spans_asked <= 40 / BELIEVED_S + 1


def test_where_asking_takes_long_it_is_done_seldom() -> None:
    writer = Writer(Truth())
    truth = writer.truth
    truth.asking_s = 0.5
    later(writer, 2)
    began_s, truth.marks_asked = truth.now_s, 0
    for step in range(1000):
        writer.write([Reading("d0", "p", (10**9 + 1 + step) * HOUR_MS, 1.0)])
        truth.now_s += 0.1
    elapsed_s = truth.now_s - began_s
    assert elapsed_s / LONGEST_S - 1 <= truth.marks_asked <= elapsed_s / 20 / 0.5 + 2


def test_memory_has_a_bound() -> None:
    writer = Writer(Truth())
    later(writer, 30)
    for hour in range(200):
        writer.write([Reading(f"d{hour % 30}", "p", hour * HOUR_MS, 1.0)])
    held = sum(len(s.values) for spans in writer.known._spans.values() for s in spans)
    assert held <= 60
