"""How long a bucket keeps readings: asked of the real server, which has no such API, and of one
that answers as InfluxDB 2 documents it."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from civicmeter.commands.doctor import retention
from config.settings import Settings
from store.opening import deleted_after
from tests import servers


@contextmanager
def buckets(rules: list[dict[str, object]], status: int = 200) -> Iterator[tuple[str, list[str]]]:
    """A server with the bucket readings, and another that has a name like it; what it was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(f"{self.headers['Authorization']} {self.path}")
            found = [
                {"id": "1", "orgID": "9", "name": "readings", "retentionRules": rules},
                {"id": "2", "orgID": "9", "name": "readings2", "retentionRules": [expire(60)]},
            ]
            data = json.dumps({"buckets": found} if status == 200 else {"code": "x"}).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args: object) -> None: ...

    with ThreadingHTTPServer((servers.HOST, 0), Handler) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        yield f"influxdb+http://{servers.HOST}:{httpd.server_port}/org/readings", asked
        httpd.shutdown()


def expire(every_s: int) -> dict[str, object]:
    return {"type": "expire", "everySeconds": every_s, "shardGroupDurationSeconds": 3600}


def test_a_bucket_that_deletes_is_warned_of() -> None:
    with buckets([expire(30 * 86_400)]) as (url, asked):
        assert deleted_after(url, "secret") == timedelta(days=30)
        (check,) = retention(Settings(store=url, influx_token="secret"))
    assert not check.well
    assert "30 days" in check.found and "--retention 0" in check.advice
    head, _, target = asked[0].rpartition(" ")
    assert head == "Token secret"
    assert urlsplit(target).path == "/api/v2/buckets"
    assert parse_qs(urlsplit(target).query) == {"org": ["org"], "name": ["readings"]}


@pytest.mark.parametrize("rules", [[], [expire(0)]])
def test_a_bucket_that_keeps_for_ever_is_not(rules: list[dict[str, object]]) -> None:
    with buckets(rules) as (url, asked):
        assert deleted_after(url) is None
        assert retention(Settings(store=url)) == []
    assert len(asked) == 2


@pytest.mark.parametrize("status", [401, 404, 500])
def test_who_does_not_tell_is_not_warned_of(status: int) -> None:
    with buckets([expire(60)], status) as (url, asked):
        assert deleted_after(url) is None
    assert len(asked) == 1


def test_a_real_server_before_2_does_not_tell(newer_influx_url: str, influx_bucket: str) -> None:
    assert deleted_after(f"influxdb+{newer_influx_url}/org/{influx_bucket}") is None


def test_nobody_there_and_other_stores_do_not_tell() -> None:
    assert deleted_after(f"influxdb+http://{servers.HOST}:{servers.free_port()}/org/b") is None
    assert deleted_after("sqlite:///readings.db") is None
