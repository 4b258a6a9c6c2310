"""`civicmeter serve` as a process: what a browser, a script and Prometheus meet over TCP."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from domain.calendar import to_ms
from tests import api_sample
from tests.paths import ROOT
from tests.servers import HOST, Process, free_port


class Service:
    def __init__(self, folder: Path, *options: str) -> None:
        store, ledger = api_sample.open_sample(folder)
        store.close()
        ledger.close_connections()
        self.folder = folder
        self.port = free_port()
        self.process = Process(
            [
                sys.executable,
                "-m",
                "civicmeter",
                "serve",
                "--port",
                str(self.port),
                "--data",
                str(folder),
                *options,
            ],
            folder / "serve.log",
            self._ready,
        )

    def open(self, path: str, body: bytes | None = None, **headers: str) -> Any:
        request = urllib.request.Request(f"http://{HOST}:{self.port}{path}", body, headers)
        return urllib.request.urlopen(request, timeout=30)

    def json(self, path: str) -> Any:
        with self.open(path) as answer:
            return json.load(answer)

    def _ready(self) -> bool:
        try:
            return bool(self.json("/readyz")["status"] == "ok")
        except OSError:
            return False


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    made = Service(tmp_path_factory.mktemp("serve"))
    made.process.start()
    yield made
    made.process.stop()


def test_rows_come_over_the_wire(service: Service) -> None:
    rows = service.json(f"/v1/savings?institution={api_sample.CAMPUS}&start=2024-02&end=2024-03")
    assert [r["avoided_energy_kwh"] for r in rows] == [1500.0]


@pytest.mark.parametrize("path", ["/docs?lang=zh", "/docs?lang=en"])
def test_the_reference_needs_nothing_from_elsewhere(service: Service, path: str) -> None:
    with service.open(path) as answer:
        page = answer.read().decode()
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "https://" not in page


def test_the_reference_names_every_address_and_error(service: Service) -> None:
    with service.open("/docs?lang=en") as answer:
        page = answer.read().decode()
    openapi = service.json("/openapi.json")
    assert len(openapi["paths"]) > 25
    for path, methods in openapi["paths"].items():
        assert path in page
        assert all(o.get("description") or o.get("summary") for o in methods.values())
    assert 'id="problem-unknown_institution"' in page


def test_every_field_says_what_it_is_and_numbers_say_their_unit(service: Service) -> None:
    from domain.figures.names import FIGURE_NAMES

    for name, schema in service.json("/openapi.json")["components"]["schemas"].items():
        if "enum" in schema:
            continue
        for field, content in schema["properties"].items():
            assert content.get("description"), f"{name}.{field}"
            if field in FIGURE_NAMES:
                assert content["unit"] == FIGURE_NAMES[field].unit
                assert FIGURE_NAMES[field].en in content["description"]


@pytest.mark.parametrize(("lang", "format"), [("zh", "pdf"), ("en", "html"), ("zh", "xlsx")])
def test_reports_can_be_fetched_as_listed(service: Service, lang: str, format: str) -> None:
    listed = service.json(
        f"/v1/reports?institution={api_sample.HALL}&lang={lang}&start=2024-02&end=2024-03"
    )
    (url,) = [r["url"] for r in listed if r["format"] == format]
    with service.open(url) as answer:
        content = answer.read()
    starts = {"html": b"<!", "pdf": b"%PDF", "xlsx": b"PK"}
    assert content.lower().startswith(starts[format].lower())
    assert f"_{lang}.{format}" in answer.headers["Content-Disposition"]


def test_many_ask_and_post_at_once_and_nothing_is_lost(service: Service) -> None:
    first_ms = to_ms(api_sample.FIRST_AT) - 86_400_000
    errors: list[BaseException] = []

    def post(part: int) -> None:
        try:
            for chunk in range(5):
                lines = "".join(
                    f"meter,device=dy-main power_w={part} {first_ms + (part * 500 + chunk * 100 + i) * 1000}000000\n"
                    for i in range(100)
                )
                with service.open(
                    "/v1/readings", lines.encode(), **{"Content-Type": "text/plain"}
                ) as answer:
                    assert json.load(answer)["stored"] == 100
                service.json("/v1/consumption?per=all")
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=post, args=(p,)) for p in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(timeout=120)
    assert not errors
    rows = service.json(
        f"/v1/series?device=dy-main&quantity=power_w&start={first_ms}&end={first_ms + 86_400_000}"
    )
    assert len(rows) == 6 * 500


def test_metrics_count_by_route(service: Service) -> None:
    service.json("/v1/institutions")
    with service.open("/metrics") as answer:
        text = answer.read().decode()
    assert 'route="/v1/institutions",status="200"' in text


def run(*args: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "civicmeter", *args],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def test_a_taken_port_is_told_in_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        answer = run("serve", "--port", port, "--data", str(tmp_path), cwd=tmp_path)
    assert answer.returncode == 2
    assert port in answer.stderr
    assert answer.stderr.count("\n") == 1


@pytest.mark.parametrize("args", [["--port", "0"], ["--port", "http"], ["--data", "/dev/null/x"]])
def test_a_wrong_option_is_a_users_mistake(tmp_path: Path, args: list[str]) -> None:
    answer = run("serve", *args, cwd=tmp_path)
    assert answer.returncode == 2
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize("command", ["serve", "run"])
def test_without_a_key_it_listens_on_this_machine_only(tmp_path: Path, command: str) -> None:
    answer = run(command, "--host", "0.0.0.0", "--data", str(tmp_path), cwd=tmp_path)
    assert answer.returncode == 2
    assert "set CIVICMETER_API_KEY_FILE" in answer.stderr and "127.0.0.1" in answer.stderr
    assert answer.stderr.count("\n") == 1


def test_ctrl_c_ends_it_without_a_traceback(tmp_path: Path) -> None:
    made = Service(tmp_path)
    made.process.start()
    os.kill(made.process.pid, signal.SIGINT)
    assert made.process._popen is not None
    assert made.process._popen.wait(20) in (0, 130, -signal.SIGINT, 1)
    assert "Traceback" not in (tmp_path / "serve.log").read_text()
