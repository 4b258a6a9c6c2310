"""InfluxDB 1.11, 1.12 and 2.9 as far as they differ for us: CSV answers give tags as they are.

Debian has 1.6.7, which escapes them as line protocol does. The proxy here passes everything on
to a real engine and rewrites only that column, so the suite sees both spellings.
"""

import csv
import io
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import urllib3

HOST = "127.0.0.1"
_ESCAPE = re.compile(r"\\([,= ])")
_PASSED = ("Authorization", "Accept", "Content-Type", "Content-Encoding")


def unescaped(answer: bytes) -> bytes:
    """A CSV answer of an older engine as a newer one gives it."""
    out = io.StringIO()
    rows = csv.reader(io.StringIO(answer.decode()))
    writer = csv.writer(out, lineterminator="\n")
    for row in rows:
        writer.writerow([_ESCAPE.sub(r"\1", c) if i == 1 else c for i, c in enumerate(row)])
    return out.getvalue().encode()


@contextmanager
def newer_spelling(url: str) -> Iterator[str]:
    """The address of a server that answers like the engine at `url`, but with tags unescaped."""
    pool = urllib3.PoolManager(maxsize=8, retries=False)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {h: v for h in _PASSED if (v := self.headers.get(h))}
            answer = pool.request("POST", url + self.path, body=body, headers=headers)
            data = answer.data
            if answer.headers.get("Content-Type") in ("text/csv", "application/csv"):
                data = unescaped(data)
            self.send_response(answer.status)
            if answer.status != 204:
                self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args: object) -> None: ...

    with ThreadingHTTPServer((HOST, 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://{HOST}:{server.server_port}"
        finally:
            server.shutdown()
            pool.clear()
