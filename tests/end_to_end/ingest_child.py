"""A collector in a process of its own, for tests that kill it.

``python -m tests.end_to_end.ingest_child MQTT_URL CLIENT_ID STORE_URL LEDGER_URL SERIES
[SPOOL_FOLDER]``, in the root of the tree, prints ``collecting``, then ``RECEIVED UNACKNOWLEDGED SPOOLED`` whenever these have changed.
"""

import sys
import time
from pathlib import Path

from ingest.live.collector import Collector, system_ms
from ingest.settings import CollectorSettings
from store.late_readings import NotingStore
from store.opening import open_ledger, open_reading_store
from tests.end_to_end.ingest_parts import devices

if __name__ == "__main__":
    mqtt, client_id, store_url, ledger_url, series, *spool = sys.argv[1:]
    known = devices(int(series))
    settings = CollectorSettings(
        mqtt=mqtt,
        client_id=client_id,
        batch_messages=200,
        retry_min_s=0.05,
        retry_max_s=0.5,
        spool=Path(spool[0]) if spool else None,
        spool_bytes=10 << 20,
        receive_maximum=20 if spool else 0,
    )
    ledger = open_ledger(ledger_url)
    store = NotingStore(open_reading_store(store_url, known), ledger, system_ms)
    collector = Collector(settings, store, ledger, known)
    collector.start()
    print("collecting", flush=True)
    before = None
    while collector.failure is None:
        counts = collector.counters()
        now = (counts.received, counts.unacknowledged, counts.spooled_messages)
        if now != before and spool:
            print(*now, flush=True)
            before = now
        time.sleep(0.01)
    sys.exit(str(collector.failure))
