"""Answers that are kept: given again while they hold, and not a moment longer."""

import asyncio
import gzip
import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from fastapi import Request, Response
from fastapi.testclient import TestClient

from api.kept_answers import KeptAnswers, tag_of
from domain.registry import Registry
from store.ledger.sql.ledger import SqlLedger
from tests.unit.api.conftest import Sample

PATHS = [
    "/v1/months",
    "/v1/figures?institution={id}",
    "/v1/consumption?per=all",
    "/v1/indicators",
    "/v1/savings",
    "/v1/findings?lang=en",
    "/v1/quality",
    "/v1/comparisons",
    "/v1/figures?institution={id}&format=csv",
]


def asked(headers: dict[str, str] | None = None) -> Request:
    raw = [(k.lower().encode(), v.encode()) for k, v in (headers or {}).items()]
    return Request({"type": "http", "method": "GET", "path": "/", "headers": raw})


def answered(answers: KeptAnswers, key: str, tag: str, body: bytes, **headers: str) -> Response:
    async def make() -> Response:
        return Response(body, media_type="application/json")

    return asyncio.run(answers.answer(asked(headers), key, tag, make))


def test_an_answer_is_kept_while_its_tag_is_the_same() -> None:
    answers = KeptAnswers()
    assert answered(answers, "k", 'W/"1"', b"first").body == b"first"
    assert answered(answers, "k", 'W/"1"', b"not made").body == b"first"
    assert answered(answers, "k", 'W/"2"', b"second").body == b"second"
    assert answered(answers, "other", 'W/"1"', b"another").body == b"another"


def test_who_has_it_already_is_told_so_without_work() -> None:
    answers = KeptAnswers()
    told = answered(answers, "k", 'W/"1"', b"never made", **{"If-None-Match": '"0", W/"1"'})
    assert (told.status_code, told.body) == (304, b"")
    assert told.headers["etag"] == 'W/"1"'
    other = answered(answers, "k", 'W/"2"', b"made", **{"If-None-Match": 'W/"1"'})
    assert (other.status_code, other.headers["etag"]) == (200, 'W/"2"')


def test_it_is_packed_for_those_who_take_it() -> None:
    answers, long = KeptAnswers(), b"[" + b"1," * 5_000 + b"1]"
    packed = answered(answers, "k", 'W/"1"', long, **{"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == long
    plain = answered(answers, "k", 'W/"1"', b"")
    assert plain.body == long and "content-encoding" not in plain.headers
    short = answered(answers, "s", 'W/"1"', b"[]", **{"Accept-Encoding": "gzip"})
    assert "content-encoding" not in short.headers


def test_no_more_is_kept_than_may_be() -> None:
    answers = KeptAnswers(kept_bytes=250)
    for key in "abc":
        answered(answers, key, 'W/"1"', key.encode() * 100)
    assert answered(answers, "c", 'W/"1"', b"new").body == b"c" * 100
    assert answered(answers, "b", 'W/"1"', b"new").body == b"b" * 100
    assert answered(answers, "a", 'W/"1"', b"new").body == b"new", "the oldest has gone"


def test_what_went_wrong_is_not_kept() -> None:
    async def refused() -> Response:
        return Response(b"no", status_code=503)

    answers = KeptAnswers()
    told = asyncio.run(answers.answer(asked(), "k", 'W/"1"', refused))
    assert told.status_code == 503
    assert answered(answers, "k", 'W/"1"', b"yes").body == b"yes"


def test_equal_questions_at_the_same_time_are_answered_once() -> None:
    made: list[int] = []

    async def make() -> Response:
        made.append(1)
        await asyncio.sleep(0.05)
        return Response(b"slow", media_type="application/json")

    async def ask() -> list[Response]:
        answers = KeptAnswers()
        tasks = [
            asyncio.ensure_future(answers.answer(asked(), "k", 'W/"1"', make)) for _ in range(5)
        ]
        await asyncio.sleep(0.01)
        tasks[0].cancel()  # who leaves takes nobody's answer away
        return await asyncio.gather(*tasks[1:])

    assert [r.body for r in asyncio.run(ask())] == [b"slow"] * 4
    assert made == [1]


def test_the_tag_is_of_all_that_an_answer_rests_on() -> None:
    assert tag_of("a", "b") == tag_of("a", "b")
    assert len({tag_of("a", "b"), tag_of("a", "c"), tag_of("ab", ""), tag_of("a\nb", "")}) >= 3


@pytest.mark.parametrize("path", PATHS)
def test_whatever_changes_is_seen_at_once(
    own_sample: Sample, serve_own: Callable[..., TestClient], path: str
) -> None:
    """Computed again, closed, renamed: after each the answer is that of a service just begun."""
    _, ledger = own_sample
    standing = next(r for r in ledger.results() if r.figures)
    path = path.format(id=standing.institution)
    client = serve_own()

    def fresh() -> bytes:
        return serve_own().get(path).content

    tags = set()
    for change in (_nothing, _computed, _closed, _renamed):
        change(ledger, standing.institution)
        client.app.state.backend.registries.fresh()  # type: ignore[attr-defined]
        told = client.get(path)
        assert told.status_code == 200, told.text
        assert told.content == fresh(), change.__name__
        tag = told.headers["etag"]
        assert client.get(path, headers={"If-None-Match": tag}).status_code == 304
        tags.add(tag)
    assert len(tags) == 4


def _nothing(ledger: SqlLedger, institution: str) -> None:
    pass


def _computed(ledger: SqlLedger, institution: str) -> None:
    month = max(s.month for s in ledger.statuses(institution))
    (found,) = ledger.results(institution, month, month.plus(1))
    figures = [replace(f, value=None if f.value is None else f.value * 2) for f in found.figures]
    ledger.save_result(replace(found, figures=tuple(figures)))


def _closed(ledger: SqlLedger, institution: str) -> None:
    for status in ledger.statuses(institution):
        ledger.close(institution, status.month, signed_by="王会计")


def _renamed(ledger: SqlLedger, institution: str) -> None:
    place = ledger.registry().institution_by_id[institution]
    ledger.save_registry(Registry(institutions=(replace(place, name_en="Renamed"),)))


def test_csv_and_json_of_one_address_are_two_answers(client: TestClient) -> None:
    as_json = client.get("/v1/months")
    as_csv = client.get("/v1/months", headers={"Accept": "text/csv"})
    assert json.loads(as_json.content) and as_csv.headers["content-type"].startswith("text/csv")
    assert as_json.headers["etag"] != as_csv.headers["etag"]
    assert client.get("/v1/months").content == as_json.content
