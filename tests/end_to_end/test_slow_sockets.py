"""Sockets that say little and never end: the service hangs up, and answers others meanwhile."""

import socket
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from api.app import create_app
from civicmeter.wiring.patience import PatientProtocol
from civicmeter.wiring.ports import free_port
from civicmeter.wiring.serving import serving
from tests import api_sample
from tests.servers import HOST

BEGUN = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "


@pytest.fixture
def port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(PatientProtocol, "headers_s", 2.0)
    monkeypatch.setattr(PatientProtocol, "body_s", 2.0)
    monkeypatch.setattr(PatientProtocol, "most", 60)
    store, ledger = api_sample.open_sample(tmp_path)
    chosen = free_port()
    with serving(create_app(store=store, ledger=ledger), HOST, chosen):
        yield chosen
    store.close()
    ledger.close_connections()


def healthy(port: int) -> bool:
    with urllib.request.urlopen(f"http://{HOST}:{port}/healthz", timeout=10) as answer:
        return bool(answer.status == 200)


def hung_up(sock: socket.socket) -> bool:
    sock.settimeout(0.2)
    try:
        while sock.recv(1000):
            pass
    except TimeoutError:
        return False
    except OSError:
        return True
    return True


def drip(socks: list[socket.socket], seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for sock in socks:
            with suppress(OSError):
                sock.send(b"x")
        time.sleep(0.2)


def slow(port: int, count: int, begun: bytes) -> list[socket.socket]:
    socks = [socket.create_connection((HOST, port), timeout=5) for _ in range(count)]
    for sock in socks:
        sock.send(begun)
    return socks


def test_fifty_slow_sockets_are_closed_and_others_served(port: int) -> None:
    socks = slow(port, 50, BEGUN)
    assert healthy(port)
    drip(socks, 4.0)
    assert all(hung_up(s) for s in socks)
    assert healthy(port)


def test_a_body_that_never_ends_is_not_waited_for(port: int) -> None:
    head = b"POST /v1/readings HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\n"
    socks = slow(port, 5, head + b"Content-Length: 100000\r\n\r\n")
    drip(socks, 4.0)
    assert all(hung_up(s) for s in socks)


def test_beyond_the_number_of_connections_the_oldest_silent_one_goes(port: int) -> None:
    socks = slow(port, 90, BEGUN)
    assert healthy(port)
    closed = [hung_up(s) for s in socks[:30]]
    assert all(closed)


def test_a_connection_that_is_used_again_is_kept(port: int) -> None:
    with socket.create_connection((HOST, port), timeout=5) as sock:
        for _ in range(4):
            sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            said = b""
            while not said.endswith(b'{"status":"ok"}'):
                said += (part := sock.recv(10_000))
                assert part, "hung up"
            assert said.startswith(b"HTTP/1.1 200")
            time.sleep(0.8)
