"""A collector that stops for ever just before or just after it stores, to be killed there.

``python -m tests.end_to_end.ingest_dying MQTT_URL CLIENT_ID STORE_URL LEDGER_URL ARRIVALS before|after``
"""

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from domain.readings import Run
from ingest.live.collector import Collector
from ingest.mapping import Field, Mapping
from ingest.settings import CollectorSettings
from store.opening import open_ledger, open_reading_store
from store.readings.port import WriteResult
from tests.end_to_end.ingest_parts import devices

MAPPINGS = (
    Mapping(
        topic="+/sensor/+/state",
        format="esphome",
        device="{0}",
        fields={"energy": Field("energy_import_kwh")},
    ),
    Mapping(
        topic="senml/+",
        format="senml",
        device="{1}",
        fields={"energy": Field("energy_import_kwh")},
    ),
    Mapping(
        topic="spBv1.0/+/+/+/#",
        format="sparkplug",
        device="m0",
        fields={"energy": Field("energy_import_kwh")},
    ),
)


class _Stopping:
    """A store that comes so far and no further."""

    def __init__(self, store: Any, when: str) -> None:
        self._store = store
        self._when = when

    def write_runs(self, runs: Sequence[Run]) -> WriteResult:
        if self._when == "after":
            self._store.write_runs(runs)
        print("stopped", flush=True)
        time.sleep(600)
        raise AssertionError("nobody killed it")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


if __name__ == "__main__":
    mqtt, client_id, store_url, ledger_url, arrivals, when = sys.argv[1:]
    known = devices(3)
    settings = CollectorSettings(
        mqtt=mqtt, client_id=client_id, mappings=MAPPINGS, arrivals=Path(arrivals)
    )
    store = _Stopping(open_reading_store(store_url, known), when)
    Collector(settings, store, open_ledger(ledger_url), known).start()  # type: ignore[arg-type]
    print("collecting", flush=True)
    time.sleep(600)
