"""What asking costs at a city's size: 1,500 institutions, 7,500 meters, twelve months.

A service of its own process over the ledger of `city_ledger`; 50 clients on connections of their
own ask the same kind of panel of many institutions. Beside it, in the same run, a bare FastAPI
application that answers the same number of bytes. Keys, by panel: `api.panel_p95_ms.<panel>` and
`api.panel_p95_vs_bare.<panel>` with answers asked for before; `api.cold_p95_vs_bare.<panel>` each
asked for the first time, and of the processor time of the server alone, which others on the
machine disturb less, `api.cold_cpu_ms.<panel>` and `api.bare_cpu_ms.<panel>`. `pages.<page>_ms` and `pages.<page>_again_ms`: CPU of the server for a
page of an institution not asked for before, and for the same again. `api.server_peak_mb`.
"""

import asyncio
import json
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

from benchmarks import city_ledger
from benchmarks.bench_process import EACH, METERS, MONTH

CLIENTS, REQUESTS, PAGES = 50, 600, 20
CITY = METERS // EACH
_MONTH = f"start={MONTH}&end={MONTH.plus(1)}"
PANELS = {
    "months": "/v1/months?institution={place}",
    "consumption": "/v1/consumption?institution={place}",
    "figures": "/v1/figures?institution={place}",
    "savings": "/v1/savings?institution={place}",
    "totals": f"/v1/totals?by=district&{_MONTH}",
    "overview": "/v1/overview",
    "city_month": f"/v1/consumption?{_MONTH}",
    "board": "/v1/quality/board?limit=100",
}
PAGE_ADDRESSES = {
    "overview": "/?institution={place}",
    "place": f"/institutions/{{place}}/{MONTH}",
    "quality": "/quality",
}
_SERVE = """
import sys, uvicorn
from datetime import UTC, datetime
from api.app import create_app
from api.views import VIEWS
from civicmeter.wiring.serving import keep_still
from store.opening import open_ledger
from store.readings.sqlite import SqliteReadingStore
folder, port = sys.argv[1], int(sys.argv[2])
app = create_app(
    store=SqliteReadingStore(folder + "/readings.db"),
    ledger=open_ledger("sqlite:///" + folder + "/ledger.db", lambda: VIEWS),
    now=lambda: datetime(2026, 10, 2, tzinfo=UTC),
)
app.state.backend.registries.fresh()
keep_still()
uvicorn.run(app, host="127.0.0.1", port=port, log_level="error")
"""
_BARE = """
import sys, uvicorn
from fastapi import FastAPI, Response
app = FastAPI()
@app.get("/{size}")
def bytes_of(size: int) -> Response:
    return Response(b"x" * size, media_type="application/json")
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error")
"""


def run(folder: Path | None = None) -> dict[str, float]:
    """Measure; see the module's docstring. `folder` has a city's ledger already."""
    if folder is not None:
        return _measured(folder)
    with tempfile.TemporaryDirectory() as made:
        print("  filling the ledger", file=sys.stderr, flush=True)
        store, ledger = city_ledger.fill(Path(made))
        store.close()
        ledger.close_connections()
        return _measured(Path(made))


def _measured(folder: Path) -> dict[str, float]:
    figures: dict[str, float] = {}
    with _serving(_SERVE, str(folder)) as ours, _serving(_BARE) as bare:
        for k, (panel, address) in enumerate(PANELS.items()):
            figures |= _panel(ours, bare, panel, address, first=k * 100)
        for page, address in PAGE_ADDRESSES.items():
            figures |= _page(ours, page, address)
        figures["api.server_peak_mb"] = ours.peak_mb()
    return figures


class _Server:
    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process, self.port = psutil.Process(process.pid), port

    def cpu_s(self) -> float:
        times = self.process.cpu_times()
        return float(times.user + times.system)

    def peak_mb(self) -> float:
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(x for x in text.splitlines() if x.startswith("VmHWM"))
        return int(line.split()[1]) / 1024


@contextmanager
def _serving(program: str, *arguments: str) -> Iterator[_Server]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    process = subprocess.Popen([sys.executable, "-c", program, *arguments, str(port)])
    try:
        for _ in range(600):
            time.sleep(0.1)
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
        yield _Server(process, port)
    finally:
        process.terminate()
        process.wait(10)


def _panel(ours: _Server, bare: _Server, panel: str, address: str, first: int) -> dict[str, float]:
    many = "{place}" in address
    places = [f"i{(first + k) % CITY:04d}" for k in range(100 if many else 1)]
    paths = [address.format(place=p) for p in places]
    before = ours.cpu_s()
    cold, size = asyncio.run(_ask(ours.port, paths))
    cold_cpu_ms = 1e3 * (ours.cpu_s() - before) / len(paths)
    warm, _ = asyncio.run(_ask(ours.port, paths * (REQUESTS // len(paths))))
    before = bare.cpu_s()
    plain, _ = asyncio.run(_ask(bare.port, [f"/{size}"] * REQUESTS))
    plain_cpu_ms = 1e3 * (bare.cpu_s() - before) / REQUESTS
    bare_p95 = _p95(plain)
    print(
        f"  {panel}: {size:,} bytes; p95 of bare {bare_p95:.1f} ms, asked before {_p95(warm):.1f}, "
        f"first {_p95(cold):.1f}; processor time of bare {plain_cpu_ms:.1f} ms, first "
        f"{cold_cpu_ms:.1f}",
        file=sys.stderr,
        flush=True,
    )
    return {
        f"api.panel_p95_ms.{panel}": _p95(warm),
        f"api.panel_p95_vs_bare.{panel}": _p95(warm) / bare_p95,
        f"api.cold_p95_vs_bare.{panel}": _p95(cold) / bare_p95,
        f"api.cold_cpu_ms.{panel}": cold_cpu_ms,
        f"api.bare_cpu_ms.{panel}": plain_cpu_ms,
    }


def _page(ours: _Server, page: str, address: str) -> dict[str, float]:
    paths = [address.format(place=f"i{700 + k:04d}") for k in range(PAGES)]
    asyncio.run(_ask(ours.port, [address.format(place="i0001")], clients=1))
    taken = []
    for _ in range(2):
        before = ours.cpu_s()
        asyncio.run(_ask(ours.port, paths, clients=1))
        taken.append(1e3 * (ours.cpu_s() - before) / PAGES)
    return {f"pages.{page}_ms": taken[0], f"pages.{page}_again_ms": taken[1]}


async def _ask(port: int, paths: Sequence[str], clients: int = CLIENTS) -> tuple[list[float], int]:
    """Milliseconds of each request, and the bytes of the largest body."""
    waiting, taken, largest = list(paths)[::-1], list[float](), [0]

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while waiting:
            path = waiting.pop()
            began = time.perf_counter()
            writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            assert " 200 " in head.splitlines()[0], (path, head)
            length = int(head.split("content-length: ")[1].split("\r\n")[0])
            await reader.readexactly(length)
            taken.append(1e3 * (time.perf_counter() - began))
            largest[0] = max(largest[0], length)
        writer.close()

    await asyncio.gather(*(client() for _ in range(min(clients, len(waiting)))))
    return taken, largest[0]


def _p95(taken: Sequence[float]) -> float:
    if len(taken) < 2:
        return taken[0]
    return statistics.quantiles(taken, n=20)[-1]


if __name__ == "__main__":
    print(json.dumps(run(Path(sys.argv[1]) if sys.argv[1:] else None), indent=1))
