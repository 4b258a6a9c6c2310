"""Gateways that speak while the registry names that of no device: warned of, each once."""

import threading
from pathlib import Path
from typing import Any

from civicmeter.wiring.pipeline import tags_of
from ingest.live.batch_storing import BatchStoring
from ingest.live.births import BirthKeeping
from ingest.live.clock import Clock
from ingest.live.counters import Counters
from ingest.messages.batch import decode_messages, once
from ingest.messages.router import Router
from ingest.settings import CollectorSettings
from store.ledger.sql.ledger import SqlLedger
from store.readings.sqlite import SqliteReadingStore
from tests.unit.ingest.messages.test_gateways import LISTED, NOW, OURS, meter, registry, said


def test_each_is_warned_of_once_and_not_where_they_are_listed(tmp_path: Path, caplog: Any) -> None:
    store = SqliteReadingStore(tmp_path / "readings.db")
    ledger = SqlLedger(f"sqlite:///{tmp_path / 'ledger.db'}")
    router, counters = Router(), Counters()
    devices = dict(tags_of(registry(meter("a"), meter("b"))))
    storing = BatchStoring(
        CollectorSettings(),
        store,
        ledger,
        devices,
        lambda: None,
        router,
        counters,
        Clock(lambda: NOW, 600_000),
        BirthKeeping(router, ledger, lambda topic, payload: True),
        threading.Event(),
    )

    def hear(topic: str) -> int:
        storing.store(decode_messages([said(topic, "a")], router, 1 << 20), once)
        return counters.snapshot().unlisted_gateways

    def warnings() -> int:
        return sum("names the gateway of no device" in r.message for r in caplog.records)

    assert [hear(OURS), hear(OURS)] == [1, 1]
    assert warnings() == 1
    assert hear(OURS.replace("g1", "g2")) == 2
    assert warnings() == 2
    for number in range(300):
        hear(OURS.replace("g1", f"made-up-{number}"))
    assert counters.snapshot().unlisted_gateways == 100, "bounded"
    devices.update(tags_of(LISTED))
    assert hear(OURS) == 0
    store.close()
    ledger.close_connections()
