"""Makes the ledger that a version leaves behind: run once when a version is released, from there.

    python -m tests.released.make tests/released/0.1.0.sql.xz

Three months of a contract, settled; the first is restated and waived, the second statement takes it
back; both sides sign. What is there is never made anew: later versions have to read it as it is.
"""

import lzma
import sqlite3
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from civicmeter.wiring.issuing import issue
from civicmeter.wiring.pipeline import open_pipeline
from config.settings import Settings
from domain.calendar import Month
from domain.closing import Waiver
from domain.registry import Registry
from tests.unit.civicmeter.commands.test_contract import CONTRACT, PLACE, _result

MONTHS = [Month(2025, 1), Month(2025, 2), Month(2025, 3)]


def make(out: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        with open_pipeline(Settings(data=Path(folder))) as pipeline:
            ledger = pipeline.ledger
            pipeline.save_registry(Registry((PLACE,), (), (), (CONTRACT,)))
            for month, kwh in zip(MONTHS, (4_000.0, 2_000.0, -500.0), strict=True):
                ledger.save_result(_result(month, kwh))
                ledger.close("hall", month, signed_by="Li")
            issue(pipeline, "retrofit", MONTHS[0], "Li Wei")
            at = datetime(2025, 2, 3, 8, 0, tzinfo=UTC)
            waived = {"institution": "hall", "month": MONTHS[0], "code": "incomplete"}
            ledger.waive([Waiver(**waived, by="王芳", reason="停电", at=at)])
            ledger.save_result(_result(MONTHS[0], 3_600.0))
            ledger.close("hall", MONTHS[0], signed_by="Li", reason="late readings")
            for month in MONTHS[1:]:
                issue(pipeline, "retrofit", month, "Li Wei")
            for side, by in (("owner", "王芳"), ("vendor", "Cao Jun")):
                ledger.sign_statement("retrofit", MONTHS[0], 1, side=side, by=by)
        with sqlite3.connect(Path(folder) / "ledger.db") as kept:
            text = "\n".join(kept.iterdump())
    out.write_bytes(lzma.compress(text.encode()))


if __name__ == "__main__":
    make(Path(sys.argv[1]))
