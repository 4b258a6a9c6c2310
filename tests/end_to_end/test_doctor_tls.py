"""The doctor at a broker with a private authority that asks for client certificates."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from config.settings import Settings
from ingest.checks import Check, broker_checks
from tests.certificates import Certificates
from tests.real_parts import part
from tests.servers import Mosquitto, free_port


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def secure(made: Certificates) -> Iterator[Settings]:
    """Settings with which the broker answers."""
    port = free_port()
    with part(lambda: Mosquitto(made.mosquitto_config(port))):
        yield Settings(
            mqtt=f"mqtts://127.0.0.1:{port}",
            mqtt_ca=made.ca,
            mqtt_cert=made.cert,
            mqtt_key=made.key,
        )


def the_only(checks: list[Check]) -> Check:
    (check,) = checks
    assert check.name == "broker"
    return check


def test_with_authority_certificate_and_key_all_is_well(secure: Settings) -> None:
    checks = broker_checks(secure)
    assert Check("broker", f"{secure.mqtt} answers with MQTT 5") in checks
    assert [c for c in checks if not c.well] == []


def test_an_unknown_authority_is_told_from_a_broker_that_is_not_there(secure: Settings) -> None:
    check = the_only(broker_checks(replace(secure, mqtt_ca=None)))
    assert "CERTIFICATE_VERIFY_FAILED" in check.found
    assert "CIVICMETER_MQTT_CA" in check.advice
    nobody = the_only(broker_checks(replace(secure, mqtt="mqtts://127.0.0.1:1")))
    assert "does not answer" in nobody.found and "start it" in nobody.advice


def test_a_missing_client_certificate_is_named(secure: Settings) -> None:
    check = the_only(broker_checks(replace(secure, mqtt_cert=None, mqtt_key=None)))
    assert "CIVICMETER_MQTT_CERT" in check.advice


def test_a_file_that_is_not_there_is_named(secure: Settings, tmp_path: Path) -> None:
    check = the_only(broker_checks(replace(secure, mqtt_ca=tmp_path / "none.crt")))
    assert "No such file" in check.advice and "CIVICMETER_MQTT_CA" in check.advice


def test_a_broker_without_tls_is_told(mosquitto: Mosquitto, made: Certificates) -> None:
    settings = Settings(mqtt=f"mqtts://127.0.0.1:{mosquitto.port}", mqtt_ca=made.ca)
    check = the_only(broker_checks(settings))
    assert "no TLS connection" in check.found
    assert "mqtt://" in check.advice
