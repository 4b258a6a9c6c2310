"""What a small body can cost: its reading takes time in proportion to its size, and what it holds
is bounded."""

import gzip
import json
import time
from collections.abc import Callable, Iterator

import pytest
from fastapi.testclient import TestClient

from api.intake import posting
from api.intake.posted import UnreadableBodyError
from api.routes.posted import readings
from ingest.decode.values import read_json
from tests.unit.api.intake.by_value import READERS
from tests.unit.api.intake.test_post_readings import AT, CSV, JSON, LINES, NDJSON, post

SIZE = 1 << 18
MOST_CPU_S = 10.0
"""For a quarter of a mebibyte: the slowest takes 3 s (20 microseconds a line that is nothing), what
goes with the square of the size a minute."""
HEAD = b"device,ts,quantity,value\n"


def of(unit: bytes, head: bytes = b"", tail: bytes = b"") -> bytes:
    return head + unit * ((SIZE - len(head) - len(tail)) // len(unit)) + tail


BODIES = {
    "deep": (JSON, of(b"[")),
    "deep and closed": (JSON, b"[" * 500_000 + b"]" * 500_000),
    "a long number": (JSON, of(b"9", b'{"device":"d","ts":1,"values":{"a":', b"}}")),
    "long numbers": (JSON, of(b"9" * 4_300 + b",", b"[", b"0]")),
    "quotes that never close": (JSON, of(b'"\\')),
    "a string that never closes": (JSON, of(b"\\", b'"')),
    "words for no number": (JSON, of(b"nan(")),
    "nearly words for no number": (JSON, of(b"1.#aaaaa000")),
    "signs": (JSON, of(b"+")),
    "one name again and again": (JSON, of(b'"a":1,', b"{", b'"a":1}')),
    "lines that are nothing": (NDJSON, of(b"x\n")),
    "deep lines": (NDJSON, of(b"[" * 900 + b"]" * 900 + b"\n")),
    "one row of commas": (CSV, of(b",", HEAD)),
    "one cell of line ends": (CSV, of(b"\n", HEAD + b'"')),
    "quotes in a row": (CSV, of(b'"', HEAD)),
    "escapes of a tag": (LINES, of(b"\\ ", b"m", b",device=d a=1 1")),
    "escapes of a name": (LINES, of(b"\\=", b"m,device=d ", b"=1 1")),
    "escapes of names": (LINES, of(b"a\\==1,", b"m,device=d ", b"a=1 1")),
    "quotes of a value": (LINES, of(b'"', b"m,device=d a=", b" 1")),
    "tags": (LINES, of(b",a=\\,", b"m", b",device=d a=1 1")),
    "spaces": (LINES, of(b" ", b"m,device=d", b"a=1 1")),
}


@pytest.mark.parametrize("name", BODIES)
def test_reading_takes_time_in_proportion(name: str) -> None:
    media, body = BODIES[name]
    began = time.process_time()
    try:
        for _ in READERS[media](body):
            pass
    except UnreadableBodyError:
        pass
    assert time.process_time() - began < MOST_CPU_S


@pytest.mark.parametrize("name", [n for n, (media, _) in BODIES.items() if media == JSON])
def test_a_message_takes_no_longer(name: str) -> None:
    """The collector reads messages of up to four times that in the thread that hears."""
    began = time.process_time()
    try:
        read_json(BODIES[name][1])
    except Exception as error:
        assert type(error).__name__ == "PayloadError"
    assert time.process_time() - began < MOST_CPU_S


def test_what_opens_into_millions_of_parts_is_refused_unread(
    serve_own: Callable[..., TestClient],
) -> None:
    """Each would be an object of a hundred bytes: half a gigabyte from some kilobytes."""
    client = serve_own()
    for media in READERS:
        for unit in (b"[],", b"0,", b"[", b"{"):
            packed = gzip.compress(unit * 2_000_001, 1)
            answer = post(client, packed, media, **{"Content-Encoding": "gzip"})
            assert (answer.status_code, answer.json()["code"]) == (413, "too_many_parts")


def test_a_name_of_megabytes_is_not_told_again(serve_own: Callable[..., TestClient]) -> None:
    body = b"m,device=%s %s=1 %d000000" % (b"d" * 500_000, b"q" * 500_000, AT)
    answer = post(serve_own(), body, LINES)
    assert answer.status_code == 422
    assert len(answer.content) < 5_000


def values(count: int) -> Iterator[dict[str, object]]:
    for k in range(count):
        yield {"device": "dy-main", "ts": AT + k, "values": {"power_w": 1.0}}


def test_a_body_holds_so_many_values(
    serve_own: Callable[..., TestClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is beyond is not taken, what was before stays, and sending again counts nothing twice."""
    monkeypatch.setattr(posting, "MAX_VALUES", 10)
    monkeypatch.setattr(readings, "MAX_VALUES", 10)
    client = serve_own()
    fine, too_many = (json.dumps(list(values(k))).encode() for k in (10, 11))
    for stored, repeated in ((10, 0), (0, 10)):
        packed = gzip.compress(too_many)
        answer = post(client, packed, **{"Content-Encoding": "gzip"})
        assert (answer.status_code, answer.json()["code"]) == (413, "too_many_posted")
        told = answer.json()
        assert (told["received"], told["stored"], told["repeated"]) == (10, stored, repeated)
        assert "in parts" in told["detail"]
    assert post(client, fine).json()["repeated"] == 10
