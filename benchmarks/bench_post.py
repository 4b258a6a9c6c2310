"""Posting readings to a running service, against what the same store takes ready-made, in one run.

`civicmeter serve` in a process of its own, its ledger in SQLite; one client posts bodies of 10,000
readings one after another over one connection: a past month of 100 devices, time by time, one
reading a row, so that nothing is cheaper than what vendors send. The store alone is handed the
same readings in the same batches, in this process, ready both as columns (`write_runs`) and as
objects (`write`); the faster of the two is what counts.

Keys: `api.post_rows_per_s.<format>` and `api.post_vs_store.<format>`, its ratio to the store alone,
for `ndjson`, `csv`, `line_protocol` and `json`; `api.post_vs_store` the least of the four. The same
for InfluxDB, where it is installed, as `api.post_influx_vs_store…`. `api.post_peak_mb` is the
service's memory at its most. The median of three rounds each, in turn, is taken.
CIVICMETER_BENCH_POSTED is the number of readings of a round.
"""

import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from domain.calendar import DEFAULT_TIMEZONE
from domain.places import Carrier, Institution, Meter
from domain.readings import Reading, Run, runs_of
from domain.registry import Registry
from store.opening import open_ledger
from store.readings.influx import InfluxReadingStore
from store.readings.port import DeviceTags, ReadingStore, WriteResult
from store.readings.sqlite import SqliteReadingStore

POSTED = int(os.environ.get("CIVICMETER_BENCH_POSTED", "200000"))
BODY, ROUNDS, DEVICES = 10_000, 3, 100
QUANTITY, STEP_MS = "energy_import_kwh", 900_000
_PLACE, _CLASS = "bench", "meter"
_NAMES = [f"bench-meter-{d:03}" for d in range(DEVICES)]
_DIRECTORY = {name: DeviceTags(_CLASS, _PLACE) for name in _NAMES}
T = TypeVar("T")
Batches = Sequence[Sequence[Reading]]


def _ndjson(readings: Sequence[Reading]) -> bytes:
    return b"".join(json.dumps(_told(r)).encode() + b"\n" for r in readings)


def _json(readings: Sequence[Reading]) -> bytes:
    return json.dumps([_told(r) for r in readings]).encode()


def _told(r: Reading) -> dict[str, object]:
    return {"device": r.device, "ts": r.at_ms, "values": {r.quantity: r.value}}


def _csv(readings: Sequence[Reading]) -> bytes:
    rows = [f"{r.device},{r.at_ms},{r.quantity},{r.value!r}\n" for r in readings]
    return "".join(["device,ts,quantity,value\n", *rows]).encode()


def _lines(readings: Sequence[Reading]) -> bytes:
    return "".join(
        f"meter,device={r.device} {r.quantity}={r.value!r} {r.at_ms}000000\n" for r in readings
    ).encode()


FORMATS: dict[str, tuple[str, Callable[[Sequence[Reading]], bytes]]] = {
    "ndjson": ("application/x-ndjson", _ndjson),
    "csv": ("text/csv", _csv),
    "line_protocol": ("text/plain", _lines),
    "json": ("application/json", _json),
}


def run() -> dict[str, float]:
    """Measure; see the module's docstring."""
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        figures |= _sqlite(folder)
        figures |= _influx(folder)
    return figures


def _sqlite(folder: Path) -> dict[str, float]:
    taken: dict[str, list[float]] = {}
    peaks = []
    for k in range(ROUNDS):
        batches = _batches(k)
        for name, write in {"objects": _write, "columns": _write_runs}.items():
            store = SqliteReadingStore(folder / f"{name}-{k}.db")
            taken.setdefault(name, []).append(_alone(store, batches, write))
            store.close()
        for name in FORMATS:
            with _service(folder / f"{name}-{k}") as (port, peak_mb):
                taken.setdefault(name, []).append(_posted(port, name, batches))
                peaks.append(peak_mb())
    return {**_figures("api.post", taken), "api.post_peak_mb": max(peaks)}


def _influx(folder: Path) -> dict[str, float]:
    from tests.servers import InfluxDb, MissingPartError

    try:
        server = InfluxDb()
    except MissingPartError as missing:
        print(f"  without InfluxDB: {missing}", file=sys.stderr)
        return {}
    taken: dict[str, list[float]] = {}
    with server:
        for k in range(ROUNDS):
            batches = _batches(k)
            for name, write in {"objects": _write, "columns": _write_runs}.items():
                server.create_database(f"{name}{k}")
                store = InfluxReadingStore(server.url, "", "org", f"{name}{k}", _DIRECTORY)
                taken.setdefault(name, []).append(_alone(store, batches, write))
                store.close()
            for name in FORMATS:
                server.create_database(f"{name}{k}")
                address = f"influxdb+{server.url}/org/{name}{k}"
                with _service(folder / f"influx-{name}-{k}", address) as (port, _):
                    taken.setdefault(name, []).append(_posted(port, name, batches))
    return _figures("api.post_influx", taken)


def _figures(key: str, taken: dict[str, list[float]]) -> dict[str, float]:
    rate = {name: POSTED / statistics.median(seconds) for name, seconds in taken.items()}
    best = max(rate["objects"], rate["columns"])
    ratios = {name: rate[name] / best for name in FORMATS}
    print(
        f"  {key}: the store alone {rate['objects']:,.0f} as objects, {rate['columns']:,.0f} as "
        f"columns; {', '.join(f'{n} {rate[n]:,.0f}' for n in FORMATS)}",
        file=sys.stderr,
        flush=True,
    )
    return {
        **{f"{key}_rows_per_s.{name}": rate[name] for name in FORMATS},
        **{f"{key}_vs_store.{name}": ratio for name, ratio in ratios.items()},
        f"{key}_vs_store": min(ratios.values()),
    }


def _batches(k: int) -> Batches:
    """A past month, another for each round: what is known of one helps with none."""
    begin_ms = 1_790_000_000_000 - (k + 1) * 40 * 86_400_000 - POSTED // DEVICES * STEP_MS
    readings = [
        Reading(name, QUANTITY, begin_ms + i * STEP_MS, i * 1.37 + d)
        for i in range(POSTED // DEVICES)
        for d, name in enumerate(_NAMES)
    ]
    return [readings[i : i + BODY] for i in range(0, len(readings), BODY)]


def _alone(
    store: ReadingStore,
    batches: Batches,
    write: Callable[[ReadingStore, Batches], Callable[[], list[WriteResult]]],
) -> float:
    ready = write(store, batches)
    seconds, results = _timed(ready)
    _expect(sum(r.stored for r in results))
    return seconds


def _write(store: ReadingStore, batches: Batches) -> Callable[[], list[WriteResult]]:
    return lambda: [store.write(batch) for batch in batches]


def _write_runs(store: ReadingStore, batches: Batches) -> Callable[[], list[WriteResult]]:
    ready: list[list[Run]] = [runs_of(batch) for batch in batches]
    return lambda: [store.write_runs(runs) for runs in ready]


def _posted(port: int, name: str, batches: Batches) -> float:
    media, written = FORMATS[name]
    bodies = [written(batch) for batch in batches]
    connection = http.client.HTTPConnection("127.0.0.1", port)

    def post() -> list[int]:
        stored = []
        for body in bodies:
            connection.request("POST", "/v1/readings", body, {"Content-Type": media})
            answer = connection.getresponse()
            told = json.loads(answer.read())
            assert answer.status == 200, told
            stored.append(told["stored"])
        return stored

    seconds, stored = _timed(post)
    _expect(sum(stored))
    connection.close()
    return seconds


@contextmanager
def _service(folder: Path, store: str = "") -> Iterator[tuple[int, Callable[[], float]]]:
    """Its port, and what tells its peak of memory."""
    folder.mkdir()
    place = Institution(id=_PLACE, name_zh="bench", name_en="bench", timezone=DEFAULT_TIMEZONE)
    meters = [
        Meter(id=name, institution=_PLACE, carrier=Carrier.ELECTRICITY, register=QUANTITY)
        for name in _NAMES
    ]
    ledger = open_ledger(f"sqlite:///{folder / 'ledger.db'}")
    ledger.save_registry(Registry(institutions=(place,), devices=tuple(meters)))
    ledger.close_connections()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    command = [sys.executable, "-m", "civicmeter", "serve", "--data", str(folder)]
    command += ["--port", str(port), *(["--store", store] if store else [])]
    # Settings of the benchmarks are none of the service.
    own = {k: v for k, v in os.environ.items() if not k.startswith("CIVICMETER_")}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=own)
    try:
        _wait_for(port, process)
        yield port, lambda: _peak_mb(process.pid)
    finally:
        process.terminate()
        process.wait(20)


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise RuntimeError("the service did not start")


def _peak_mb(pid: int) -> float:
    text = Path(f"/proc/{pid}/status").read_text()
    line = next(x for x in text.splitlines() if x.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def _expect(stored: int) -> None:
    if stored != POSTED:
        raise AssertionError(f"{stored} readings were stored instead of {POSTED}")


def _timed(do: Callable[[], T]) -> tuple[float, T]:
    began = time.perf_counter()
    done = do()
    return time.perf_counter() - began, done


if __name__ == "__main__":
    print(json.dumps(run(), indent=1))
