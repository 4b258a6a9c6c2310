"""Pages that begin after a row: whoever follows the links sees every row that stays exactly once."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient

from domain.access import Action, Grant, Principal
from domain.audit import LOCAL, Act
from domain.registry import Registry
from tests import api_sample

BIN = next(d for d in api_sample.registry().devices if d.device_class == "bin")


def pages(client: TestClient, path: str, between: Callable[[], None]) -> Iterator[list[Any]]:
    """The pages by their links; something happens after each."""
    at: str | None = path
    while at:
        answer = client.get(at)
        assert answer.status_code == 200, answer.text
        yield answer.json()
        between()
        at = answer.links.get("next", {}).get("url")


@pytest.mark.parametrize(
    "path",
    [
        "institutions",
        "buildings",
        "meters",
        "pv-systems",
        "bins",
        "weather-stations",
        "contracts",
        "series/list",
    ],
)
def test_one_by_one_gives_all_of_them_once(client: TestClient, path: str) -> None:
    whole = client.get(f"/v1/{path}")
    found = list(pages(client, f"/v1/{path}?limit=1", lambda: None))
    assert [row for page in found for row in page] == whole.json()
    assert [len(page) for page in found] == [1] * int(whole.headers["x-total-count"])
    assert "link" not in whole.headers


def test_rows_that_come_and_go_move_nothing(serve_own: Callable[..., TestClient]) -> None:
    client: Any = serve_own()
    backend = client.app.state.backend

    def add(*names: str) -> None:
        backend.ledger.save_registry(Registry(devices=tuple(replace(BIN, id=n) for n in names)))
        backend.registries.fresh()

    add("bin/b", "bin/d", "bin/f")
    before = [b["id"] for b in client.get("/v1/bins").json()]
    news = iter(["bin/a", "bin/aa", "bin/c", "bin/e", "zz"])
    seen = [
        row["id"]
        for page in pages(client, "/v1/bins?limit=1", lambda: add(next(news, "bin/a")))
        for row in page
    ]
    assert seen == sorted(seen) and len(seen) == len(set(seen))
    assert set(before) <= set(seen)


def test_after_a_row_that_has_gone_the_next_follows(client: TestClient) -> None:
    every = [m["id"] for m in client.get("/v1/meters").json()]
    assert [m["id"] for m in client.get("/v1/meters?after=").json()] == every
    first = every[0]
    for after in (first, f"{first}\x20"):
        rest = client.get("/v1/meters", params={"after": after}).json()
        assert [m["id"] for m in rest] == every[1:]
    assert client.get("/v1/meters?after=zzz").json() == []


def test_the_trail_is_followed_while_it_grows(serve_own: Callable[..., TestClient]) -> None:
    from api.access.keys import principal_of

    client: Any = serve_own()
    ledger = client.app.state.backend.ledger
    grant = Grant(frozenset({Action.AUDIT, Action.READ}))
    client.app.dependency_overrides[principal_of] = lambda: Principal("auditor", (grant,))

    def tell() -> None:
        ledger.audit(LOCAL, [Act(action="add", kind="contract", id="x", contract="x", after={})])

    for _ in range(5):
        tell()
    before = [e["number"] for e in client.get("/v1/audit?kind=contract").json()]
    found = [
        e["number"] for page in pages(client, "/v1/audit?kind=contract&limit=2", tell) for e in page
    ]
    assert found == before, "what came meanwhile is newer than where one began"
    wrong = client.get("/v1/audit?after=x")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "bad_parameter")
