"""What only the InfluxDB adapter has to care for: partial writes, failing answers, restarts."""

import gzip
import json
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from domain.errors import StoreUnavailableError
from domain.readings import Reading, Series
from store.readings.influx import InfluxReadingStore
from store.readings.port import DeviceTags, WriteResult
from tests import servers

T0_MS = 1_551_398_400_000
ENERGY = "energy_import_kwh"
POWER = "power_w"
DIRECTORY = {d: DeviceTags("meter", "inst") for d in ("a", "b", "c")}
ALWAYS = (datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC))


def reading(hour: int, value: float, device: str = "a", quantity: str = ENERGY) -> Reading:
    return Reading(device, quantity, T0_MS + hour * 3_600_000, value)


def open_store(url: str, bucket: str, **options: object) -> InfluxReadingStore:
    return InfluxReadingStore(url, "secret", "org", bucket, DIRECTORY, **options)


@pytest.fixture
def store(influxdb: servers.InfluxDb, influx_bucket: str) -> Iterator[InfluxReadingStore]:
    opened = open_store(influxdb.url, influx_bucket)
    yield opened
    opened.close()


def values(store: InfluxReadingStore, device: str = "a", quantity: str = ENERGY) -> list[float]:
    (found,) = store.scan([Series(device, quantity)], *ALWAYS)
    return found.value.tolist()


# Partial writes


def test_readings_the_engine_refuses_come_back_and_the_rest_is_in(
    store: InfluxReadingStore,
) -> None:
    """Somebody made power a text, so numbers in it are refused; the same line's energy is not."""
    store._http.write(b'meter,device=x,institution=inst power_w="high" ' + b"%d" % (T0_MS * 10**6))
    good = [reading(h, float(h), d) for h in range(3) for d in "ab"]
    bad = [reading(1, 5.0, "a", POWER), reading(2, 6.0, "c", POWER)]
    result = store.write([*good, *bad])
    assert result.stored == len(good)
    assert [r for r, _ in result.refused] == bad
    assert "type conflict" in result.refused[0][1]
    assert values(store) == [0, 1, 2]
    assert store.write([*good, *bad, reading(9, 9.0)]) == WriteResult(
        1, repeated=len(good), refused=result.refused
    )


def test_refused_readings_do_not_count_as_known(
    store: InfluxReadingStore, influxdb: servers.InfluxDb, influx_bucket: str
) -> None:
    influxdb.query(f'ALTER RETENTION POLICY autogen ON "{influx_bucket}" DURATION 1000d')
    old = [Reading("a", ENERGY, ms, 1.0) for ms in (1_000_000_000_000, 1_000_000_000_001)]
    result = store.write(old)
    assert result.stored == 0
    assert [r for r, _ in result.refused] == old
    assert "retention" in result.refused[0][1]


def test_devices_the_line_protocol_or_directory_lacks_are_refused(
    influxdb: servers.InfluxDb, influx_bucket: str
) -> None:
    ids = ["new\nline", "ends\\", "a\\,b", ""]
    directory = {d: DeviceTags("meter", "inst") for d in [*ids, "a"]}
    store = InfluxReadingStore(influxdb.url, "", "org", influx_bucket, directory)
    result = store.write([reading(0, 1.0, d) for d in [*ids, "stranger", "a"]])
    assert result.stored == 1
    assert [r.device for r, _ in result.refused] == [*ids, "stranger"]
    assert "directory" in result.refused[-1][1]
    assert list(store.series().device) == ["a"]
    store.close()


def test_a_device_filed_under_two_classes_is_one_series(
    influxdb: servers.InfluxDb, influx_bucket: str
) -> None:
    directory = {"a": DeviceTags("meter", "")}
    store = InfluxReadingStore(influxdb.url, "", "org", influx_bucket, directory)
    store.write([reading(h, float(h)) for h in (0, 2)])
    directory["a"] = DeviceTags("pv", "inst")
    assert store.write([reading(h, float(h)) for h in (1, 2, 3)]) == WriteResult(2, repeated=1)
    assert values(store) == [0, 1, 2, 3]
    assert store.latest().value.tolist() == [3]
    (row,) = store.series().itertuples()
    assert (row.readings, row.last_at.hour) == (4, 3)
    found = store.registers_at([Series("a", ENERGY)], [row.first_at, row.last_at])
    assert found.before_value.tolist() == found.after_value.tolist() == [0, 3]
    store.close()


def test_reading_needs_no_directory(
    store: InfluxReadingStore, influxdb: servers.InfluxDb, influx_bucket: str
) -> None:
    store.write([reading(0, 1.0)])
    reader = InfluxReadingStore(influxdb.url, "", "org", influx_bucket, {})
    assert values(reader) == [1.0]
    assert len(reader.latest()) == len(reader.series()) == 1
    reader.close()


# Failing


def test_a_missing_bucket_is_said_and_not_taken_for_no_data(influxdb: servers.InfluxDb) -> None:
    """The trap: this query fails, but as CSV it is answered with 200 and nothing."""
    store = open_store(influxdb.url, "never-made")
    for ask in (
        lambda: store.read([Series("a", ENERGY)], *ALWAYS),
        lambda: store.latest(),
        lambda: store.registers_at([Series("a", ENERGY)], ALWAYS),
        lambda: store.series(),
        lambda: store.write([reading(0, 1.0)]),
        lambda: store._http.write(b"meter v=1 1"),
    ):
        with pytest.raises(StoreUnavailableError, match="create the bucket"):
            ask()
    store.close()


def test_a_restart_loses_and_doubles_nothing(own_influxdb: servers.InfluxDb) -> None:
    bucket = own_influxdb.create_database("b")
    store = open_store(own_influxdb.url, bucket)
    batch = [reading(h, float(h)) for h in range(3)]
    assert store.write(batch).stored == 3
    own_influxdb.kill()
    later = [*batch, reading(3, 3.0)]
    for ask in (lambda: store.write(later), lambda: store.series(), lambda: values(store)):
        with pytest.raises(StoreUnavailableError):
            ask()
    own_influxdb.start()
    assert store.write(later) == WriteResult(1, repeated=3)
    assert values(store) == [0, 1, 2, 3]
    own_influxdb.proxy.stop()
    with pytest.raises(StoreUnavailableError, match="does not answer"):
        store.write([reading(4, 4.0)])
    own_influxdb.proxy.start()
    assert store.write([reading(4, 4.0)]).stored == 1
    store.close()


def kill_rounds(server: servers.InfluxDb, rounds: int) -> None:
    """The engine is killed while batches are being written; each is written until it is taken."""
    store = open_store(server.url, server.create_database("b"))
    luck = random.Random(1)
    size, done = 2000, 0
    stop = threading.Event()

    def write_all() -> None:
        nonlocal done
        while not stop.is_set():
            batch = [reading(done + h, float(done + h)) for h in range(size)]
            try:
                result = store.write(batch)
            except StoreUnavailableError:
                time.sleep(0.02)
                continue
            assert result.stored + result.repeated == size
            done += size

    writer = threading.Thread(target=write_all)
    writer.start()
    for _ in range(rounds):
        until = done + size * luck.randrange(1, 6)
        while done < until:
            time.sleep(0.001)
        server.kill()
        server.start()
    stop.set()
    writer.join()
    assert values(store) == [float(i) for i in range(done)]
    store.close()


def test_killing_the_engine_loses_and_doubles_nothing(own_influxdb: servers.InfluxDb) -> None:
    kill_rounds(own_influxdb, 3)


@pytest.mark.long
def test_killing_the_engine_many_times(own_influxdb: servers.InfluxDb) -> None:
    kill_rounds(own_influxdb, 20)


Answer = Callable[[str, bytes], tuple[int, object] | None]


@contextmanager
def server(answer: Answer) -> Iterator[tuple[str, list[tuple[str, dict[str, str], bytes]]]]:
    """An HTTP server that answers writes as told, and queries with nothing; and what it heard.

    For answers a real engine gives only when it is ill or of another version.
    """
    heard: list[tuple[str, dict[str, str], bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            heard.append((self.path, dict(self.headers), body))
            told = answer(self.path, body)
            if told is None:
                self.close_connection = True
                return
            status, content = told
            asked = self.headers["Accept"] == "application/json"
            if self.path == "/query" and asked and content is None:
                content = {"results": [{"statement_id": 0}]}
            data = json.dumps(content).encode() if content is not None else b""
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args: object) -> None: ...

    with ThreadingHTTPServer((servers.HOST, 0), Handler) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        yield f"http://{servers.HOST}:{httpd.server_port}", heard
        httpd.shutdown()


def answering(write: Callable[[bytes], tuple[int, object] | None]) -> Answer:
    def answer(path: str, body: bytes) -> tuple[int, object] | None:
        return (200, None) if path == "/query" else write(body)

    return answer


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 502, 503, 504])
def test_any_answer_that_may_change_asks_to_wait(status: int) -> None:
    with server(answering(lambda body: (status, {"message": "not now"}))) as (url, _):
        store = open_store(url, "b")
        with pytest.raises(StoreUnavailableError, match="not now"):
            store.write([reading(0, 1.0)])
        store.close()


def test_a_connection_cut_and_a_timeout_ask_to_wait() -> None:
    with server(answering(lambda body: None)) as (url, _):
        store = open_store(url, "b")
        with pytest.raises(StoreUnavailableError, match="does not answer"):
            store.write([reading(0, 1.0)])
        store.close()
    go_on = threading.Event()

    def wait(body: bytes) -> tuple[int, object]:
        go_on.wait(10)
        return 204, None

    with server(answering(wait)) as (url, _):
        store = open_store(url, "b", timeout_s=0.2)
        with pytest.raises(StoreUnavailableError, match="does not answer"):
            store.write([reading(0, 1.0)])
        go_on.set()
        store.close()


def test_an_engine_that_takes_all_or_nothing_is_asked_by_halves() -> None:
    taken: list[bytes] = []

    def write(body: bytes) -> tuple[int, object]:
        lines = body.split(b"\n")
        if any(b"=13.0" in x for x in lines):
            return 400, {"code": "invalid", "message": "unlucky line"}
        taken.extend(lines)
        return 204, None

    with server(answering(write)) as (url, heard):
        store = open_store(url, "b")
        result = store.write([reading(h, float(h)) for h in range(100)])
        assert result == WriteResult(99, refused=((reading(13, 13.0), "unlucky line"),))
        assert len(taken) == 99
        assert len(heard) < 20
        store.close()


def test_a_body_too_large_is_sent_in_parts() -> None:
    taken: list[bytes] = []

    def write(body: bytes) -> tuple[int, object]:
        if len(body) > 500:
            return 413, {"error": "too large"}
        taken.extend(body.split(b"\n"))
        return 204, None

    with server(answering(write)) as (url, _):
        store = open_store(url, "b")
        assert store.write([reading(h, float(h)) for h in range(50)]) == WriteResult(50)
        assert len(taken) == 50
        store.close()


def test_what_goes_over_the_wire() -> None:
    with server(answering(lambda body: (204, None))) as (url, heard):
        store = open_store(url, "b&c", gzip=True)
        batch = [reading(0, 1.5), reading(0, 2.0, quantity=POWER), reading(0, 3.0, "b")]
        assert store.write(batch).stored == 3
        store.close()
    (path, headers, body) = heard[-1]
    assert path.startswith("/api/v2/write?")
    assert "bucket=b%26c" in path
    assert "precision=ns" in path
    assert "org=org" in path
    assert headers["Authorization"] == "Token secret"
    assert headers["Content-Type"] == "text/plain; charset=utf-8"
    assert (headers["Content-Encoding"], headers["Accept"]) == ("gzip", "application/json")
    assert sorted(gzip.decompress(body).decode().splitlines()) == [
        f"meter,device=a,institution=inst {ENERGY}=1.5,{POWER}=2.0 {T0_MS}000000",
        f"meter,device=b,institution=inst {ENERGY}=3.0 {T0_MS}000000",
    ]
    assert heard[0][1]["Authorization"] == "Token secret", "queries, too"


def test_in_order_data_is_never_looked_up() -> None:
    with server(answering(lambda body: (204, None))) as (url, heard):
        store = open_store(url, "b")
        for h in range(5):
            store.write([reading(h, 1.0, d) for d in "abc"])
        assert [path for path, _, _ in heard].count("/query") == 1, "the marks, once"
        store.write([reading(2, 1.0)])
        assert [path for path, _, _ in heard].count("/query") > 1
        store.close()


@pytest.mark.parametrize("end", ["", "store.close()", "store.close(); store.close()", "del store"])
def test_a_process_ends_in_silence_whether_the_store_was_closed_or_not(
    influxdb: servers.InfluxDb, influx_bucket: str, end: str
) -> None:
    program = (
        "from domain.readings import Reading\n"
        "from store.readings.influx import InfluxReadingStore\n"
        "from store.readings.port import DeviceTags\n"
        f"store = InfluxReadingStore({influxdb.url!r}, '', 'org', {influx_bucket!r},"
        " {'a': DeviceTags('meter', 'x')})\n"
        "assert store.write([Reading('a', 'power_w', 0, 1.0)]).stored == 1\n"
        f"{end}\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
