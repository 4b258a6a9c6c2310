"""The deployment without containers: the shipped broker settings, accounts and environment, with
the same processes run natively, and one reading seen through from a device to the API."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from domain.places import Carrier, Institution, Meter
from domain.registry import Registry
from registry.writing import write_xlsx
from tests.end_to_end.deploy_parts import DEPLOY, compose, require, run_secrets
from tests.servers import HOST, InfluxDb, Process, free_port

SERVICES = compose()["services"]
REGISTRY = Registry(
    (Institution("hall", "市政服务大厅", "Service hall"),),
    devices=tuple(
        Meter(
            id=i,
            institution="hall",
            carrier=Carrier.ELECTRICITY,
            register="energy_import_kwh",
            gateway=gateway,
        )
        for i, gateway in (("hall-e1", ""), ("hall-e2", ""), ("hall-e3", "gw1"), ("hall-e4", "gw2"))
    ),
)
PATIENCE_S = 60.0


class Installation:
    """What compose.yaml describes, on free ports of this machine."""

    def __init__(self, folder: Path, influxdb: InfluxDb) -> None:
        self.folder = folder
        self.secrets = folder / "secrets"
        self.passwords: dict[str, str] = {}
        self.mqtt_port, self.inner_port, self.http_port = free_port(), free_port(), free_port()
        self.url = f"http://{HOST}:{self.http_port}"
        assert run_secrets(self.secrets).returncode == 0
        bucket = SERVICES["influxdb"]["environment"]["DOCKER_INFLUXDB_INIT_BUCKET"]
        influxdb.create_database(bucket)
        self.places = {
            "/run/secrets/": f"{self.secrets}/",
            "http://influxdb:8086": influxdb.url,
            "mqtt://mosquitto:1884": f"mqtt://{HOST}:{self.inner_port}",
            "0.0.0.0": HOST,
            "/data": str(folder / "data"),
            "http://127.0.0.1:8000": self.url,
        }
        self.broker = Process(
            [require("mosquitto"), "-c", str(self._broker_config())],
            folder / "broker.log",
            self._broker_answers,
        )
        self.civicmeter = Process(
            ["env", *(f"{k}={v}" for k, v in self.environment().items()), *self._command()],
            folder / "civicmeter.log",
            self._ready,
        )

    def here(self, text: str) -> str:
        for theirs, ours in self.places.items():
            text = text.replace(theirs, ours)
        return text

    def environment(self) -> dict[str, str]:
        given = {k: self.here(str(v)) for k, v in SERVICES["civicmeter"]["environment"].items()}
        return {**given, "CIVICMETER_HTTP_PORT": str(self.http_port)}

    def _command(self) -> list[str]:
        return [sys.executable, "-m", "civicmeter", *SERVICES["civicmeter"]["command"]]

    def _broker_config(self) -> Path:
        text = (DEPLOY / "mosquitto" / "mosquitto.conf").read_text(encoding="utf-8")
        data = self.folder / "broker-data"
        data.mkdir()
        text = self.here(text).replace("/mosquitto/config/", f"{DEPLOY / 'mosquitto'}/")
        text = text.replace("/mosquitto/data/", f"{data}/")
        for shipped, ours in (("1883", self.mqtt_port), ("1884", self.inner_port)):
            text = text.replace(f"listener {shipped}\n", f"listener {ours} {HOST}\n")
        if os.geteuid() == 0:
            text += "\nuser root\n"  # the container's user owns its volumes; here root does
        path = self.folder / "mosquitto.conf"
        path.write_text(text, encoding="utf-8")
        return path

    def _broker_answers(self) -> bool:
        return self.healthy("mosquitto")

    def _ready(self) -> bool:
        try:
            return bool(self.get("/readyz")["status"] == "ok")
        except (OSError, ValueError):
            return False

    def healthy(self, service: str) -> bool:
        """Whether the service's own health check, as shipped, passes here."""
        kind, *words = SERVICES[service]["healthcheck"]["test"]
        if kind == "CMD-SHELL":
            text = self.here(words[0].replace("$$", "$"))
            text = text.replace("mosquitto_sub ", f"mosquitto_sub -h {HOST} -p {self.mqtt_port} ")
            words = ["sh", "-c", text]
        else:
            words = [sys.executable if w == "python" else self.here(w) for w in words]
        return subprocess.run(words, capture_output=True, timeout=30).returncode == 0

    def account(self, device: str) -> str:
        password = run_secrets(self.secrets, "device", device).stdout.strip()
        assert password
        return password

    def publish(self, user: str, password: str, device: str, at_ms: int, value: float) -> str:
        """Publish with QoS 1; gives the broker's complaint, empty when it took the message."""
        payload = json.dumps({"ts": at_ms, "values": {"energy_import_kwh": value}})
        return self.say(user, password, f"civicmeter/v1/{device}/telemetry", payload)

    def say(self, user: str, password: str, topic: str, payload: str, *more: str) -> str:
        """As `publish`, anything anywhere."""
        return subprocess.run(
            [
                "mosquitto_pub",
                "-V",
                "5",
                "-h",
                HOST,
                "-p",
                str(self.mqtt_port),
                "-u",
                user,
                "-P",
                password,
                "-q",
                "1",
                "-t",
                topic,
                "-m",
                payload,
                *more,
            ],
            capture_output=True,
            timeout=30,
            text=True,
        ).stderr.strip()

    def heard(self, topic: str) -> str:
        """What the collector's own account hears there first."""
        words = f"mosquitto_sub -h {HOST} -p {self.mqtt_port} -u civicmeter -C 1 -W 10".split()
        password = (self.secrets / "mqtt_password").read_text()
        answer = subprocess.run(
            [*words, "-P", password, "-t", topic], capture_output=True, text=True, timeout=30
        )
        return answer.stdout

    def get(self, path: str) -> Any:
        key = (self.secrets / "read_key").read_text()
        request = urllib.request.Request(f"{self.url}{path}", headers={"X-API-Key": key})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def readings(self, device: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.get(
            f"/v1/series?device={device}&quantity=energy_import_kwh"
        )
        return rows


@pytest.fixture(scope="module")
def installation(
    tmp_path_factory: pytest.TempPathFactory, influxdb: InfluxDb
) -> Iterator[Installation]:
    require("mosquitto_pub")
    made = Installation(tmp_path_factory.mktemp("installation"), influxdb)
    made.passwords = {d: made.account(d) for d in ("hall-e1", "hall-e2")}
    write_xlsx(REGISTRY, made.folder / "registry.xlsx")
    subprocess.run(
        [
            sys.executable,
            "-m",
            "civicmeter",
            "registry",
            "import",
            str(made.folder / "registry.xlsx"),
        ],
        env={**os.environ, **made.environment()},
        check=True,
        timeout=120,
    )
    try:
        made.broker.start()
        made.civicmeter.start()
        yield made
    finally:
        made.civicmeter.stop()
        made.broker.stop()


def wait_for(check: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE_S
    while not (found := check()):
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.1)
    return found


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def test_a_reading_goes_from_a_device_to_the_api(installation: Installation) -> None:
    passwords = installation.passwords
    at_ms = now_ms() - 60_000
    # First what must not get in, then what must: when the second is there, the first would be.
    forbidden = installation.publish("hall-e1", passwords["hall-e1"], "hall-e2", at_ms, 666.0)
    assert "Not authorized" in forbidden
    assert "Not authorized" in installation.publish("hall-e2", "wrong", "hall-e2", at_ms, 667.0)
    assert not installation.publish("hall-e1", passwords["hall-e1"], "hall-e1", at_ms, 1234.5)
    (reading,) = wait_for(lambda: installation.readings("hall-e1"))
    assert reading["value"] == 1234.5
    assert installation.readings("hall-e2") == []


def test_nobody_speaks_for_another(installation: Installation) -> None:
    """The access list as `civicmeter broker acl` makes it from the registry, on the same broker;
    what is left to a gateway's word, the collector judges by the registry."""
    acl = installation.folder / "acl"
    subprocess.run(
        [
            sys.executable,
            "-m",
            "civicmeter",
            "broker",
            "acl",
            "--user",
            "civicmeter",
            "--out",
            str(acl),
        ],
        env={**os.environ, **installation.environment()},
        check=True,
        timeout=120,
    )
    acl.chmod(0o644)
    config = installation.folder / "mosquitto.conf"
    shipped = config.read_text(encoding="utf-8")
    config.write_text(re.sub(r"acl_file .*", f"acl_file {acl}", shipped), encoding="utf-8")
    accounts = {a: installation.account(a) for a in ("gw1", "gw2")} | installation.passwords
    os.kill(installation.broker.pid, signal.SIGHUP)
    at_ms = now_ms() - 90_000

    def forge(account: str, topic: str, *devices: str, at: int = at_ms) -> str:
        values = {d: [{"ts": at, "values": {"energy_import_kwh": 666.0}}] for d in devices}
        payload = json.dumps(values if "gateway" in topic else values[devices[0]][0])
        return installation.say(account, accounts[account], topic, payload)

    gateway = "civicmeter/v1/gateway/{}/telemetry".format
    wait_for(lambda: forge("gw1", gateway("gw1"), "hall-e3") == "")
    refused = [
        forge("hall-e1", gateway("hall-e1"), "hall-e2"),  # a device is no gateway
        forge("hall-e1", gateway("gw1"), "hall-e3"),
        forge("gw1", gateway("gw2"), "hall-e4"),  # nor one gateway another
        forge("gw1", "civicmeter/v1/hall-e2/telemetry", "hall-e2"),  # nor a gateway a device
        forge("gw1", "civicmeter/v1/hall-e3/telemetry", "hall-e3"),
        installation.say("gw1", accounts["gw1"], "civicmeter/v1/collector/x/status", "{}"),
    ]
    assert all("Not authorized" in r for r in refused), refused
    assert forge("gw1", gateway("gw1"), "hall-e4", "hall-e2") == ""
    assert forge("gw1", gateway("gw1"), "hall-e3", at=now_ms() + 3_600_000) == ""
    codes = wait_for(
        lambda: (
            (found := {(a["device"], a["code"]) for a in installation.get("/v1/aside")})
            >= {
                ("hall-e4", "foreign_device"),
                ("hall-e2", "foreign_device"),
                ("hall-e3", "future_time"),
            }
            and found
        )
    )
    assert ("hall-e3", "foreign_device") not in codes
    assert [r["value"] for r in wait_for(lambda: installation.readings("hall-e3"))] == [666.0]
    assert installation.readings("hall-e4") == []
    # The true reading is taken, though another was there first.
    assert forge("gw2", gateway("gw2"), "hall-e4") == ""
    wait_for(lambda: installation.readings("hall-e4"))
    status = installation.heard("civicmeter/v1/collector/+/status")
    assert "collecting" in status


def test_nobody_takes_over_the_collectors_session(installation: Installation) -> None:
    """Its id is no secret; with it a device would end its session, and what waits would be lost."""
    before = installation.get("/readyz")["collector"]["connections"]
    password = installation.passwords["hall-e1"]
    reading = {"ts": now_ms() - 120_000, "values": {"energy_import_kwh": 4321.0}}
    topic, payload = "civicmeter/v1/hall-e1/telemetry", json.dumps(reading)
    for client_id in ("civicmeter-collector", "civicmeter", "hall-e2"):
        more = ["-i", client_id]
        assert installation.say("hall-e1", password, topic, payload, *more) == ""
    wait_for(lambda: 4321.0 in [r["value"] for r in installation.readings("hall-e1")])
    assert installation.get("/readyz")["collector"]["connections"] == before
    # Nor does a device hear what others say.
    words = f"mosquitto_sub -h {HOST} -p {installation.mqtt_port} -u hall-e2 -W 2 -t #".split()
    listening = subprocess.Popen(
        [*words, "-P", installation.passwords["hall-e2"]], stdout=subprocess.PIPE, text=True
    )
    time.sleep(0.5)
    assert installation.say("hall-e1", password, topic, payload) == ""
    assert listening.communicate(timeout=30)[0] == ""


def test_posting_needs_the_generated_key(installation: Installation) -> None:
    body = json.dumps(
        {"device": "hall-e2", "ts": now_ms() - 30_000, "values": {"energy_import_kwh": 7.25}}
    ).encode()

    def post(**headers: str) -> int:
        request = urllib.request.Request(
            f"{installation.url}/v1/readings", body, {"Content-Type": "application/json", **headers}
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    assert post() == 401
    assert post(Authorization=f"Bearer {(installation.secrets / 'api_key').read_text()}") == 200
    assert [r["value"] for r in wait_for(lambda: installation.readings("hall-e2"))] == [7.25]


@pytest.mark.parametrize("service", ["mosquitto", "civicmeter"])
def test_the_shipped_health_checks_pass(installation: Installation, service: str) -> None:
    assert installation.healthy(service)


def test_the_password_file_made_with_openssl_alone_is_good(installation: Installation) -> None:
    """On hosts without mosquitto the script makes the hashes itself."""
    tools = installation.folder / "tools"
    tools.mkdir()
    for name in (
        "sh",
        "awk",
        "od",
        "tr",
        "cat",
        "chmod",
        "chown",
        "mkdir",
        "mv",
        "id",
        "dirname",
        "openssl",
        "rm",
        "mktemp",
    ):
        program = shutil.which(name)
        assert program, name
        (tools / name).symlink_to(program)
    made = run_secrets(installation.secrets, "device", "hall-e2", path=str(tools))
    assert made.returncode == 0, made.stderr
    os.kill(installation.broker.pid, signal.SIGHUP)
    at_ms = now_ms() - 10_000
    password = made.stdout.strip()
    wait_for(lambda: installation.publish("hall-e2", password, "hall-e2", at_ms, 8.5) == "")
    wait_for(lambda: 8.5 in [r["value"] for r in installation.readings("hall-e2")])


def test_a_polite_stop_is_clean(installation: Installation) -> None:
    installation.civicmeter.stop()
    log = (installation.folder / "civicmeter.log").read_text(encoding="utf-8")
    assert "Traceback" not in log, log
    installation.civicmeter.start()
    assert installation.readings("hall-e1"), "what was stored is there after a restart"
