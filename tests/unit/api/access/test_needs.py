"""Who gets in: today's one key, open mode, and what every route that changes something needs."""

from collections.abc import Callable, Iterator
from importlib import import_module
from pkgutil import walk_packages
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

import api.pages
import api.routes
from api.access.keys import ANYONE, INSTALLATION, principal_of
from api.access.needs import Needs
from domain.access import Action, Grant, Principal


def _needs(dependant: Dependant) -> Iterator[Action]:
    if isinstance(dependant.call, Needs):
        yield dependant.call.action
    for inner in dependant.dependencies:
        yield from _needs(inner)


def _routes() -> Iterator[APIRoute]:
    for room in (api.pages, api.routes):
        for module in walk_packages(room.__path__, f"{room.__name__}."):
            router = getattr(import_module(module.name), "router", None)
            yield from (r for r in router.routes if isinstance(r, APIRoute)) if router else ()


def test_every_route_that_changes_something_says_what_it_needs() -> None:
    found = {
        r.path: set(_needs(r.dependant))
        for r in _routes()
        if set(r.methods or ()) - {"GET", "HEAD"}
    }
    assert found == {
        "/api/v2/write": {Action.POST},
        "/write": {Action.POST},
        "/v1/adjustments": {Action.ADJUST},
        "/v1/adjustments/{number}/decisions": {Action.APPROVE},
        "/v1/corrections": {Action.CORRECT},
        "/v1/readings": {Action.POST},
    }


def test_without_a_key_configured_anybody_reads_and_posts_but_changes_no_payment() -> None:
    allowed = {a for a in Action if ANYONE.may(a)}
    assert allowed == {Action.READ, Action.POST, Action.CORRECT, Action.AUDIT}
    assert all(INSTALLATION.may(a) for a in Action)


def test_a_key_without_the_action_is_refused(serve_own: Callable[..., TestClient]) -> None:
    client = serve_own(api_key="secret")
    app: Any = client.app
    viewer = Principal("viewer", (Grant(frozenset({Action.READ})),))
    app.dependency_overrides[principal_of] = lambda: viewer
    for path in ("/v1/readings", "/v1/corrections"):
        answer = client.post(path, content=b"[]", headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["code"]) == (403, "wrong_key")
    answer = client.post("/v1/adjustments/1/decisions", json={"kind": "approved", "by": "x"})
    assert (answer.status_code, answer.json()["code"]) == (403, "may_only_propose")
    assert client.get("/v1/institutions").status_code == 200
