"""What every ReadingStore promises, run on every adapter with a real engine behind it."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.calendar import from_ms
from domain.readings import Reading, Run, Series
from store.opening import open_reading_store
from store.readings import known
from store.readings.port import Conflict, DeviceTags, Directory, ReadingStore, WriteResult

T0 = datetime(2019, 3, 1, tzinfo=UTC)
T0_MS = int(T0.timestamp() * 1000)
HOUR_MS = 3_600_000
ENERGY = "energy_import_kwh"
POWER = "power_w"
ALWAYS = (datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC))

ODD_IDS = [
    "东营-办公楼 1号,主表=总",
    "quote\"s and 's",
    "back\\slash",
    "two\\\\n",
    "a b",
    "/^.*$/",
    "%20",
    "ünïcödé 🌡",
    "x;DROP",
]

Opener = Callable[[], ReadingStore]


class _Everybody(dict[str, DeviceTags]):
    """A directory that knows every device there may be."""

    def get(self, device: str, default: object = None) -> DeviceTags:
        return self[device]

    def __missing__(self, device: str) -> DeviceTags:
        return DeviceTags("pv" if device.startswith("pv") else "meter", "机关 a,b=c")


EVERYBODY: Directory = _Everybody()


@pytest.fixture(params=["sqlite", "influxdb", "newer_influxdb"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'readings.db'}"
    bucket = request.getfixturevalue("influx_bucket")
    if request.param == "newer_influxdb":
        return f"influxdb+{request.getfixturevalue('newer_influx_url')}/org/{bucket}"
    return f"influxdb+{request.getfixturevalue('influxdb').url}/org/{bucket}"


@pytest.fixture
def opener(url: str) -> Iterator[Opener]:
    """Opens the same store at each call."""
    opened: list[ReadingStore] = []

    def open_store() -> ReadingStore:
        opened.append(open_reading_store(url, EVERYBODY))
        return opened[-1]

    yield open_store
    for store in opened:
        store.close()


@pytest.fixture
def store(opener: Opener) -> ReadingStore:
    return opener()


def at(hours: float) -> datetime:
    return T0 + timedelta(hours=hours)


def reading(hour: float, value: float, device: str = "a", quantity: str = ENERGY) -> Reading:
    return Reading(device, quantity, T0_MS + round(hour * HOUR_MS), value)


def rows(frame: pd.DataFrame) -> list[Reading]:
    ms = frame["at"].astype("int64")
    return [Reading(*r) for r in zip(frame.device, frame.quantity, ms, frame.value, strict=True)]


def stored(store: ReadingStore, *series: Series) -> list[Reading]:
    return rows(store.read(series or [Series("a", ENERGY)], *ALWAYS))


# Writing


def test_what_was_written_is_read(store: ReadingStore) -> None:
    written = [reading(h, h * 1.1) for h in range(5)]
    assert store.write(written) == WriteResult(5)
    assert stored(store) == written


def test_an_empty_batch(store: ReadingStore) -> None:
    assert store.write([]) == WriteResult(0)


def test_values_come_back_to_the_last_bit(store: ReadingStore) -> None:
    values = [0.1 + 0.2, 1 / 3, 1e-300, 1.7976931348623157e308, -5e-324, 123456789.123456789, 0.0]
    written = [reading(h, v) for h, v in enumerate(values)]
    assert store.write(written).stored == len(values)
    assert stored(store) == written


def test_whole_numbers_are_floats_too(store: ReadingStore) -> None:
    store.write([reading(0, 1), reading(1, 1.5)])
    assert [r.value for r in stored(store)] == [1.0, 1.5]


def test_writing_again_changes_nothing(opener: Opener) -> None:
    batch = [reading(h, float(h), d) for h in range(3) for d in "ab"]
    store = opener()
    assert store.write(batch).stored == 6
    assert store.write(batch) == WriteResult(0, repeated=6)
    assert opener().write(batch) == WriteResult(0, repeated=6)
    assert stored(store) == batch[::2]


def test_a_batch_that_repeats_itself(store: ReadingStore) -> None:
    assert store.write([reading(0, 1.0), reading(0, 1.0)]) == WriteResult(1, repeated=1)
    result = store.write([reading(1, 2.0), reading(1, 2.0), reading(1, 3.0), reading(2, 4.0)])
    assert result == WriteResult(2, repeated=1, conflicts=(Conflict(reading(1, 3.0), 2.0),))
    assert stored(store) == [reading(0, 1.0), reading(1, 2.0), reading(2, 4.0)]


def test_the_first_value_stands_and_the_other_is_reported(opener: Opener) -> None:
    opener().write([reading(0, 1.0), reading(1, 2.0)])
    store = opener()
    result = store.write([reading(0, 1.5), reading(1, 2.0), reading(2, 3.0)])
    assert result == WriteResult(1, repeated=1, conflicts=(Conflict(reading(0, 1.5), 1.0),))
    assert stored(store) == [reading(0, 1.0), reading(1, 2.0), reading(2, 3.0)]


def test_two_writers_of_one_store(opener: Opener) -> None:
    one, other = opener(), opener()
    assert one.write([reading(0, 1.0)]).stored == 1
    assert other.write([reading(1, 2.0), reading(0, 1.0, "b")]).stored == 2
    assert one.write([reading(0.5, 1.5), reading(2, 3.0)]).stored == 2
    assert [r.value for r in stored(other)] == [1.0, 1.5, 2.0, 3.0]


def test_the_first_value_stands_whoever_wrote_it(
    opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Later than all one writer knew of, and within a span it has asked for; a moment later."""
    monkeypatch.setattr(known, "BELIEVED_S", 0.0)
    monkeypatch.setattr(known, "_SELDOM", 0.0)
    one, other = opener(), opener()
    one.write([reading(0, 1.0), reading(100, 1.0)])
    one.write([reading(1, 1.0)])
    assert other.write([reading(2, 2.0), reading(101, 2.0)]).stored == 2
    result = one.write([reading(2, 3.0), reading(3, 3.0), reading(101, 3.0), reading(102, 3.0)])
    assert result == WriteResult(
        2, conflicts=(Conflict(reading(2, 3.0), 2.0), Conflict(reading(101, 3.0), 2.0))
    )
    assert [r.value for r in stored(one)] == [1.0, 1.0, 2.0, 3.0, 1.0, 2.0, 3.0]


def test_what_does_not_fit_into_one_answer_is_asked_for_until_it_is_known(
    opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known, "_ANSWER", 6)
    devices = "abc"
    there = [reading(h, float(h), d) for h in range(0, 60, 2) for d in devices]
    opener().write(there)
    store = opener()
    for some in (range(20), range(40, 61), range(61)):
        batch = [reading(h, float(h), d) for h in some for d in devices]
        known_before = {r for d in devices for r in stored(store, Series(d, ENERGY))}
        again = len(known_before.intersection(batch))
        assert store.write(batch) == WriteResult(len(batch) - again, repeated=again)
    assert len(stored(store, *(Series(d, ENERGY) for d in devices))) == 61 * 3


def test_late_readings_find_their_place(store: ReadingStore) -> None:
    batch = [reading(h, float(h)) for h in (5, 1, 3, 2, 4)]
    assert store.write(batch[:2]).stored == 2
    assert store.write(batch[2:]).stored == 3
    assert [r.value for r in stored(store)] == [1, 2, 3, 4, 5]


def test_late_readings_far_apart(store: ReadingStore) -> None:
    store.write([reading(h, 1.0) for h in (0, 5000, 9000)])
    result = store.write([reading(0, 1.0), reading(5000, 2.0), reading(8000, 3.0)])
    assert result == WriteResult(1, repeated=1, conflicts=(Conflict(reading(5000, 2.0), 1.0),))


def test_quantities_of_one_device_and_time_do_not_touch(store: ReadingStore) -> None:
    batch = [reading(0, 1.0), reading(0, 2.0, quantity=POWER)]
    assert store.write(batch).stored == 2
    third = reading(0, 3.0, quantity="frequency_hz")
    assert store.write([*batch, third]) == WriteResult(1, repeated=2)
    assert stored(store, *(r.series for r in (*batch, third))) == [batch[0], third, batch[1]]


def test_what_no_engine_can_hold_is_refused_alone(store: ReadingStore) -> None:
    nan, infinite = reading(0, float("nan")), reading(1, float("inf"))
    early, late = Reading("a", ENERGY, -(10**16), 1.0), Reading("a", ENERGY, 10**19, 1.0)
    result = store.write([nan, reading(2, 5.0), infinite, early, late])
    assert result.stored == 1
    assert [r for r, _ in result.refused] == [nan, infinite, early, late]
    assert "finite" in result.refused[0][1]
    assert "year" in result.refused[2][1]
    assert stored(store) == [reading(2, 5.0)]


def test_runs_are_written_like_their_readings(opener: Opener) -> None:
    opener().write([reading(1, 7.0)])
    store = opener()
    written = [
        Run("a", ENERGY, [reading(h, 0.0).at_ms for h in range(4)], [0.0, 1.0, 2.0, 3.0]),
        Run("b", POWER, (T0_MS,), (5.0,)),
        # The same series again: one repeats the run before it, one contradicts it, one is new.
        Run("a", ENERGY, [reading(h, 0.0).at_ms for h in (3, 2, 4)], [3.0, 9.0, 4.0]),
        Run("b", POWER, [T0_MS + 1, 10**19], [float("inf"), 1.0]),
        Run("c", POWER, [], []),
    ]
    result = store.write_runs(written)
    assert (result.stored, result.repeated) == (5, 1)
    assert set(result.conflicts) == {
        Conflict(reading(1, 1.0), 7.0),
        Conflict(reading(2, 9.0), 2.0),
    }
    assert sorted(r.at_ms for r, _ in result.refused) == [T0_MS + 1, 10**19]
    assert [r.value for r in stored(store)] == [0.0, 7.0, 2.0, 3.0, 4.0]
    assert stored(store, Series("b", POWER)) == [Reading("b", POWER, T0_MS, 5.0)]
    assert store.write_runs([]) == WriteResult(0)


def test_times_before_the_epoch_and_far_ahead(store: ReadingStore) -> None:
    written = [Reading("a", ENERGY, ms, 1.0) for ms in (-1_000_000_000_000, -1, 0, 1, 7 * 10**12)]
    assert store.write(written).stored == 5
    assert stored(store) == written
    assert rows(store.latest())[0] == written[-1]
    frame = store.registers_at([Series("a", ENERGY)], [from_ms(0)])
    assert frame.before_at[0] == frame.after_at[0] == pd.Timestamp(0, tz="UTC")


def test_ids_of_any_letters(opener: Opener) -> None:
    written = [reading(h, float(i * 10 + h), d) for i, d in enumerate(ODD_IDS) for h in range(2)]
    assert opener().write(written).stored == len(written)
    store = opener()
    assert store.write(written).repeated == len(written)
    series = [Series(d, ENERGY) for d in ODD_IDS]
    assert set(stored(store, *series)) == set(written)
    assert set(store.latest().device) == set(store.latest(series).device) == set(ODD_IDS)
    frame = store.registers_at(series, [at(0.5)])
    assert list(zip(frame.before_value, frame.after_value, strict=True)) == [
        (i * 10, i * 10 + 1) for i in range(len(ODD_IDS))
    ]
    assert list(store.series().device) == sorted(ODD_IDS)


def test_an_id_that_looks_like_anothers_escaped_spelling(opener: Opener) -> None:
    """The second is how older InfluxDBs spell the first; asked for together, neither is taken
    for the other. InfluxDB cannot hold the second and says so."""
    plain, spelt = "a b,c=d", "a\\ b\\,c\\=d"
    result = opener().write([reading(h, float(h), d) for d in (spelt, plain) for h in range(2)])
    assert {r.device for r, _ in result.refused} <= {spelt}
    assert result.stored + len(result.refused) == 4
    store = opener()
    assert store.write([reading(h, float(h), plain) for h in range(2)]).repeated == 2
    found = stored(store, Series(spelt, ENERGY), Series(plain, ENERGY))
    assert [r for r in found if r.device == plain] == [reading(h, float(h), plain) for h in (0, 1)]
    assert len(found) == result.stored


def test_many_series(store: ReadingStore) -> None:
    devices = [f"m{i:04}" for i in range(700)]
    written = [reading(h, float(i + h), d) for h in range(3) for i, d in enumerate(devices)]
    assert store.write(written).stored == len(written)
    assert store.write(written[:1000]).repeated == 1000
    series = [Series(d, ENERGY) for d in devices]
    assert stored(store, *series) == sorted(written)
    assert [p.series for p in store.scan(series[::-1], at(0), at(3))] == series[::-1]
    assert rows(store.latest()) == sorted(written)[2::3]


def test_threads_write_and_read_at_once(store: ReadingStore) -> None:
    def write(device: str) -> int:
        return sum(store.write([reading(h, 1.0, device)]).stored for h in range(20))

    def read(device: str) -> list[float]:
        return [len(store.read([Series(device, ENERGY)], *ALWAYS)) for _ in range(10)]

    with ThreadPoolExecutor(6) as pool:
        written = [pool.submit(write, d) for d in "abc"]
        seen = [pool.submit(read, d) for d in "abc"]
        assert [w.result() for w in written] == [20, 20, 20]
        assert all(counts.result() == sorted(counts.result()) for counts in seen)
    assert list(store.series().readings) == [20, 20, 20]
    every = list(store.series().itertuples(index=False))
    names = [Series(r.device, r.quantity) for r in every]
    for only in (names[1:], names[:1], [*names, Series("nobody", ENERGY)], []):
        listed = list(store.series(only).itertuples(index=False))
        assert listed == [r for r, n in zip(every, names, strict=True) if n in only]


# Reading


def test_a_range_is_half_open(store: ReadingStore) -> None:
    store.write([reading(h, float(h)) for h in range(5)])

    def found(start: datetime, end: datetime) -> list[float]:
        return list(store.read([Series("a", ENERGY)], start, end).value)

    millisecond = timedelta(milliseconds=1)
    assert found(at(1), at(3)) == [1, 2]
    assert found(at(1) + millisecond, at(3) + millisecond) == [2, 3]
    assert found(at(1) + timedelta(microseconds=1), at(3)) == [2]
    assert found(at(1), at(3) + timedelta(microseconds=1)) == [1, 2, 3]
    assert found(at(1), at(1)) == []
    assert found(at(3), at(1)) == []


def test_the_frames_are_as_promised(store: ReadingStore) -> None:
    store.write([reading(0, 1.0)])
    for wanted in (Series("a", ENERGY), Series("nobody", ENERGY), Series("a", "water_m3")):
        frame = store.read([wanted], *ALWAYS)
        assert list(frame.columns) == ["device", "quantity", "at", "value"]
        assert str(frame["at"].dtype) == "datetime64[ms, UTC]"
        assert frame["value"].dtype == float
        assert len(frame) == (wanted == Series("a", ENERGY))
        assert list(store.latest([wanted]).columns) == list(frame.columns)
    registers = store.registers_at([Series("a", ENERGY)], [at(0)])
    assert list(registers.columns) == [
        "device",
        "quantity",
        "instant",
        "before_at",
        "before_value",
        "after_at",
        "after_value",
    ]
    assert str(registers["before_at"].dtype) == "datetime64[ms, UTC]"
    listed = store.series()
    assert list(listed.columns) == ["device", "quantity", "readings", "first_at", "last_at"]
    assert str(listed["first_at"].dtype) == "datetime64[ms, UTC]"
    assert listed["readings"].dtype == int


def test_an_empty_store_answers(store: ReadingStore) -> None:
    assert store.read([Series("a", ENERGY)], *ALWAYS).empty
    assert store.read([], *ALWAYS).empty
    assert store.latest().empty
    assert store.latest([]).empty
    assert store.series().empty
    assert [len(p.at_ms) for p in store.scan([Series("a", ENERGY)], *ALWAYS)] == [0]
    assert store.registers_at([], [at(0)]).empty
    assert store.registers_at([Series("a", ENERGY)], []).empty
    (row,) = store.registers_at([Series("a", ENERGY)], [at(0)]).itertuples()
    assert pd.isna([row.before_at, row.before_value, row.after_at, row.after_value]).all()


def test_read_is_sorted_and_names_nothing_twice(store: ReadingStore) -> None:
    store.write([reading(h, 1.0, d, q) for h in (1, 0) for d in "ba" for q in (POWER, ENERGY)])
    wanted = [Series("b", POWER), Series("a", ENERGY), Series("a", POWER), Series("b", POWER)]
    found = stored(store, *wanted)
    assert found == sorted(found)
    assert [r.series for r in found[::2]] == sorted(set(wanted))


def test_scan_gives_each_series_asked_for_in_order(store: ReadingStore) -> None:
    store.write([reading(h, float(h), d) for d in "ab" for h in range(3)])
    wanted = [Series("b", ENERGY), Series("nobody", ENERGY), Series("a", ENERGY)]
    found = list(store.scan(wanted, at(1), at(9)))
    assert [p.series for p in found] == wanted
    assert [p.value.tolist() for p in found] == [[1, 2], [], [1, 2]]
    assert found[0].at_ms.tolist() == [T0_MS + HOUR_MS, T0_MS + 2 * HOUR_MS]
    assert found[0].at_ms.dtype == "int64"


def test_latest_of_each_series(store: ReadingStore) -> None:
    store.write([reading(h, float(h), d, q) for h in (2, 1) for d in "ba" for q in (POWER, ENERGY)])
    store.write([reading(9, 9.0, "pv1", "pv_power_w")])
    everything = [
        reading(2, 2.0, "a", ENERGY),
        reading(2, 2.0, "a", POWER),
        reading(2, 2.0, "b", ENERGY),
        reading(2, 2.0, "b", POWER),
        reading(9, 9.0, "pv1", "pv_power_w"),
    ]
    assert rows(store.latest()) == everything
    wanted = [Series("b", POWER), Series("nobody", POWER), Series("a", ENERGY)]
    assert rows(store.latest(wanted)) == [everything[0], everything[3]]


def test_when_each_device_was_last_heard(store: ReadingStore) -> None:
    assert store.last_heard() == {}
    store.write([reading(h, 1.0, d, q) for d, q, h in (("a", ENERGY, 2), ("a", POWER, 3))])
    store.write([reading(-9, 1.0, "b"), reading(1, 1.0, "a", POWER), reading(0.5, 1.0, "b", POWER)])
    assert store.last_heard() == {"a": T0_MS + 3 * HOUR_MS, "b": T0_MS + HOUR_MS // 2}
    latest = store.latest().groupby("device")["at"].max()
    assert store.last_heard() == dict(latest.astype("int64"))


def test_the_list_of_series(store: ReadingStore) -> None:
    store.write([reading(h, 1.0) for h in range(4)])
    store.write([reading(7, 1.0, "pv1", "pv_power_w")])
    first, second = store.series().itertuples(index=False)
    assert tuple(first) == ("a", ENERGY, 4, at(0), at(3))
    assert tuple(second) == ("pv1", "pv_power_w", 1, at(7), at(7))


def test_readings_are_counted_up_to_a_limit(store: ReadingStore) -> None:
    store.write([reading(h, 1.0, d) for d in "ab" for h in range(10)])
    store.write([reading(3, 1.0, "pv1", "pv_power_w")])
    wanted = [Series("a", ENERGY), Series("b", ENERGY), Series("pv1", "pv_power_w")]
    wanted += [Series("nobody", ENERGY), Series("a", POWER)]
    assert store.count(wanted, *ALWAYS, most=100) == 21
    assert store.count(wanted, at(2), at(4), most=100) == 5
    assert store.count(wanted, *ALWAYS, most=7) > 7
    assert store.count(wanted, at(4), at(4), most=7) == 0
    assert store.count([], *ALWAYS, most=7) == 0


def test_a_probe_is_no_reading(opener: Opener) -> None:
    store = opener()
    store.probe()
    store.write([reading(0, 1.0)])
    store.probe()
    assert list(store.series().device) == list(store.latest().device) == ["a"]
    assert list(opener().series().device) == ["a"]


def test_registers_at_by_hand(store: ReadingStore) -> None:
    store.write([reading(h, h * 10.0) for h in (1, 3)])
    store.write([reading(2, 5.0, "b")])
    wanted = [Series("b", ENERGY), Series("a", ENERGY), Series("nobody", ENERGY)]
    instants = [at(2), at(3), at(0)]
    frame = store.registers_at(wanted, instants)
    assert list(frame.device) == ["b"] * 3 + ["a"] * 3 + ["nobody"] * 3
    assert list(frame.instant) == instants * 3
    values = [tuple(v) for v in frame[["before_value", "after_value"]].astype(object).values]
    missing = None
    assert [tuple(missing if pd.isna(x) else x for x in v) for v in values] == [
        (5.0, 5.0),
        (5.0, missing),
        (missing, 5.0),
        (10.0, 30.0),
        (30.0, 30.0),
        (missing, 10.0),
        *[(missing, missing)] * 3,
    ]
    assert frame.before_at[3] == at(1)
    assert frame.after_at[3] == at(3)


# Hours with a jitter in ms, so that neighbours, equal times and gaps all come up.
_times = st.lists(st.integers(0, 400).map(lambda i: (i // 4) * HOUR_MS + i % 4 - 2), max_size=25)
_counter = iter(range(10**9))


def _naive(times: set[int], instant_us: int) -> tuple[int | None, int | None]:
    before = [t for t in times if t * 1000 <= instant_us]
    after = [t for t in times if t * 1000 >= instant_us]
    return max(before, default=None), min(after, default=None)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    times=st.lists(_times, min_size=1, max_size=3),
    instants_us=st.lists(st.integers(-10_000, 101 * HOUR_MS * 1000), max_size=6),
    on_reading=st.booleans(),
)
def test_registers_at_is_what_a_plain_search_finds(
    store: ReadingStore, times: list[list[int]], instants_us: list[int], on_reading: bool
) -> None:
    run = next(_counter)  # a store is kept for all examples, so each has devices of its own
    series = [Series(f"r{run}-{i}", ENERGY) for i in range(len(times))]
    if on_reading:
        instants_us += [t * 1000 for t in times[0][:3]]
    for one, some in zip(series, times, strict=True):
        store.write([Reading(*one, t, float(t)) for t in some])
    instants = [from_ms(0) + timedelta(microseconds=us) for us in instants_us]
    frame = store.registers_at(series, instants)
    expected = [
        (*s, *_naive(set(some), us))
        for s, some in zip(series, times, strict=True)
        for us in instants_us
    ]
    found = [(r.device, r.quantity, _ms(r.before_at), _ms(r.after_at)) for r in frame.itertuples()]
    assert found == expected
    for side in ("before", "after"):
        ms = frame[f"{side}_at"].dropna().astype("int64")
        assert (frame[f"{side}_value"].dropna() == ms).all()


def _ms(at: pd.Timestamp) -> int | None:
    return None if pd.isna(at) else round(at.timestamp() * 1000)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    batches=st.lists(
        st.lists(st.tuples(st.integers(0, 1), st.integers(0, 9), st.integers(0, 2)), max_size=12),
        max_size=5,
    )
)
def test_any_order_of_writes_leaves_what_a_dictionary_would(
    opener: Opener, batches: list[list[tuple[int, int, int]]]
) -> None:
    """Batches of (device, hour, value) in any order, with repetitions and contradictions."""
    devices = [f"w{next(_counter)}" for _ in range(2)]
    truth: dict[tuple[str, int], float] = {}
    store = opener()
    for batch in batches:
        readings = [reading(h, float(v), devices[d]) for d, h, v in batch]
        known = len(truth)
        conflicts = []
        for r in readings:
            if truth.setdefault((r.device, r.at_ms), r.value) != r.value:
                conflicts.append(Conflict(r, truth[r.device, r.at_ms]))
        result = store.write(readings)
        assert result.stored == len(truth) - known
        assert sorted(result.conflicts) == sorted(conflicts)
        assert result.stored + result.repeated + len(conflicts) == len(readings)
    found = stored(opener(), *(Series(d, ENERGY) for d in devices))
    assert {(r.device, r.at_ms): r.value for r in found} == truth
    assert len(found) == len(truth)
