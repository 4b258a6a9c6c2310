"""Writers of different series do not wait for each other."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from domain.calendar import to_ms
from domain.readings import Reading
from store.readings.claims import Claims
from store.readings.influx import InfluxReadingStore
from store.readings.port import DeviceTags

A, B, C = ("a", "power_w"), ("b", "power_w"), ("c", "power_w")
AT = to_ms(datetime(2026, 3, 1, tzinfo=UTC))


def test_only_who_shares_a_name_is_waited_for_in_order() -> None:
    claims, order = Claims(), list[str]()
    entered = {name: threading.Event() for name in "12345"}
    leave = threading.Event()

    def work(name: str, names: set[tuple[str, str]], *, stays: bool = False) -> None:
        with claims.of(names):
            order.append(name)
            entered[name].set()
            if stays:
                assert leave.wait(20)

    with ThreadPoolExecutor(5) as pool:
        pool.submit(work, "1", {A}, stays=True)
        assert entered["1"].wait(20)
        pool.submit(work, "2", {A, B})
        while len(claims._claims) < 2:
            pass
        pool.submit(work, "3", {B})  # behind 2, which waits for 1
        while len(claims._claims) < 3:
            pass
        pool.submit(work, "4", {C})
        assert entered["4"].wait(20)
        assert order == ["1", "4"]
        leave.set()
    assert order == ["1", "4", "2", "3"]
    assert claims._claims == []


def test_a_failure_gives_the_claim_back() -> None:
    claims = Claims()
    with pytest.raises(ZeroDivisionError), claims.of({A}):
        raise ZeroDivisionError
    with claims.of({A}):
        pass


class _Slow(BaseHTTPRequestHandler):
    """An engine that takes its time over one device's lines."""

    goes_on = threading.Event()
    began = threading.Event()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if b"device=slow" in body and "/write" in self.path:
            self.began.set()
            self.goes_on.wait(20)
        writes = "/write" in self.path
        nothing = json.dumps({"results": [{"statement_id": 0}]}).encode()
        answer = nothing if self.headers["Accept"] == "application/json" and not writes else b""
        self.send_response(204 if writes else 200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def engine() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Slow)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    _Slow.goes_on.set()
    server.shutdown()
    server.server_close()


def test_a_slow_answer_to_one_batch_does_not_hold_up_the_others(engine: str) -> None:
    tags = DeviceTags("meter", "i", None)
    store = InfluxReadingStore(engine, "t", "o", "b", {"slow": tags, "other": tags})
    with ThreadPoolExecutor(3) as pool:
        slow = pool.submit(store.write, [Reading("slow", "power_w", AT, 1.0)])
        assert _Slow.began.wait(20)
        again = pool.submit(store.write, [Reading("slow", "power_w", AT, 2.0)])
        other = pool.submit(store.write, [Reading("other", "power_w", AT, 1.0)])
        assert other.result(10).stored == 1
        assert not slow.done() and not again.done()
        _Slow.goes_on.set()
        assert slow.result(20).stored == 1
        again.result(20)
    store.close()
