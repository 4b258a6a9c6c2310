"""Who gets in: the installation's key, open mode, and what every route needs."""

from collections.abc import Callable, Iterator
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient

from api.access.keys import ANYONE, INSTALLATION, principal_of
from api.access.needs import Needs, anybody
from domain.access import Action, Grant, Principal

OPEN_PATHS = {"/docs", "/healthz", "/health", "/metrics", "/ping", "/readyz", "/static/{name}"}
OPEN_PATHS |= {"/sign-in", "/sign-out", "/with-key", "/sign-in/oidc", "/sign-in/oidc/back"}
OPEN_PATHS |= {"/verify", "/verify/{code}"}
"""What tells nothing of institutions, or only to who holds a paper with its code."""


def _declared(dependant: Dependant) -> Iterator[Action | None]:
    """The actions a route needs; None where it says that it needs none."""
    if isinstance(dependant.call, Needs):
        yield dependant.call.action
    if dependant.call is anybody:
        yield None
    for inner in dependant.dependencies:
        yield from _declared(inner)


def _of_app(serve_own: Callable[..., TestClient]) -> Iterator[tuple[str, bool, set[Action | None]]]:
    """(path, whether it changes something, what it declares) of every route of the service."""
    app: Any = serve_own().app
    for route in iter_route_contexts(app.routes):
        dependant = getattr(route, "dependant", None)
        changes = bool(set(route.methods or ()) - {"GET", "HEAD"})
        yield str(route.path), changes, set(_declared(dependant)) if dependant else set()


def test_every_route_says_what_it_needs(serve_own: Callable[..., TestClient]) -> None:
    told = list(_of_app(serve_own))
    assert {path for path, _, declared in told if not declared} == {"/openapi.json"}
    assert {path for path, _, declared in told if None in declared} == OPEN_PATHS
    assert all(len(declared) == 1 for path, _, declared in told if path in OPEN_PATHS)
    assert {path: declared - {Action.READ} for path, changes, declared in told if changes} == {
        "/sign-in": {None},
        "/sign-out": {None},
        "/me/keys": set(),  # whoever signed in, of their own
        "/me/keys/{prefix}/rotate": set(),
        "/me/keys/{prefix}/revoke": set(),
        "/me/try": {Action.POST},
        "/me/waiting": {Action.ADMINISTER},
        "/api/v2/write": {Action.POST},
        "/write": {Action.POST},
        "/v1/adjustments": {Action.ADJUST},
        "/v1/adjustments/{number}/decisions": {Action.APPROVE},
        "/v1/corrections": {Action.CORRECT},
        "/v1/institutions/{institution}/months/{month}/close": {Action.CLOSE},
        "/v1/institutions/{institution}/months/{month}/restatement": {Action.APPROVE},
        "/v1/readings": {Action.POST},
        "/v1/registry/workbook": {Action.ADMINISTER},
        "/v1/registry/{sheet}/{id}": {Action.ADMINISTER},
        "/v1/settlements": {Action.CLOSE},
        "/v1/settlements/signatures": {Action.SIGN},
        "/adjustments": {Action.ADJUST},
        "/adjustments/{number}/decisions": {Action.APPROVE},
        "/corrections": {Action.CORRECT},
        "/contracts/try": set(),  # keeps nothing
        "/settlements/issue": {Action.CLOSE},
        "/settlements/sign": {Action.SIGN},
        "/institutions/{institution}/{month}/close": {Action.CLOSE},
        "/institutions/{institution}/{month}/restatement": {Action.APPROVE},
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
