"""A collector in a process of its own, for tests that kill it.

``python ingest_child.py MQTT_URL CLIENT_ID STORE_URL LEDGER_URL SERIES``
"""

import sys
import time

from ingest_parts import devices

from ingest.collector import Collector
from ingest.settings import CollectorSettings
from store.opening import open_ledger, open_reading_store

if __name__ == "__main__":
    mqtt, client_id, store_url, ledger_url, series = sys.argv[1:]
    known = devices(int(series))
    settings = CollectorSettings(
        mqtt=mqtt, client_id=client_id, batch_messages=200, retry_min_s=0.05, retry_max_s=0.5
    )
    store = open_reading_store(store_url, known)
    collector = Collector(settings, store, open_ledger(ledger_url), known)
    collector.start()
    print("collecting", flush=True)
    while collector.failure is None:
        time.sleep(0.1)
    sys.exit(str(collector.failure))
