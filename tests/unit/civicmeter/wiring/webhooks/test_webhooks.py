"""Other systems are told once of what happened, signed; what fails is tried again, within bounds."""

import base64
import hashlib
import hmac
import json
import logging
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from civicmeter.wiring.webhooks import told
from civicmeter.wiring.webhooks.hooks import EVENTS, Hook, read_hooks
from civicmeter.wiring.webhooks.sending import send
from civicmeter.wiring.webhooks.told import AGAIN_AFTER_S, read_told, tell_round
from domain.errors import ConfigError
from store.ledger.port import AsideEntry
from store.ledger.sql.ledger import SqlLedger
from tests import api_sample
from tests.api_sample import CAMPUS, FEBRUARY, HALL, MARCH, NOW
from tests.command_line import run
from tests.statement_sample import DRAFT

SECRET = "a secret of thirty-two characters"


class Receiver:
    """A system that is told: keeps what comes, and answers with what it is set to."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes, str]] = []
        self.answer, self.location = 204, ""
        kept = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                kept.got.append((dict(self.headers), body, self.path))
                self.send_response(kept.answer)
                if kept.location:
                    self.send_header("Location", kept.location)
                self.end_headers()

            do_GET = do_POST  # noqa: N815

            def log_message(self, *_: object) -> None:  # type: ignore[override]
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/hook?city=1"

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body, _ in self.got]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqlLedger]:
    """February of both places is computed, that of the campus closed: all of before is not told."""
    made = SqlLedger(f"sqlite:///{tmp_path / 'ledger.db'}")
    made.save_registry(api_sample.registry())
    made.save_result(api_sample.campus_month(FEBRUARY))
    made.save_result(api_sample.hall_month(FEBRUARY))
    made.close(CAMPUS, FEBRUARY, signed_by="Li")
    yield made
    made.close_connections()


def hook(receiver: Receiver, *events: str) -> Hook:
    return Hook("finance", receiver.url, SECRET, frozenset(events or EVENTS))


def kept_aside(code: str = "future_time", seconds: int = 0) -> AsideEntry:
    at = NOW + timedelta(seconds=seconds)
    return AsideEntry(source="t", code=code, device="b7-elec", first_at=at, last_at=at)


def happen(ledger: SqlLedger) -> None:
    """One of each."""
    ledger.close(HALL, FEBRUARY, signed_by="Li")
    ledger.save_result(api_sample.campus_month(FEBRUARY, avoided_kwh=1400.0))
    ledger.keep_aside([kept_aside()])
    ledger.issue_statement(DRAFT, issued_by="Li")


def test_each_thing_is_told_once_and_signed(
    ledger: SqlLedger, receiver: Receiver, tmp_path: Path
) -> None:
    path, hooks = tmp_path / "told.json", [hook(receiver)]
    assert tell_round(path, hooks, ledger, NOW, send) == (0, 0)
    assert tell_round(path, hooks, ledger, NOW, send) == (0, 0)
    happen(ledger)
    assert tell_round(path, hooks, ledger, NOW, send) == (4, 0)
    assert tell_round(path, hooks, ledger, NOW, send) == (0, 0)
    by_name = {e["event"]: e for e in receiver.events()}
    assert set(by_name) == set(EVENTS)
    closed, waits = by_name["month_closed"], by_name["restatement_waits"]
    assert (closed["institution"], closed["month"], closed["revision"]) == (HALL, "2024-02", 1)
    assert (waits["institution"], waits["month"], waits["revision"]) == (CAMPUS, "2024-02", 1)
    assert by_name["statement_ready"]["agreement"] == DRAFT.agreement
    refused = by_name["reading_refused"]
    assert refused["groups"] == [{"source": "t", "code": "future_time", "device": "b7-elec"}]
    for headers, body, path_ in receiver.got:
        signed = f"{headers['Webhook-Id']}.{headers['Webhook-Timestamp']}.".encode() + body
        digest = hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()
        assert headers["Webhook-Signature"] == f"v1,{base64.b64encode(digest).decode()}"
        assert headers["Webhook-Timestamp"] == str(int(NOW.timestamp()))
        assert headers["Webhook-Id"] == json.loads(body)["id"]
        assert path_ == "/hook?city=1"


def test_what_is_approved_later_is_told_as_closed(
    ledger: SqlLedger, receiver: Receiver, tmp_path: Path
) -> None:
    path, hooks = tmp_path / "told.json", [hook(receiver, "month_closed")]
    tell_round(path, hooks, ledger, NOW, send)
    ledger.save_result(api_sample.campus_month(FEBRUARY, avoided_kwh=1400.0))
    assert tell_round(path, hooks, ledger, NOW, send) == (0, 0), "it asked for other events"
    ledger.close(CAMPUS, FEBRUARY, signed_by="Li", reason="late readings")
    tell_round(path, hooks, ledger, NOW, send)
    assert [e["revision"] for e in receiver.events()] == [2]


def test_more_closings_than_are_asked_for_at_once_come_all_in_their_order(
    ledger: SqlLedger, receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("civicmeter.wiring.webhooks.happened._AT_ONCE", 2)
    path, hooks = tmp_path / "told.json", [hook(receiver, "month_closed")]
    tell_round(path, hooks, ledger, NOW, send)
    months = [MARCH.plus(k) for k in range(5)]
    for month in months:
        ledger.save_result(replace(api_sample.hall_month(FEBRUARY), month=month))
        ledger.close(HALL, month, signed_by="Li")
    tell_round(path, hooks, ledger, NOW, send)
    assert [e["month"] for e in receiver.events()] == list(map(str, months))


def test_a_flood_of_refusals_is_one_message(
    ledger: SqlLedger, receiver: Receiver, tmp_path: Path
) -> None:
    path, hooks = tmp_path / "told.json", [hook(receiver)]
    tell_round(path, hooks, ledger, NOW, send)
    ledger.keep_aside(replace(kept_aside(), device=f"d{k}") for k in range(200))
    assert tell_round(path, hooks, ledger, NOW, send) == (1, 0)
    (event,) = receiver.events()
    assert (len(event["groups"]), event["groups_count"]) == (50, 200)
    ledger.keep_aside([kept_aside(seconds=5)])
    tell_round(path, hooks, ledger, NOW, send)
    assert receiver.events()[1]["groups_count"] == 1


def test_what_fails_is_tried_again_and_given_up_at_last(
    ledger: SqlLedger, receiver: Receiver, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, hooks = tmp_path / "told.json", [hook(receiver, "month_closed")]
    tell_round(path, hooks, ledger, NOW, send)
    ledger.close(HALL, FEBRUARY, signed_by="Li")
    receiver.answer, now = 500, NOW
    for wait_s in AGAIN_AFTER_S:
        assert tell_round(path, hooks, ledger, now, send) == (0, 1)
        assert tell_round(path, hooks, ledger, now + timedelta(seconds=wait_s - 1), send) == (0, 1)
        now += timedelta(seconds=wait_s)
    with caplog.at_level(logging.ERROR):
        assert tell_round(path, hooks, ledger, now, send) == (0, 0)
    assert "given up: it answered 500" in caplog.text
    assert len(receiver.got) == len(AGAIN_AFTER_S) + 1
    assert len({headers["Webhook-Id"] for headers, _, _ in receiver.got}) == 1


def test_one_that_is_away_hears_of_it_later_and_holds_up_nobody_else(
    ledger: SqlLedger, receiver: Receiver, tmp_path: Path
) -> None:
    away = Hook("away", "http://127.0.0.1:9/", SECRET, frozenset(EVENTS))
    path, hooks = tmp_path / "told.json", [away, hook(receiver)]
    tell_round(path, hooks, ledger, NOW, send)
    happen(ledger)
    assert tell_round(path, hooks, ledger, NOW, send) == (4, 4)
    back = [replace(away, url=receiver.url), hooks[1]]
    sent = tell_round(path, back, ledger, NOW + timedelta(seconds=AGAIN_AFTER_S[0]), send)
    assert sent == (4, 0)


def test_an_end_before_sending_loses_nothing(
    ledger: SqlLedger, receiver: Receiver, tmp_path: Path
) -> None:
    path, hooks = tmp_path / "told.json", [hook(receiver)]
    tell_round(path, hooks, ledger, NOW, send)
    happen(ledger)

    def dies(*_: object) -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tell_round(path, hooks, ledger, NOW, dies)
    assert tell_round(path, hooks, ledger, NOW, send) == (4, 0)
    assert path.stat().st_mode & 0o077 == 0, "what is told of is nobody else's affair"


def test_too_many_that_wait_are_bounded_and_those_of_no_hook_forgotten(
    ledger: SqlLedger, receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(told, "MOST_WAITING", 2)
    receiver.answer = 503
    path, hooks = tmp_path / "told.json", [hook(receiver)]
    tell_round(path, hooks, ledger, NOW, send)
    happen(ledger)
    assert tell_round(path, hooks, ledger, NOW, send) == (0, 2)
    assert tell_round(path, [replace(hooks[0], name="other")], ledger, NOW, send) == (0, 0)


def test_no_answer_sends_us_elsewhere(receiver: Receiver) -> None:
    other = Receiver()
    try:
        receiver.answer, receiver.location = 307, other.url
        assert send(hook(receiver), "e", b"{}", 0) == "it answered 307"
        assert other.got == []
    finally:
        other.server.shutdown()
        other.server.server_close()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "names no [[webhook]]"),
        ("[[webhook", "cannot be read"),
        ('name = "a"\nurl = "http://example.org"', "https://"),
        ('name = "a"\nurl = "ftp://example.org"', "https://"),
        ('name = "a"\nurl = "https://u:p@example.org"', "without a name"),
        ('name = "a"\nurl = "https://[::1"', "no address"),
        ('name = "a"\nurl = "https://example.org/ x"', "no address has"),
        ('url = "https://example.org"', "give it a name"),
        ('name = "a"\nurl = "https://example.org"\nevents = ["all"]', "events are some of"),
        ('name = "a"\nurl = "https://example.org"\ncolour = 1', "no key 'colour'"),
        ('name = "a"\nurl = "https://example.org"\nsecret_file = "/none"', "secret_file"),
    ],
)
def test_a_file_that_cannot_be_used_is_told(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "hooks.toml"
    secret = "" if "secret" in text else f'\nsecret = "{SECRET}"'
    path.write_text(text if "=" not in text else f"[[webhook]]\n{text}{secret}\n")
    with pytest.raises(ConfigError) as raised:
        read_hooks(path)
    assert said in str(raised.value)


def test_a_short_secret_and_a_name_twice_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "hooks.toml"
    one = '[[webhook]]\nname = "a"\nurl = "https://example.org/"\nsecret = "{}"\n'
    path.write_text(one.format("short"))
    with pytest.raises(ConfigError, match="32 characters"):
        read_hooks(path)
    path.write_text(2 * one.format(SECRET))
    with pytest.raises(ConfigError, match="one name"):
        read_hooks(path)


def test_a_broken_file_of_what_was_told_is_told(tmp_path: Path) -> None:
    (tmp_path / "told.json").write_text("{")
    with pytest.raises(ConfigError, match="take it away"):
        read_told(tmp_path / "told.json")


def test_the_command_tells(
    receiver: Receiver, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, file, secret = tmp_path / "data", tmp_path / "hooks.toml", tmp_path / "secret"
    secret.write_text(f"{SECRET}\n")
    file.write_text(
        f'[[webhook]]\nname = "finance"\nurl = "{receiver.url}"\nsecret_file = "{secret}"\n'
    )
    assert SECRET not in repr(read_hooks(file))
    assert run("webhooks", file, "--once", "--data", data) == 0
    ledger = SqlLedger(f"sqlite:///{data / 'ledger.db'}")
    ledger.keep_aside([kept_aside()])
    ledger.close_connections()
    assert run("webhooks", file, "--once", "--data", data) == 0
    assert capsys.readouterr().out.splitlines() == ["0 sent, 0 waiting", "1 sent, 0 waiting"]
    assert [e["event"] for e in receiver.events()] == ["reading_refused"]
