"""Drawing behind a bounded queue, with real processes."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import psutil
import pytest

from domain.errors import ConfigError
from reports.drawing_queue import DrawingQueue, Prepared, QueueFullError
from reports.isolated import Worker, WorkerDiedError, WorkerLateError

Make = Callable[..., DrawingQueue[Any]]


@pytest.fixture
def make() -> Iterator[Make]:
    made: list[DrawingQueue[Any]] = []

    def build(**settings: Any) -> DrawingQueue[Any]:
        made.append(DrawingQueue(**settings))
        return made[-1]

    yield build
    for queue in made:
        queue.close()


def draw(said: tuple[Path, float]) -> int:
    """Notes that it began, takes some seconds, and tells its process."""
    path, seconds = said
    path.write_text(str(os.getpid()))
    time.sleep(seconds)
    return os.getpid()


def measure(content: bytes) -> int:
    return len(content)


def fail(_: object) -> int:
    raise ConfigError("no such thing")


def drawing(path: Path, seconds: float = 0.0) -> Callable[[], Prepared[int]]:
    return lambda: (draw, (path, seconds))


def begun(path: Path) -> int:
    """The process that works at it."""
    for _ in range(200):
        if path.exists() and (text := path.read_text()):
            return int(text)
        time.sleep(0.05)
    raise AssertionError(f"{path.name} was not begun")


def gone(pid: int) -> bool:
    for _ in range(100):
        if not psutil.pid_exists(pid):
            return True
        time.sleep(0.05)
    return False


def test_equal_requests_share_one_drawing_and_it_is_kept(make: Make, tmp_path: Path) -> None:
    queue, calls = make(), []

    def prepare() -> Prepared[int]:
        calls.append(1)
        return draw, (tmp_path / "a", 0.5)

    asked = [queue.ask("a", prepare) for _ in range(10)]
    assert len({f.result(20) for f in asked}) == 1
    queue.ask("a", prepare).result(0)
    assert len(calls) == 1


def test_beyond_the_limit_one_is_told_when_to_ask_again(make: Make, tmp_path: Path) -> None:
    queue = make(waiting_max=2)
    first = queue.ask(0, drawing(tmp_path / "0", 1.0))
    begun(tmp_path / "0")
    waiting = [queue.ask(k, drawing(tmp_path / str(k))) for k in (1, 2)]
    with pytest.raises(QueueFullError) as told:
        queue.ask(3, drawing(tmp_path / "3"))
    assert 1 <= told.value.retry_after_s <= 300
    shared = queue.ask(2, drawing(tmp_path / "2"))  # is drawn anyway
    for future in (first, *waiting, shared):
        future.result(20)
    assert queue.ask(3, drawing(tmp_path / "3")).result(20)


def test_many_requests_for_one_drawing_are_bounded_too(make: Make, tmp_path: Path) -> None:
    queue = make(asking_max=3)
    asked = [queue.ask("a", drawing(tmp_path / "a", 1.0)) for _ in range(3)]
    with pytest.raises(QueueFullError):
        queue.ask("a", drawing(tmp_path / "a"))
    assert len({f.result(20) for f in asked}) == 1
    queue.ask("a", drawing(tmp_path / "a")).result(0)


def test_what_nobody_wants_any_more_is_not_drawn(make: Make, tmp_path: Path) -> None:
    queue = make(waiting_max=3)
    first = queue.ask("first", drawing(tmp_path / "first", 1.0))
    begun(tmp_path / "first")
    left = [queue.ask(k, drawing(tmp_path / str(k))) for k in range(3)]
    assert all(f.cancel() for f in left)
    after = queue.ask("after", drawing(tmp_path / "after"))  # there is room again
    first.result(20)
    after.result(20)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["after", "first"]


def test_a_drawing_ends_when_the_last_who_wanted_it_has_gone(make: Make, tmp_path: Path) -> None:
    queue = make()
    one, other = (queue.ask("a", drawing(tmp_path / "a", 30.0)) for _ in range(2))
    pid = begun(tmp_path / "a")
    one.cancel()
    time.sleep(0.5)
    assert psutil.pid_exists(pid), "one still wants it"
    other.cancel()
    assert gone(pid)
    # Who asks for the same from now on gets a drawing of its own.
    assert queue.ask("a", drawing(tmp_path / "again")).result(20) != pid


def test_a_drawing_has_a_limit_of_time(make: Make, tmp_path: Path) -> None:
    queue = make(limit_s=2.0)
    late = queue.ask("late", drawing(tmp_path / "late", 60.0))
    next_one = queue.ask("next", drawing(tmp_path / "next"))
    with pytest.raises(WorkerLateError):
        late.result(20)
    assert gone(begun(tmp_path / "late"))
    next_one.result(20)


def test_a_worker_that_is_killed_costs_only_its_drawing(make: Make, tmp_path: Path) -> None:
    queue = make()
    lost = queue.ask("lost", drawing(tmp_path / "lost", 60.0))
    next_one = queue.ask("next", drawing(tmp_path / "next"))
    os.kill(begun(tmp_path / "lost"), signal.SIGKILL)
    with pytest.raises(WorkerDiedError, match="exit code -9"):
        lost.result(20)
    next_one.result(20)


def test_a_worker_that_stands_still_is_ended_too(tmp_path: Path) -> None:
    worker = Worker()
    pid = worker.run(draw, (tmp_path / "a", 0.0))
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(WorkerDiedError):
        worker.run(measure, b"x" * 10_000_000, limit_s=1.0)
    assert gone(pid)
    assert worker.run(measure, b"x" * 10_000_000) == 10_000_000
    worker.end()


def test_errors_reach_who_asked_and_are_not_kept(make: Make, tmp_path: Path) -> None:
    queue = make()

    def broken() -> Prepared[int]:
        raise ConfigError("not prepared")

    with pytest.raises(ConfigError, match="not prepared"):
        queue.ask("a", broken).result(20)
    with pytest.raises(ConfigError, match="no such thing"):
        queue.ask("a", lambda: (fail, None)).result(20)
    queue.ask("a", drawing(tmp_path / "a")).result(20)


def test_memory_is_given_back_when_nobody_asks(make: Make, tmp_path: Path) -> None:
    queue = make(idle_s=0.3)
    pid = queue.ask("a", drawing(tmp_path / "a")).result(20)
    assert gone(pid)
    assert queue.ask("b", drawing(tmp_path / "b")).result(20) != pid


def test_what_is_kept_is_bounded_in_number_and_bytes(make: Make, tmp_path: Path) -> None:
    calls: list[int] = []

    def prepare(key: int) -> Callable[[], Prepared[int]]:
        calls.append(key)
        return drawing(tmp_path / str(key))

    queue = make(kept_max=2)
    small = make(kept_bytes=10, size=lambda _: 6)
    for key in range(3):
        queue.ask(key, prepare(key)).result(20)
        small.ask(key, prepare(key)).result(20)
    kept = [k for k in range(3) if queue.ask(k, _never).done()]
    assert kept == [1, 2]
    assert [k for k in range(3) if small.ask(k, _never).done()] == [2]


def _never() -> Prepared[int]:
    raise ConfigError("was kept no more")


def test_at_the_end_nobody_is_left_waiting(make: Make, tmp_path: Path) -> None:
    queue = make()
    asked: list[Future[int]] = [
        queue.ask(k, drawing(tmp_path / str(k), 60.0 if not k else 0.0)) for k in range(3)
    ]
    pid = begun(tmp_path / "0")
    queue.close()
    for future in asked:
        with pytest.raises(QueueFullError):
            future.result(5)
    assert gone(pid)
    assert not any(t.is_alive() for t in queue._threads)
