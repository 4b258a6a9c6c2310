"""Late readings against a processor that works meanwhile: none stays without its note, or a month
that was touched after it was stored."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.calendar import DAY_MS
from domain.readings import Reading, Run, runs_of
from store import late_readings as module
from store.late_readings import NotingStore
from store.ledger.late_readings import LateReadings
from store.ledger.sql.ledger import SqlLedger
from store.opening import open_ledger
from store.readings.port import WriteResult

NOW_MS = 20_000 * DAY_MS


class Stored:
    """A store of which only the writing is used: when each reading came, by a count of steps."""

    def __init__(self) -> None:
        self.step = 0
        self.at: dict[tuple[str, str, int], int] = {}

    def write(self, readings: Sequence[Reading]) -> WriteResult:
        return self.write_runs(runs_of(readings))

    def write_runs(self, runs: Sequence[Run]) -> WriteResult:
        for device, quantity, times, _ in runs:
            self.at.update(((device, quantity, t), self.step) for t in times)
        return WriteResult(sum(len(run.at_ms) for run in runs))


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ledger") / "template.db"
    open_ledger(f"sqlite:///{path}").close_connections()
    return path


@pytest.fixture(scope="module", autouse=True)
def little_room() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_REMEMBERED", 3)
        yield


readings = st.lists(
    st.builds(
        lambda device, hours_ago: Reading(device, "q", NOW_MS - hours_ago * 3_600_000, 1.0),
        st.sampled_from("ab"),
        st.sampled_from([0, 30, 40, 60]),
    ),
    min_size=1,
    max_size=3,
)
steps = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["one", "other", "runs"]), readings),
        st.tuples(st.sampled_from(["process", "find", "forget", "restart"]), st.just([])),
    ),
    min_size=4,
    max_size=16,
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_no_late_reading_is_forgotten(
    template: Path, tmp_path: Path, steps: list[tuple[str, list[Reading]]]
) -> None:
    path = tmp_path / "ledger.db"
    path.with_name("ledger.db-wal").unlink(missing_ok=True)
    shutil.copy(template, path)
    ledger, store = open_ledger(f"sqlite:///{path}"), Stored()
    writers = {n: NotingStore(store, ledger, lambda: NOW_MS) for n in ("one", "other")}  # type: ignore[arg-type]
    read: list[LateReadings] = []
    touched: list[tuple[LateReadings, int]] = []
    for store.step, (what, some) in enumerate(steps, 1):
        if what == "runs":
            writers["one"].write_runs(runs_of(some))
        elif what in writers:
            writers[what].write(some)
        elif what == "restart":
            writers["one"] = NotingStore(store, ledger, lambda: NOW_MS)  # type: ignore[arg-type]
        if what in ("process", "find"):
            read = ledger.late()
        if what in ("process", "forget"):
            before = set(ledger.late())
            ledger.touch_for_late(read, [])
            gone = before - set(ledger.late())
            touched += [(note, store.step) for note in gone]
        check(ledger, store, touched)
    ledger.close_connections()


def check(ledger: SqlLedger, store: Stored, touched: list[tuple[LateReadings, int]]) -> None:
    noted = ledger.late()
    for (device, quantity, at_ms), step in store.at.items():
        if at_ms >= NOW_MS - DAY_MS:
            continue
        covering = [n for n in noted if covers(n, device, quantity, at_ms)]
        computed = [t for n, t in touched if covers(n, device, quantity, at_ms) and t > step]
        assert covering or computed, (device, at_ms, step)


def covers(note: LateReadings, device: str, quantity: str, at_ms: int) -> bool:
    return (*note.series,) == (device, quantity) and note.start_ms <= at_ms <= note.end_ms
