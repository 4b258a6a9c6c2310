"""What starting a collector loads: every process of a share group pays for it."""

import subprocess
import sys

import pytest

_HEAVY = ("pandas", "scipy", "pvlib", "processing", "api", "reports", "pyarrow", "psycopg")


@pytest.mark.parametrize(
    "modules",
    [
        "ingest.live.collector",
        # All that `civicmeter collect` takes, with several processes and metrics.
        "civicmeter.cli, civicmeter.commands.collect, civicmeter.wiring.collecting,"
        " civicmeter.wiring.collector_processes, ingest.logs, prometheus_client,"
        " store.readings.sqlite, store.ledger.sql.ledger",
        "store.readings.influx",
    ],
)
def test_a_collector_loads_neither_pandas_nor_the_savings_engine(modules: str) -> None:
    program = (
        f"import sys, {modules}\n"
        f"print(sorted({{m.partition('.')[0] for m in sys.modules}} & set({_HEAVY})))"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (said.stdout.strip(), said.stderr) == ("[]", "")


def test_nor_does_one_that_stores_late_readings(tmp_path: object) -> None:
    """From opening the stores to the note in the ledger."""
    program = f"""
import sys
from pathlib import Path
from civicmeter.wiring.pipeline import open_pipeline
from config.settings import Settings
from domain.readings import Run
with open_pipeline(Settings(data=Path({str(tmp_path)!r}))) as pipeline:
    assert pipeline.store.write_runs([Run("m", "water_m3", [1_700_000_000_000], [5.0])]).stored == 1
    assert len(pipeline.ledger.late()) == 1
print(sorted({{m.partition('.')[0] for m in sys.modules}} & set({_HEAVY})))
"""
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (said.stdout.strip(), said.stderr) == ("[]", "")
