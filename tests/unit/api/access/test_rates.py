"""So many requests a key, a person and an address; one's do not count for another."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.access.rates import Rates
from api.intake.turns import WAITING, Turns
from api.problems import ProblemError
from domain.errors import ConfigError
from tests.unit.api.access.test_keys import issue

Serve = Callable[..., TestClient]


def ask(client: TestClient, key: str = "", lang: str = "en") -> Any:
    headers = {"X-API-Key": key} if key else {}
    return client.get(f"/v1/quantities?lang={lang}", headers=headers)


def test_a_key_may_ask_so_often_and_another_is_not_counted_with_it(
    serve_own: Serve, own_sample: Any
) -> None:
    client = serve_own(api_key="installation", rates=Rates("3/hour", ""))
    one, other = issue(own_sample)[0], issue(own_sample)[0]
    assert [ask(client, one).status_code for _ in range(5)] == [200] * 3 + [429] * 2
    refused = ask(client, one)
    assert 1 <= int(refused.headers["retry-after"]) <= 3600
    assert refused.headers["content-type"] == "application/problem+json"
    assert "may ask 3 times within 3600 s" in refused.json()["detail"]
    assert "3600 秒内最多 3 次" in ask(client, one, "zh").json()["detail"]
    assert ask(client, other).status_code == 200
    # The installation's own key is the operator's.
    assert {ask(client, "installation").status_code for _ in range(9)} == {200}


def test_a_key_is_counted_at_every_address(serve_own: Serve, own_sample: Any) -> None:
    client = serve_own(rates=Rates("2/hour", ""))
    key = issue(own_sample)[0]
    body = "meter,device=dy-water water_m3=5000 1712628000000000000\n"
    headers = {"Authorization": f"Token {key}"}
    codes = [client.post("/api/v2/write", content=body, headers=headers) for _ in range(3)]
    assert [c.status_code for c in codes] == [204, 204, 429]
    assert client.get("/", headers=headers).status_code == 429


def test_strangers_are_counted_by_address_and_are_in_nobody_elses_way(
    serve_own: Serve, own_sample: Any
) -> None:
    client = serve_own(api_key="installation", rates=Rates("", "3/hour"))
    key = issue(own_sample)[0]
    codes = [ask(client, guess).status_code for guess in ("", "guess", key[:-1], key[:-1], "")]
    assert codes == [401, 403, 403, 429, 429]
    own = {"Origin": "http://127.0.0.1:8000"}
    assert client.post("/sign-in", data={"login": "x"}, headers=own).status_code == 429
    assert client.get("/with-key", headers={"Authorization": "Bearer guess"}).status_code == 429
    assert ask(client, key).status_code == ask(client, "installation").status_code == 200


def test_a_limit_that_cannot_be_read_is_told() -> None:
    with pytest.raises(ConfigError, match="50/second; 1500/minute"):
        Rates("often", "")


@pytest.mark.anyio
async def test_who_has_too_many_waiting_is_told_to_come_later_and_others_are_not() -> None:
    import anyio

    turns, done = Turns(), anyio.Event()

    async def wait() -> None:
        async with turns.of("flood"):
            await done.wait()

    async with anyio.create_task_group() as tasks:
        for _ in range(3 + WAITING):
            tasks.start_soon(wait)
        await anyio.wait_all_tasks_blocked()
        with pytest.raises(ProblemError) as refused:
            turns.of("flood")
        assert refused.value.status == 429 and "Retry-After" in refused.value.headers
        async with turns.of("other"):
            done.set()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
