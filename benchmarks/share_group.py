"""Collectors of one share group, each in a process: ``python -m benchmarks.share_group JOB``.

Prints the seconds from the moment all are ready to connect until all readings are stored.
"""

import json
import multiprocessing
import sys
import time
from typing import Any

from benchmarks.ingest_consumers import directory


def _collect(job: dict[str, Any], client_id: str, ready: Any, go: Any, stored: Any) -> None:
    from ingest.live.collector import Collector, system_ms
    from ingest.settings import CollectorSettings
    from store.late_readings import NotingStore
    from store.opening import open_ledger, open_reading_store

    known = directory()
    settings = CollectorSettings(
        mqtt=f"mqtt://127.0.0.1:{job['port']}", client_id=client_id, share_group=job["group"]
    )
    ledger = open_ledger(job["ledger"])
    store = NotingStore(open_reading_store(job["store"], known), ledger, system_ms)
    collecting = Collector(settings, store, ledger, known)
    ready.release()
    go.wait()
    collecting.start()
    while not go.is_set() or stored["ended"].value == 0:
        stored[client_id].value = collecting.counters().stored
        time.sleep(0.005)
    collecting.stop()


def main() -> None:
    job = json.loads(sys.argv[1])
    context = multiprocessing.get_context("spawn")
    ready, go = context.Semaphore(0), context.Event()
    stored = {c: context.Value("q", 0) for c in (*job["client_ids"], "ended")}
    children = [
        context.Process(target=_collect, args=(job, c, ready, go, stored))
        for c in job["client_ids"]
    ]
    for child in children:
        child.start()
    for _ in children:
        ready.acquire()
    began = time.perf_counter()
    go.set()
    while sum(stored[c].value for c in job["client_ids"]) < job["readings"]:
        if time.perf_counter() - began > 300:
            sys.exit("not all was stored")
        time.sleep(0.005)
    seconds = time.perf_counter() - began
    stored["ended"].value = 1
    for child in children:
        child.join()
    print(json.dumps({"seconds": seconds}))


if __name__ == "__main__":
    main()
