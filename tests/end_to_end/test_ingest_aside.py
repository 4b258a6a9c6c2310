"""Kept aside, waiting, mended, ingested: nothing a device sent is lost."""

import contextlib
import io
import json
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from civicmeter.cli import main
from civicmeter.wiring.pipeline import Pipeline, open_pipeline
from config.limits import TIME_LIMITS
from config.settings import Settings
from domain.calendar import to_ms
from domain.judge import Judge
from domain.places import Bin, Meter, PvSystem, WeatherStation
from domain.readings import Reading, Series
from ingest.live.collector import Collector
from ingest.mapping import read_mappings
from ingest.messages.batch import decode_messages, keep_batch, once, sort_batch, write_batch
from ingest.messages.message import Message
from ingest.messages.router import Router
from ingest.settings import CollectorSettings
from tests.end_to_end.ingest_parts import (
    QUANTITY,
    T0,
    aside_codes,
    native,
    readings,
    registry,
    sending,
    stored,
    until,
)
from tests.paths import ROOT
from tests.servers import Mosquitto

PAYLOADS = ROOT / "tests" / "payloads"
NOW = T0 + 10**9


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def pipeline(folder: Path) -> Iterator[Pipeline]:
    with open_pipeline(Settings(data=folder)) as opened:
        opened.save_registry(registry(5))
        yield opened


def take(pipeline: Pipeline, *messages: tuple[str, bytes], router: Router | None = None) -> None:
    """What the collector does with a batch."""
    came = [Message(1, i, 1, topic, payload, NOW) for i, (topic, payload) in enumerate(messages)]
    decoded = decode_messages(came, router or Router(), 1 << 20)
    batch = sort_batch(decoded, Judge(pipeline.directory, TIME_LIMITS, NOW))
    write_batch(batch, pipeline.store, once)
    keep_batch(batch, pipeline.ledger, once)


def run(folder: Path, *arguments: str, code: int = 0) -> str:
    """`civicmeter` with its exit code; gives what it printed."""
    command = list(arguments)
    if arguments[:2] != ("ingest", "check"):
        command += ["--data", str(folder)]
    printed = io.StringIO()
    with (
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
        pytest.raises(SystemExit) as ended,
    ):
        main(command)
    assert (ended.value.code or 0) == code, printed.getvalue()
    return printed.getvalue()


def test_check_shows_what_samples_become() -> None:
    shown = run(
        Path(),
        "ingest",
        "check",
        str(PAYLOADS / "tasmota/mapping.toml"),
        "--sample",
        str(PAYLOADS / "tasmota/good-one-phase.toml"),
    )
    assert "plug7  energy_import_kwh = 514.153 kWh  at 2023-05-19T12:52:56+00:00" in shown
    assert "no readings: " in shown
    assert "1 messages, 5 readings, 0 kept aside" in shown


def test_check_fails_when_something_would_be_lost(tmp_path: Path) -> None:
    lines = tmp_path / "sample.txt"
    lines.write_bytes(
        b'senml/x [{"bn":"m1","n":"power","u":"W","v":7},{"n":"humidity","v":1}]\n'
        b"senml/x hex:ff00\n\nelsewhere 7\n"
    )
    mapping = str(PAYLOADS / "senml/mapping.toml")
    shown = run(Path(), "ingest", "check", mapping, "--sample", str(lines), code=1)
    assert "m1  power_w = 7 W  at on arrival" in shown
    assert "unmapped_name" in shown
    assert "bad_json" in shown
    assert "unmapped_topic" in shown
    assert "3 messages, 1 readings, 3 kept aside" in shown
    missing = run(Path(), "ingest", "check", "no.toml", "--sample", str(lines), code=2)
    assert "cannot be read" in missing


@pytest.mark.parametrize("text", ["sparkplug", "shelly"])
def test_check_takes_the_projects_own_recordings(text: str) -> None:
    folder = PAYLOADS / text
    shown = run(
        Path(), "ingest", "check", str(folder / "mapping.toml"), "--sample", str(folder), code=1
    )
    assert "kept aside" in shown


def test_a_mended_mapping_brings_back_what_was_kept(pipeline: Pipeline, folder: Path) -> None:
    before = folder / "before.toml"
    before.write_text('[[mapping]]\ntopic = "neuron/#"\nformat = "neuron"\n', encoding="utf-8")
    mended = folder / "mended.toml"
    mended.write_text(
        before.read_text() + '[mapping.devices]\nplc = "m1"\n'
        f'[mapping.fields]\ntag0 = "{QUANTITY}"\n',
        encoding="utf-8",
    )
    router = Router(read_mappings(before))
    for i in range(3):
        said = {"timestamp": T0 + i, "node": "plc", "group": "g", "values": {"tag0": i}}
        take(pipeline, ("neuron/a", json.dumps(said).encode()), router=router)
    take(pipeline, ("civicmeter/v1/m1/telemetry", b"{"))
    assert aside_codes(pipeline.ledger) == {"unmapped_name": 3, "bad_json": 1}
    listed = run(folder, "ingest", "dead-letters", "list", "--lang", "zh")
    assert "3 × unmapped_name (映射文件中没有该名称)" in listed
    assert "2 groups, 4 messages kept whole" in listed
    # Without the mended mapping nothing changes.
    same = run(folder, "ingest", "dead-letters", "replay", "--mapping", str(before))
    assert "0 messages mended" in same
    done = run(folder, "ingest", "dead-letters", "replay", "--mapping", str(mended))
    assert "3 messages mended: 3 readings stored, 0 were there already" in done
    assert "1 stay: bad_json" in done
    assert stored(pipeline.store) == [Reading("m1", QUANTITY, T0 + i, float(i)) for i in range(3)]
    assert aside_codes(pipeline.ledger) == {"bad_json": 1}
    refused = run(folder, "ingest", "dead-letters", "purge", code=2)
    assert "--all" in refused
    purged = run(folder, "ingest", "dead-letters", "purge", "--code", "bad_json")
    assert "forgot 1 groups and 1 messages" in purged
    assert pipeline.ledger.aside() == []
    assert pipeline.ledger.count_kept() == 0


def test_a_waiting_meter_is_accepted_with_all_it_sent(pipeline: Pipeline, folder: Path) -> None:
    sent = [Reading("new meter 1", QUANTITY, T0 + i * 1000, i * 1.25) for i in range(100)]
    for r in sent:
        take(pipeline, ("civicmeter/v1/gateway/g/telemetry", gateway_of(r)))
    take(pipeline, native(sent[0]._replace(device="other")))
    shown = run(folder, "ingest", "waiting", "list")
    assert "new meter 1  100 readings" in shown
    assert QUANTITY in shown
    assert "2 devices wait" in shown
    no_place = run(folder, "ingest", "waiting", "accept", "new meter 1", code=2)
    assert "--institution" in no_place
    done = run(folder, "ingest", "waiting", "accept", "new meter 1", "--institution", "school")
    assert "registered as a meter of school" in done
    assert "100 readings stored that had waited" in done
    device = pipeline.ledger.registry().device_by_id["new meter 1"]
    assert isinstance(device, Meter)
    assert device.register == QUANTITY
    found = pipeline.store.latest([Series("new meter 1", QUANTITY)])
    assert list(found.value) == [sent[-1].value]
    assert aside_codes(pipeline.ledger) == {"unknown_device": 1}
    wrong = run(folder, "ingest", "waiting", "accept", "other", "--institution", "nowhere", code=2)
    assert "nowhere" in wrong


def gateway_of(reading: Reading) -> bytes:
    item = {"ts": reading.at_ms, "values": {reading.quantity: reading.value}}
    return json.dumps({reading.device: [item]}).encode()


@pytest.mark.parametrize(
    ("said", "options", "kind"),
    [
        ({"mass_kg": 5, "fill_level_ratio": 0.2}, ["--stream", "food"], Bin),
        ({"pv_energy_kwh": 5, "pv_power_w": 100}, ["--capacity-kwp", "20"], PvSystem),
        ({"outdoor_temperature_c": 5}, [], WeatherStation),
        ({"power_w": 5}, ["--like", "m1"], Meter),
    ],
)
def test_other_kinds_of_devices_are_accepted(
    pipeline: Pipeline, folder: Path, said: dict[str, float], options: list[str], kind: type
) -> None:
    payload = json.dumps({"ts": T0, "values": said}).encode()
    take(pipeline, ("civicmeter/v1/x/telemetry", payload))
    done = run(folder, "ingest", "waiting", "accept", "x", "--institution", "school", *options)
    assert f"{len(said)} readings stored that had waited" in done
    assert type(pipeline.ledger.registry().device_by_id["x"]) is kind


def test_an_unclear_device_is_asked_about(pipeline: Pipeline, folder: Path) -> None:
    take(
        pipeline, ("civicmeter/v1/x/telemetry", b'{"ts": 1700000000000, "values": {"power_w": 1}}')
    )
    asked = run(folder, "ingest", "waiting", "accept", "x", "--institution", "school", code=2)
    assert "--like" in asked


def test_a_device_registered_while_collecting_gets_what_had_waited(
    pipeline: Pipeline, mosquitto: Mosquitto
) -> None:
    settings = replace(
        CollectorSettings(),
        mqtt=f"mqtt://{mosquitto.host}:{mosquitto.port}",
        client_id=f"test-{uuid.uuid4().hex}",
        registry_refresh_s=0.1,
        unknown_refresh_s=0.1,
    )
    sent = [r._replace(device="late") for r in readings(50, series=1)]
    collector = Collector(
        settings, pipeline.store, pipeline.ledger, pipeline.directory, pipeline.refresh
    )
    collector.start()
    try:
        with sending(mosquitto.host, mosquitto.port) as sender:
            for r in sent:
                sender.send(*native(r))
            until(lambda: aside_codes(pipeline.ledger).get("unknown_device") == 50)
        one = replace(registry(1).devices[0], id="late")
        pipeline.ledger.save_registry(replace(registry(0), devices=(one,)))
        until(lambda: collector.counters().stored == 50)
    finally:
        collector.stop()
    until(lambda: aside_codes(pipeline.ledger) == {})
    found = pipeline.store.latest([Series("late", QUANTITY)])
    assert list(found.value) == [sent[-1].value]


def test_collect_command_stores_and_leaves_when_told(
    pipeline: Pipeline, folder: Path, mosquitto: Mosquitto
) -> None:
    url = f"mqtt://{mosquitto.host}:{mosquitto.port}"
    now_ms = to_ms(datetime.now(UTC))
    sent = [Reading("m0", QUANTITY, now_ms - 1000 * i, 5000.0 - i) for i in range(20)]
    command = [
        sys.executable,
        "-m",
        "civicmeter",
        "collect",
        "--mqtt",
        url,
        "--data",
        str(folder),
        "--client-id",
        f"test-{uuid.uuid4().hex}",
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert "Collecting from" in process.stdout.readline()
        with sending(mosquitto.host, mosquitto.port) as sender:
            for r in sent:
                sender.send(*native(r))
            sender.wait()
        until(lambda: len(pipeline.store.series()) == 1)
        time.sleep(0.3)
        process.terminate()
        said, _ = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 0
    assert "stored 20, repeated 0, kept aside 0 from 20 messages" in said
