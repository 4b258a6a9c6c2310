"""Pushing: what goes over the wire to Grafana's HTTP API.

No Grafana can be installed where the tests run, so a small server takes the calls at the paths
its HTTP API documents and records them; it knows folders and dashboards by uid, as Grafana does.
"""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from click.testing import CliRunner

from civicmeter.cli import civicmeter
from dashboards.push import push
from domain.errors import CivicmeterError, ConfigError

DASHBOARD = {"a.json": {"uid": "civicmeter-x", "title": "X", "panels": []}}


class Recorder(ThreadingHTTPServer):
    """Grafana's folder and dashboard paths; `calls` holds (method, path, authorization, body)."""

    def __init__(self, authorization: str, prefix: str = "", status: int = 0) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.authorization = authorization
        self.prefix = prefix
        self.status = status
        self.calls: list[tuple[str, str, str, Any]] = []
        self.folders: set[str] = set()
        self.dashboards: dict[str, Any] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}{self.prefix}"

    def answer(self, method: str, path: str, authorization: str, body: Any) -> tuple[int, Any]:
        self.calls.append((method, path, authorization, body))
        if self.status:
            return self.status, {"message": "told to"}
        if authorization != self.authorization:
            return 401, {"message": "Invalid API key"}
        path = path.removeprefix(self.prefix)
        if method == "GET" and path.startswith("/api/folders/"):
            uid = path.rpartition("/")[2]
            return (200, {"uid": uid}) if uid in self.folders else (404, {"message": "not found"})
        if (method, path) == ("POST", "/api/folders"):
            self.folders.add(body["uid"])
            return 200, body
        if (method, path) == ("POST", "/api/dashboards/db"):
            uid = body["dashboard"]["uid"]
            if uid in self.dashboards and not body.get("overwrite"):
                return 412, {"message": "name-exists"}
            self.dashboards[uid] = body["dashboard"]
            return 200, {"uid": uid, "url": f"/d/{uid}/x", "status": "success"}
        return 404, {"message": "no such path"}


class _Handler(BaseHTTPRequestHandler):
    server: Recorder

    def _handle(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status, answer = self.server.answer(
            self.command,
            self.path,
            self.headers.get("Authorization", ""),
            json.loads(content) if content else None,
        )
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = _handle  # noqa: N815

    def log_message(self, *args: object) -> None: ...


@contextmanager
def grafana(authorization: str = "Bearer t0k3n", **kwargs: Any) -> Iterator[Recorder]:
    with Recorder(authorization, **kwargs) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_the_first_push_makes_the_folder_and_the_next_only_updates() -> None:
    with grafana() as server:
        for _ in range(2):
            addresses = push(DASHBOARD, url=server.url, token="t0k3n", message="m")
        assert addresses == [f"{server.url}/d/civicmeter-x/x"]
        assert [(m, p) for m, p, _, _ in server.calls] == [
            ("GET", "/api/folders/civicmeter"),
            ("POST", "/api/folders"),
            ("POST", "/api/dashboards/db"),
            ("GET", "/api/folders/civicmeter"),
            ("POST", "/api/dashboards/db"),
        ]
        body = server.calls[-1][3]
        assert body["folderUid"] == "civicmeter"
        assert body["overwrite"] is True
        assert body["message"] == "m"
        assert body["dashboard"]["id"] is None


def test_a_path_before_the_api_and_a_users_password() -> None:
    login = "Basic " + base64.b64encode(b"admin:pass:word").decode()
    with grafana(login, prefix="/grafana") as server:
        push(DASHBOARD, url=server.url, token="admin:pass:word", message="m")
        assert server.calls[-1][1] == "/grafana/api/dashboards/db"


def test_a_wrong_token_says_what_to_do() -> None:
    with grafana() as server, pytest.raises(ConfigError, match="service account"):
        push(DASHBOARD, url=server.url, token="wrong", message="m")


@pytest.mark.parametrize("status", [403, 412, 500, 502])
def test_what_grafana_answers_is_told(status: int) -> None:
    with grafana(status=status) as server, pytest.raises(CivicmeterError, match="told to"):
        push(DASHBOARD, url=server.url, token="t0k3n", message="m")


def test_nobody_there() -> None:
    with grafana() as server:
        url = server.url
    with pytest.raises(CivicmeterError, match="reached"):
        push(DASHBOARD, url=url, token="t0k3n", message="m")


def test_the_command_pushes_every_dashboard() -> None:
    with grafana() as server:
        result = CliRunner().invoke(
            civicmeter,
            ["dashboards", "push"],
            env={"GRAFANA_URL": server.url, "GRAFANA_TOKEN": "t0k3n"},
        )
        assert result.exit_code == 0, result.output
        assert set(server.dashboards) == {
            f"civicmeter-{what}-{lang}"
            for what in ("overview", "readings")
            for lang in ("zh", "en")
        }
