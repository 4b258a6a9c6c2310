"""The test servers are what they claim to be: real, restartable, keeping their data."""

import json
import os
import subprocess
import time
import urllib.request
import uuid

import psycopg
import pytest

from tests import parts, servers


def _write(url: str, line: str) -> int:
    request = urllib.request.Request(url, data=line.encode(), method="POST")
    with urllib.request.urlopen(request, timeout=10) as answer:
        return int(answer.status)


def test_influxdb_takes_the_v2_write_path(influxdb: servers.InfluxDb, influx_bucket: str) -> None:
    url = f"{influxdb.url}/api/v2/write?org=o&bucket={influx_bucket}&precision=ms"
    assert _write(url, "m,device=d v=1.5 1000") == 204
    answer = json.loads(influxdb.query("SELECT v FROM m", influx_bucket))
    assert answer["results"][0]["series"][0]["values"] == [["1970-01-01T00:00:01Z", 1.5]]


def test_influxdb_keeps_data_over_kill(own_influxdb: servers.InfluxDb) -> None:
    own_influxdb.create_database("b")
    url = f"{own_influxdb.url}/api/v2/write?bucket=b&precision=ns"
    _write(url, "m v=2 1000")
    own_influxdb.kill()
    with pytest.raises(urllib.error.HTTPError, match="502"):
        _write(url, "m v=3 2000")
    own_influxdb.start()
    assert '"values":[[' in own_influxdb.query("SELECT v FROM m", "b")


def test_mosquitto_delivers(mosquitto: servers.Mosquitto) -> None:
    topic = f"test/{uuid.uuid4().hex}"
    at = ["-h", mosquitto.host, "-p", str(mosquitto.port), "-t", topic]
    subprocess.run(["mosquitto_pub", *at, "-r", "-q", "1", "-m", "hello"], check=True)
    heard = subprocess.run(
        ["mosquitto_sub", *at, "-C", "1", "-W", "10"], capture_output=True, text=True, check=True
    )
    assert heard.stdout == "hello\n"


def test_mosquitto_keeps_a_retained_message_over_kill(own_mosquitto: servers.Mosquitto) -> None:
    at = ["-h", own_mosquitto.host, "-p", str(own_mosquitto.port), "-t", "kept"]
    subprocess.run(["mosquitto_pub", *at, "-r", "-q", "1", "-m", "x"], check=True)
    database = own_mosquitto.database
    while not (database.exists() and b"kept" in database.read_bytes()):
        time.sleep(0.01)
    own_mosquitto.kill()
    own_mosquitto.start()
    heard = subprocess.run(
        ["mosquitto_sub", *at, "-C", "1", "-W", "10"], capture_output=True, text=True, check=True
    )
    assert heard.stdout == "x\n"


def test_postgres_gives_fresh_databases(postgres_url: str) -> None:
    with psycopg.connect(postgres_url.replace("+psycopg", "")) as connection:
        assert connection.execute(
            "select count(*) from pg_tables where schemaname='public'"
        ).fetchone() == (0,)


def test_a_missing_program_names_its_package() -> None:
    found = dict(parts.PACKAGE_OF)
    try:
        parts.PACKAGE_OF["no-such-program"] = "some-package"
        with pytest.raises(servers.MissingPartError, match="apt-get install some-package"):
            servers.find_program("no-such-program")
    finally:
        parts.PACKAGE_OF.clear()
        parts.PACKAGE_OF.update(found)


def test_chromium_is_a_program(chromium: str) -> None:
    assert os.access(chromium, os.X_OK)
