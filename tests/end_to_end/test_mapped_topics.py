"""Who may say what by the topics of a mapping file: the broker and the collector, together."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path

from civicmeter.wiring.pipeline import tags_of
from domain.registry import Registry
from ingest.acl import mosquitto_acl
from ingest.live.collector import Collector
from ingest.mapping import Mapping
from ingest.settings import CollectorSettings
from store.ledger.sql.ledger import SqlLedger
from store.readings.sqlite import SqliteReadingStore
from tests.end_to_end.ingest_parts import QUANTITY, T0, registry, stored, until
from tests.end_to_end.test_ingest_operation import publish_as
from tests.real_parts import part
from tests.servers import Mosquitto, free_port

MAPPINGS = (
    Mapping(topic="vendor/+/upload", format="gateway", account="{1}"),
    Mapping(topic="line7", format="gateway", account="v2"),
)


def listed() -> Registry:
    """m0 speaks through v1, m1 through v2."""
    known = registry(2)
    owners = zip(known.devices, ("v1", "v2"), strict=True)
    return replace(known, devices=tuple(replace(d, gateway=g) for d, g in owners)).check()


def said(device: str, at_ms: int, value: float) -> bytes:
    return json.dumps({device: [{"ts": at_ms, "values": {QUANTITY: value}}]}).encode()


def test_a_vendor_speaks_by_its_own_topic_for_its_own_devices(
    tmp_path: Path, store: SqliteReadingStore, ledger: SqlLedger
) -> None:
    acl, passwords = tmp_path / "acl", tmp_path / "passwords"
    acl.write_text(mosquitto_acl(listed(), mappings=MAPPINGS), encoding="utf-8")
    passwords.write_text("collector:c\nv1:p\nv2:p\nm0:p\n")
    subprocess.run(["mosquitto_passwd", "-U", str(passwords)], check=True)
    for file in (acl, passwords):
        file.chmod(0o644)
    config = (
        f"listener {(port := free_port())} 127.0.0.1\nper_listener_settings false\n"
        f"allow_anonymous false\nacl_file {acl}\npassword_file {passwords}"
    )
    own = CollectorSettings(
        mqtt=f"mqtt://127.0.0.1:{port}",
        username="collector",
        password="c",
        mappings=MAPPINGS,
    )
    with part(lambda: Mosquitto(config)):
        collector = Collector(own, store, ledger, dict(tags_of(listed())))
        collector.start()
        try:
            for account, topic, payload in (
                ("v1", "vendor/v1/upload", said("m0", T0, 1.0)),  # stored
                ("v1", "vendor/v1/upload", said("m1", T0, 666.0)),  # another's: kept aside
                ("v1", "vendor/v2/upload", said("m1", T0, 666.0)),  # these never come
                ("v1", "line7", said("m1", T0, 666.0)),
                ("v1", "civicmeter/v1/gateway/v2/telemetry", said("m1", T0, 666.0)),
                ("m0", "vendor/v1/upload", said("m0", T0, 666.0)),  # a device behind a gateway
                ("m0", "civicmeter/v1/m0/telemetry", b'{"ts":1,"values":{}}'),
                ("v2", "line7", said("m1", T0, 2.0)),  # stored
            ):
                publish_as(port, account, "p", topic, payload)
            until(lambda: collector.counters().stored == 2)
            assert collector.wait_idle(10)
            counts = collector.counters()
        finally:
            collector.stop()
    assert (counts.received, counts.rejected) == (3, {"foreign_device": 1})
    assert [(r.device, r.value) for r in stored(store, 2)] == [("m0", 1.0), ("m1", 2.0)]
    (entry,) = ledger.aside()
    assert (entry.source, entry.device) == ("vendor/v1/upload", "m1")
