"""The simulated city against the embedded store, and the province's memory.

Keys: `simulate.readings_per_s` from load model to encoded MQTT payloads of the city scenario,
before the network; `simulate.store_per_s` what the embedded store takes of the same readings in
the same run; `simulate.vs_store` their ratio; `simulate.arrays_vs_store` the ratio without
encoding; `simulate.publish_per_s` acknowledged readings per second of the demo into the embedded
broker (QoS 1, evidence written too); `simulate.province_mb` peak memory of a process that
generates and encodes the province's first 1,500 institutions with their truth;
`simulate.province_growth_mb` how much of it came after the first 500.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from civicmeter.demo.embedded_broker import embedded_broker
from domain.calendar import to_ms
from domain.readings import Reading
from simulators.devices.block import Block
from simulators.scenarios import scenario
from simulators.scenarios.timeline import Timeline
from simulators.sending.publish import Publisher
from simulators.sending.run import Run
from store.readings.sqlite import SqliteReadingStore

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
ROUNDS, SITES = 3, 60
BATCH = 20_000


def run() -> dict[str, float]:
    """Measure, and say the figures."""
    return {**_against_store(), **_published(), **_province()}


def _against_store() -> dict[str, float]:
    """Rounds of generating and of storing alternate, so that both meet the same machine."""
    city = scenario("city", NOW)
    list(islice(Timeline(city).backfill(), 3))  # imports and caches
    made_s = encoded_s = stored_s = 0.0
    readings = stored = 0
    with tempfile.TemporaryDirectory() as folder:
        for number in range(ROUNDS):
            start = time.perf_counter()
            pieces = list(islice(Timeline(city).backfill(), SITES))
            made_s += time.perf_counter() - start
            blocks = [(p.site, b) for p in pieces for b in p.blocks]
            start = time.perf_counter()
            for site, block in blocks:
                for _ in site.messages(block):
                    pass
            encoded_s += time.perf_counter() - start
            readings += sum(b.readings for _, b in blocks)
            store = SqliteReadingStore(Path(folder) / f"{number}.db")
            batches = _batches([b for _, b in blocks])
            start = time.perf_counter()
            for batch in batches:
                stored += store.write(batch).stored
            stored_s += time.perf_counter() - start
            store.close()
    assert stored == readings, f"{stored} of {readings} stored"
    per_s, store_per_s = readings / (made_s + encoded_s), stored / stored_s
    return {
        "simulate.readings_per_s": per_s,
        "simulate.store_per_s": store_per_s,
        "simulate.vs_store": per_s / store_per_s,
        "simulate.arrays_vs_store": readings / made_s / store_per_s,
    }


def _batches(blocks: list[Block]) -> list[list[Reading]]:
    rows = [
        Reading(block.device, quantity, at, value)
        for block in blocks
        for column, quantity in enumerate(block.quantities)
        for at, value in zip(block.at_ms.tolist(), block.values[:, column].tolist(), strict=True)
        if value == value
    ]
    return [rows[i : i + BATCH] for i in range(0, len(rows), BATCH)]


def _published() -> dict[str, float]:
    with (
        tempfile.TemporaryDirectory() as folder,
        embedded_broker() as broker,
        Publisher(broker.host, broker.port, client_id="bench-simulate") as publisher,
    ):
        demo = Run(scenario("demo", NOW), publisher, Path(folder))
        start = time.perf_counter()
        sent = demo.backfill(lambda *_: None)
        return {"simulate.publish_per_s": sent / (time.perf_counter() - start)}


_CHILD = """
import json
from benchmarks.bench_simulate import province_memory
print(json.dumps(province_memory()))
"""


def _province() -> dict[str, float]:
    child = subprocess.run([sys.executable, "-c", _CHILD], stdout=subprocess.PIPE, check=True)
    figures: dict[str, float] = json.loads(child.stdout)
    return figures


def province_memory() -> dict[str, float]:
    """Peak memory in MB of this process after 500 and after 1,500 institutions."""
    early, peak, _ = generate_province(500, 1_500)
    return {"simulate.province_mb": peak, "simulate.province_growth_mb": peak - early}


def generate_province(
    early: int,
    most: int,
    hours: float | None = None,
    told: Callable[[int, int], None] | None = None,
) -> tuple[float, float, int]:
    """Make a month of the province's first `most` institutions and its truth, with the messages
    of all of it or of its first `hours`: this process's peak memory in MB after the first
    `early` and after all of them, and how many readings the messages held.

    `told` is called with institutions and readings so far after every thousandth.
    """
    from simulators.truth.truth_book import TruthBook

    early_mb, readings = 0.0, 0
    with tempfile.TemporaryDirectory() as folder:
        with TruthBook(Path(folder)) as truth:
            pieces = Timeline(scenario("province", NOW)).backfill()
            for number, piece in enumerate(islice(pieces, most), 1):
                truth.add(piece.truth)
                end_ms = to_ms(piece.month.interval(piece.site.timezone)[0])
                end_ms += round((hours or 24 * 31) * 3_600_000)
                parts = (block.split(end_ms)[0] for block in piece.blocks)
                for block in (p for p in parts if len(p.at_ms)):
                    for message in piece.site.messages(block):
                        readings += message.readings
                if number == early:
                    early_mb = _peak_mb()
                if told is not None and number % 1_000 == 0:
                    told(number, readings)
        truth.finish({})
    return early_mb, _peak_mb(), readings


def _peak_mb() -> float:
    # Not getrusage: its maximum counts what the parent had before this program began.
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1e3
