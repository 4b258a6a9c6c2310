"""How long `civicmeter collect` takes from its start to the first reading in the store."""

import os
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.ingest_consumers import QUANTITY, directory
from domain.calendar import DEFAULT_TIMEZONE
from domain.places import Carrier, Institution, Meter
from domain.registry import Registry
from store.opening import open_ledger
from tests.servers import InfluxDb

_AT_MOST_S = 60.0


def prepare(folder: Path) -> None:
    """A ledger in the data folder that knows the benchmark's devices."""
    place = Institution(id="bench", name_zh="bench", name_en="bench", timezone=DEFAULT_TIMEZONE)
    meters = (
        Meter(id=d, institution="bench", carrier=Carrier.ELECTRICITY, register=QUANTITY)
        for d in directory()
    )
    folder.mkdir()
    ledger = open_ledger(f"sqlite:///{folder / 'ledger.db'}")
    ledger.save_registry(Registry(institutions=(place,), devices=tuple(meters)))
    ledger.close_connections()


def first_stored_s(
    folder: Path, mqtt: str, client_id: str, influxdb: InfluxDb, bucket: str
) -> float:
    """Start the command on a session in which readings wait, and ask InfluxDB until one is there."""
    command = [sys.executable, "-m", "civicmeter", "collect", "--data", str(folder)]
    command += ["--mqtt", mqtt, "--client-id", client_id]
    command += ["--store", f"influxdb+{influxdb.url}/org/{bucket}"]
    # As it is installed: compiled once, and not at every start.
    own = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    quiet = subprocess.DEVNULL
    began = time.perf_counter()
    collector = subprocess.Popen(command, stdout=quiet, stderr=quiet, env=own)
    try:
        while '"values"' not in influxdb.query(f"SELECT count({QUANTITY}) FROM meter", bucket):
            if collector.poll() is not None or time.perf_counter() - began > _AT_MOST_S:
                raise RuntimeError(f"nothing was stored: {' '.join(command)}")
            time.sleep(0.005)
        return time.perf_counter() - began
    finally:
        collector.terminate()
        collector.wait()
