"""Faults to put between the parts: a network that is cut, a store that answers badly."""

import http.client
import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Cable:
    """A TCP proxy on 127.0.0.1 that can be cut. `port` is where to connect to."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._whole = threading.Event()
        self._whole.set()
        self._closed = False
        self._sockets: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self, seconds: float) -> None:
        """Let nothing through for a while, then close what was connected.

        As in a real cut, neither side is told while it lasts.
        """
        self._whole.clear()
        time.sleep(seconds)
        self.unplug()
        self._whole.set()

    def unplug(self) -> None:
        """Close every connection at once."""
        for one in list(self._sockets):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._closed = True
        self._listener.close()
        self.unplug()

    def _accept(self) -> None:
        while not self._closed:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._join, args=(near,), daemon=True).start()

    def _join(self, near: socket.socket) -> None:
        self._whole.wait()
        try:
            far = socket.create_connection(("127.0.0.1", self._target), timeout=5)
        except OSError:
            near.close()
            return
        pair = (near, far)
        self._sockets.update(pair)
        try:
            while not self._closed:
                ready, _, _ = select.select(pair, [], [], 0.5)
                self._whole.wait()
                for one in ready:
                    data = one.recv(1 << 16)
                    if not data:
                        return
                    pair[1 - pair.index(one)].sendall(data)
        except (OSError, ValueError):
            pass
        finally:
            for one in pair:
                self._sockets.discard(one)
                one.close()


@contextmanager
def cable(target: int) -> Iterator[Cable]:
    """A proxy to a port of this machine."""
    laid = Cable(target)
    try:
        yield laid
    finally:
        laid.close()


class Grumbler:
    """An HTTP server before the store that sometimes answers a write badly.

    Put faults into `faults`; each write takes one: a status (answered instead of the store),
    ``"lost"`` (the store gets the write, the answer is lost), ``"late"`` (nothing happens until
    the client has given up).
    """

    def __init__(self, target: int, patience_s: float) -> None:
        self.faults: list[int | str] = []
        self.done = 0
        grumbler = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._pass_on(b"")

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                fault = None
                if "/write" in self.path and grumbler.faults:
                    fault = grumbler.faults.pop(0)
                    grumbler.done += 1
                if isinstance(fault, int):
                    self._answer(fault, b'{"code":"unavailable","message":"a fault of the test"}')
                elif fault == "late":
                    time.sleep(patience_s * 2)
                    self.close_connection = True
                else:
                    self._pass_on(body, answer=fault != "lost")

            def _pass_on(self, body: bytes, answer: bool = True) -> None:
                asked = http.client.HTTPConnection("127.0.0.1", target, timeout=30)
                headers = {k: v for k, v in self.headers.items() if k.lower() != "host"}
                asked.request(self.command, self.path, body, headers)
                answered = asked.getresponse()
                content = answered.read()
                asked.close()
                if answer:
                    self._answer(answered.status, content, answered.getheader("Content-Type"))
                else:
                    self.close_connection = True

            def _answer(self, status: int, content: bytes, kind: str | None = None) -> None:
                with suppress(OSError):
                    self.send_response(status)
                    self.send_header("Content-Type", kind or "application/json")
                    self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def grumbling(target: int, patience_s: float) -> Iterator[Grumbler]:
    """A grumbler before a store on a port of this machine."""
    server = Grumbler(target, patience_s)
    try:
        yield server
    finally:
        server.close()
