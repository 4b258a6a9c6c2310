import socket
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from api.app import create_app
from civicmeter.cli import main
from civicmeter.commands.doctor import due_soon, examine, told_by_service
from civicmeter.wiring.pipeline import open_pipeline
from civicmeter.wiring.ports import free_port
from civicmeter.wiring.serving import serving
from config.settings import Settings
from domain.places import Carrier, Institution, Meter
from domain.registry import Registry
from ingest.checks import Check
from tests.contract.test_influx_refusals import NO_WRITING
from tests.contract.test_influx_store import server

REGISTRY = Registry(
    institutions=(Institution("hall", "大厅", "Hall"),),
    devices=(Meter(id="m1", institution="hall", carrier=Carrier.WATER, register="water_m3"),),
)


def settings_of(tmp_path: Path, port: int) -> Settings:
    return Settings(data=tmp_path, mqtt=f"mqtt://127.0.0.1:{port}", http_port=free_port())


def wrong(checks: list[Check]) -> list[str]:
    return [c.name for c in checks if not c.well]


def test_a_sound_installation_has_nothing_to_look_at(tmp_path: Path, mosquitto: Any) -> None:
    settings = settings_of(tmp_path, mosquitto.port)
    with open_pipeline(settings) as pipeline:
        pipeline.save_registry(REGISTRY)
    assert wrong(examine(settings)) == []


def test_each_usual_mistake_is_found_and_says_what_to_do(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        checks = examine(
            Settings(data=tmp_path, mqtt=f"mqtt://127.0.0.1:{free_port()}", http_port=port)
        )
    assert wrong(checks) == ["broker", "ledger", "http port"]
    assert all(c.advice for c in checks if not c.well)


def test_the_command_says_it_and_exits_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CIVICMETER_MQTT", f"mqtt://127.0.0.1:{free_port()}")
    monkeypatch.setenv("CIVICMETER_HTTP_PORT", str(free_port()))
    with pytest.raises(SystemExit) as end:
        main(["doctor", "--data", str(tmp_path)])
    assert end.value.code == 1
    out = capsys.readouterr().out
    assert "registry import" in out and "start it" in out


def test_tables_that_end_soon_are_warned_of_and_are_not_wrong(
    tmp_path: Path,
    mosquitto: Any,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = settings_of(tmp_path, mosquitto.port)
    assert due_soon(settings, date(2026, 11, 26)) == []
    dongying = replace(REGISTRY.institutions[0], district_code="370502")
    with open_pipeline(settings) as pipeline:
        pipeline.save_registry(replace(REGISTRY, institutions=(dongying,)))
    found = [c.found for c in due_soon(settings, date(2026, 11, 26))]
    assert len(found) == 3
    assert "2025-01-01" in found[0] and "2025-01-01" in found[1]
    assert found[2] == "working days of calendar 'cn': ends on 2027-01-01"
    assert all(c.advice for c in due_soon(settings, date(2026, 11, 26)))
    (well,) = due_soon(settings, date(2024, 9, 1))
    assert well.well and "90 days" in well.found
    monkeypatch.setenv("CIVICMETER_MQTT", settings.mqtt)
    monkeypatch.setenv("CIVICMETER_HTTP_PORT", str(settings.http_port))
    with pytest.raises(SystemExit) as end:
        main(["doctor", "--data", str(tmp_path)])
    assert end.value.code == 0
    assert "!   tables" in capsys.readouterr().out


def test_a_store_that_can_be_read_but_not_written_is_found(
    tmp_path: Path, newer_influx_url: str, influx_bucket: str, mosquitto: Any
) -> None:
    """As with a token for reading: the doctor writes a point, and says what the store said."""

    def refuse(path: str, body: bytes) -> tuple[int, object]:
        return (200, None) if path == "/query" else NO_WRITING

    own = settings_of(tmp_path, mosquitto.port)
    with open_pipeline(own) as pipeline:
        pipeline.save_registry(REGISTRY)
    good = replace(own, store=f"influxdb+{newer_influx_url}/org/{influx_bucket}")
    (check,) = (c for c in examine(good) if c.name == "store")
    assert check.well and "takes a point and gives it back" in check.found
    with server(refuse) as (url, _):
        (check,) = (
            c for c in examine(replace(own, store=f"influxdb+{url}/org/b")) if c.name == "store"
        )
    assert "the token may not write to the bucket" in check.advice


@pytest.mark.parametrize("ready", [True, False])
def test_what_the_running_collector_says_is_told(tmp_path: Path, ready: bool) -> None:
    settings = settings_of(tmp_path, free_port())
    assert told_by_service(settings) == []
    states = {"unlisted_gateways": 3, "clock_ahead_s": 86_400}
    for counts, names in ((states, ["gateways", "clock"]), (dict.fromkeys(states, 0), [])):
        with open_pipeline(settings) as pipeline:
            app = create_app(
                store=pipeline.store,
                ledger=pipeline.ledger,
                status=lambda c=counts: {"collector": c},  # type: ignore[misc]
                parts=lambda: {} if ready else {"collecting": "it ended"},
            )
            with serving(app, settings.http_host, settings.http_port):
                assert wrong(told_by_service(settings)) == names
