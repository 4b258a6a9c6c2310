"""The shipped deployment: valid, closed by default, and of one piece with the code."""

import json
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from civicmeter.cli import COMMANDS
from config.settings import Settings
from dashboards.build import GENERATED
from dashboards.push import FOLDER_UID
from ingest.settings import Endpoint
from tests.end_to_end.deploy_parts import DEPLOY, compose, require, run_secrets

ROOT = DEPLOY.parent
SERVICES = compose()["services"]


def provisioned(kind: str) -> Any:
    path = DEPLOY / "grafana" / "provisioning" / kind / "civicmeter.yaml"
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_compose_itself_accepts_the_file(tmp_path: Path) -> None:
    """Debian's docker-compose checks it against the Compose Specification's schema."""
    program = require("docker-compose")
    folder = tmp_path / "deploy"
    shutil.copytree(DEPLOY, folder, ignore=shutil.ignore_patterns("secrets"))
    assert run_secrets(folder / "secrets").returncode == 0
    answer = subprocess.run(
        [program, "-f", str(folder / "compose.yaml"), "config"],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=folder,
        env={"PATH": os.environ["PATH"]},
    )
    assert answer.returncode == 0, answer.stderr
    assert set(yaml.safe_load(answer.stdout)["services"]) == set(SERVICES)


def test_a_mistake_would_be_seen(tmp_path: Path) -> None:
    program = require("docker-compose")
    broken = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    broken["services"]["grafana"]["portz"] = ["3000:3000"]
    (tmp_path / "compose.yaml").write_text(json.dumps(broken))
    answer = subprocess.run(
        [program, "-f", str(tmp_path / "compose.yaml"), "config"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert answer.returncode != 0
    assert "portz" in answer.stderr


def test_ports_are_open_to_this_machine_only_unless_somebody_says_otherwise() -> None:
    published = [p for s in SERVICES.values() for p in s.get("ports", [])]
    assert len(published) == 3
    for port in published:
        assert re.match(r"\$\{\w+_BIND:-127\.0\.0\.1\}:", port), port
    assert "ports" not in SERVICES["influxdb"]


def test_every_service_is_held_within_limits_and_its_image_pinned() -> None:
    for name, service in SERVICES.items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["mem_limit"] and service["pids_limit"]
        image = re.fullmatch(r"\$\{\w+_IMAGE:-(.+)\}", service["image"])
        assert image and re.search(r":(\d+\.\d+\.\d+|local)$", image[1]), name
    docker = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    assert re.search(r"^ARG PYTHON=python:\d+\.\d+\.\d+-slim$", docker, re.MULTILINE)


def test_grafana_reads_with_an_account_that_cannot_write() -> None:
    assert "influx_token" not in SERVICES["grafana"]["secrets"]
    influx = next(s for s in provisioned("datasources")["datasources"] if s["type"] == "influxdb")
    header = influx["secureJsonData"]["httpHeaderValue1"]
    assert header == "Token grafana:$__file{/run/secrets/influx_read_password}"
    infinity = next(s for s in provisioned("datasources")["datasources"] if s != influx)
    assert infinity["jsonData"]["httpHeaderName1"] == "X-API-Key"
    key = infinity["secureJsonData"]["httpHeaderValue1"]
    assert (
        key == "$__file{/run/secrets/read_key}" and "api_key" not in SERVICES["grafana"]["secrets"]
    )
    script = (DEPLOY / "influxdb" / "read-account.sh").read_text(encoding="utf-8")
    assert "--read-bucket" in script and "write" not in script
    assert "./influxdb:/docker-entrypoint-initdb.d:ro" in SERVICES["influxdb"]["volumes"]


def test_every_service_is_watched_and_comes_back() -> None:
    for name, service in SERVICES.items():
        assert service["healthcheck"]["test"], name
        assert service["restart"] == "unless-stopped"
        for other in service.get("depends_on", {}):
            assert other in SERVICES


def test_secrets_are_files_and_the_script_makes_every_one(tmp_path: Path) -> None:
    secrets = compose()["secrets"]
    folder = tmp_path / "secrets"
    first = run_secrets(folder)
    assert first.returncode == 0, first.stderr
    assert {f"./secrets/{p.name}" for p in folder.iterdir()} == {
        s["file"] for s in secrets.values()
    }
    assert folder.stat().st_mode & 0o077 == 0
    for service in SERVICES.values():
        assert set(service.get("secrets", [])) <= set(secrets)
        for key, value in service.get("environment", {}).items():
            if str(value).startswith("/run/secrets/"):
                assert value.rpartition("/")[2] in service["secrets"]
            else:
                assert not re.search("PASSWORD|TOKEN|KEY", key), f"{key} would be readable by all"
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    assert all(len(v) >= 64 for v in before.values())
    assert len(set(before.values())) == len(before)
    assert run_secrets(folder).returncode == 0
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before, "none is ever replaced"
    assert "secrets/" in (DEPLOY / ".gitignore").read_text().splitlines()


def test_accounts_come_and_go_one_by_one(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    password = run_secrets(folder, "device", "b7.elec").stdout.strip()
    assert len(password) == 64
    run_secrets(folder, "device", "b7xelec")

    def users() -> list[str]:
        return [
            line.split(":")[0] for line in (folder / "mosquitto_passwords").read_text().splitlines()
        ]

    assert users() == ["civicmeter", "b7.elec", "b7xelec"]
    assert run_secrets(folder, "device", "b7.elec").stdout.strip() != password
    assert run_secrets(folder, "forget", "b7.elec").returncode == 0
    assert users() == ["civicmeter", "b7xelec"]


@pytest.mark.parametrize(
    "args", [["device", "a b"], ["device"], ["device", "civicmeter"], ["device", "a:b"], ["x"]]
)
def test_a_wrong_call_says_so(tmp_path: Path, args: list[str]) -> None:
    answer = run_secrets(tmp_path / "secrets", *args)
    assert answer.returncode == 2
    assert answer.stderr.startswith("secrets.sh: ")


def test_the_environment_is_made_of_real_settings(tmp_path: Path) -> None:
    service = SERVICES["civicmeter"]
    run_secrets(tmp_path)
    env = {
        k: str(v).replace("/run/secrets/", f"{tmp_path}/")
        for k, v in service["environment"].items()
    }
    settings = Settings.from_env(env)
    endpoint = Endpoint.parse(settings.mqtt)
    assert (endpoint.host, endpoint.port) == ("mosquitto", 1884)
    influx = SERVICES["influxdb"]["environment"]
    assert settings.store_url == (
        f"influxdb+http://influxdb:8086/{influx['DOCKER_INFLUXDB_INIT_ORG']}"
        f"/{influx['DOCKER_INFLUXDB_INIT_BUCKET']}"
    )
    assert settings.influx_token == (tmp_path / "influx_token").read_text()
    assert settings.api_key and settings.read_key
    assert settings.mqtt_password
    assert str(settings.http_port) == service["ports"][0].rpartition(":")[2]
    assert service["command"][0] in COMMANDS
    assert str(settings.data) == service["volumes"][0].partition(":")[2]


def test_grafana_is_told_of_both_sources_by_uid() -> None:
    sources = {s["uid"]: s for s in provisioned("datasources")["datasources"]}
    infinity, influx = sources["civicmeter"], sources["civicmeter-readings"]
    assert infinity["jsonData"]["allowedHosts"] == [infinity["url"]] == ["http://civicmeter:8000"]
    environment = SERVICES["grafana"]["environment"]
    assert infinity["type"] in environment["GF_PLUGINS_PREINSTALL_SYNC"]
    assert influx["url"] == "http://influxdb:8086"
    assert influx["jsonData"]["dbName"] == "readings"
    for dashboard in GENERATED.glob("*.json"):
        variable = json.loads(dashboard.read_text(encoding="utf-8"))["templating"]["list"][0]
        assert variable["query"] == sources[variable["current"]["value"]]["type"]
        assert variable["current"]["text"] == sources[variable["current"]["value"]]["name"]


def test_grafana_finds_the_dashboards_where_they_are_mounted() -> None:
    (provider,) = provisioned("dashboards")["providers"]
    mounts = dict(v.split(":")[:2] for v in SERVICES["grafana"]["volumes"])
    assert mounts["../dashboards/generated"] == provider["options"]["path"]
    assert provider["folderUid"] == FOLDER_UID
    home = SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert (GENERATED / Path(home).name).is_file()


def test_every_file_that_is_mounted_is_there() -> None:
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("."):
                assert (DEPLOY / source).exists(), source
            else:
                assert source in compose()["volumes"]


def test_the_image_gets_every_package_and_nothing_else() -> None:
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    copied = {
        source
        for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.MULTILINE)
        for source in line.split()[:-1]
    }
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = {p.rstrip("*") for p in project["tool"]["setuptools"]["packages"]["find"]["include"]}
    assert packages <= copied
    needed = {project["project"]["readme"], *project["project"]["license-files"]}
    assert copied == packages | needed | {"requirements.lock", "pyproject.toml"}
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    assert {line[1:] for line in ignored if line.startswith("!")} == copied
