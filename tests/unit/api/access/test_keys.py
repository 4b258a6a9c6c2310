"""Issued keys at the API: what they open, and that one that is over opens nothing."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from domain.calendar import to_ms
from domain.keys import Holder, Key, Role, digest_of, new_key_text
from tests.api_sample import NOW

Serve = Callable[..., TestClient]
AT = to_ms(NOW) - 60_000


def issue(sample: Any, role: Role = Role.VENDOR, **given: Any) -> tuple[str, Key]:
    _, ledger = sample
    if not ledger.holders():
        ledger.add_holder(Holder("esco", "ESCO", NOW))
    text, prefix = new_key_text()
    key = Key(
        prefix=prefix,
        digest=digest_of(text),
        holder="esco",
        role=role,
        issued_at=NOW - timedelta(days=1),
    )
    key = replace(key, **given)
    ledger.issue_key(key)
    return text, key


def basic(key: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"x:{key}".encode()).decode()}


def post(client: TestClient, key: str, device: str = "dy-water", how: str = "Bearer") -> Any:
    body = json.dumps({"device": device, "ts": AT, "values": {"water_m3": 5_000}})
    headers = {"Content-Type": "application/json"}
    if how == "X-API-Key":
        headers[how] = key
    elif how == "Basic":
        headers |= basic(key)
    else:
        headers["Authorization"] = f"{how} {key}"
    return client.post("/v1/readings?lang=en", content=body, headers=headers)


@pytest.mark.parametrize("how", ["Bearer", "Token", "Basic", "X-API-Key"])
@pytest.mark.parametrize("installation", ["", "secret"])
def test_an_issued_key_opens_beside_the_installations_own(
    serve_own: Serve, own_sample: Any, how: str, installation: str
) -> None:
    client = serve_own(api_key=installation)
    text, key = issue(own_sample)
    assert post(client, text, how=how).status_code == 200
    _, ledger = own_sample
    assert ledger.key(key.prefix).last_used_at == NOW
    wrong = text[:-1] + ("0" if text[-1] != "0" else "1")
    answer = post(client, wrong, how=how)
    assert (answer.status_code, answer.json()["code"]) == (403, "wrong_key")
    assert post(client, "cm_00000000_" + "0" * 64, how=how).status_code == 403


def test_a_key_that_is_over_opens_nothing_from_that_moment(
    serve_own: Serve, own_sample: Any
) -> None:
    client = serve_own()
    _, ledger = own_sample
    text, key = issue(own_sample)
    assert post(client, text).status_code == 200
    ledger.revoke_key(key.prefix, at=NOW, reason="lost")
    expired, _ = issue(own_sample, expires_at=NOW)
    early, _ = issue(own_sample, issued_at=NOW + timedelta(hours=1))
    codes = [post(client, one).json()["code"] for one in (text, expired, early)]
    assert codes == ["key_revoked", "key_expired", "key_early"]


def test_a_narrowed_key_speaks_for_its_devices_only(serve_own: Serve, own_sample: Any) -> None:
    client = serve_own()
    text, _ = issue(own_sample, devices=frozenset({"dy-water"}))
    assert post(client, text).status_code == 200
    answer = post(client, text, device="dy-main")
    assert answer.status_code == 422
    assert answer.json()["rows"][0]["code"] == "unknown_device"  # as one of nobody


@pytest.mark.parametrize("role", list(Role))
def test_a_role_does_what_it_is_for(serve_own: Serve, own_sample: Any, role: Role) -> None:
    client = serve_own(api_key="secret")
    text, _ = issue(own_sample, role=role)
    posts = role in (Role.VENDOR, Role.MANAGER, Role.ADMIN)
    assert post(client, text).status_code == (200 if posts else 403)
    asked = client.get("/v1/audit", headers={"Authorization": f"Bearer {text}"})
    audits = role in (Role.AUDITOR, Role.ADMIN)
    assert asked.status_code == (200 if audits else 403)


def test_with_a_key_issued_nobody_reads_without_one(serve_own: Serve, own_sample: Any) -> None:
    client = serve_own()
    assert client.get("/v1/institutions").status_code == 200
    text, _ = issue(own_sample, role=Role.VIEWER)
    client = serve_own()  # what was not there is asked again after a second
    for path in ("/v1/institutions", "/v1/figures", "/", "/quality"):
        assert client.get(path).status_code == 401
        assert client.get(path, headers={"X-API-Key": text}).status_code == 200
    page = {"Accept": "text/html"}
    asked = client.get("/quality?page=2", headers=page, follow_redirects=False)
    assert asked.status_code == 303
    assert asked.headers["location"] == "/sign-in?next=/quality%3Fpage%3D2"


def test_a_browser_may_give_a_key_instead_of_signing_in(serve_own: Serve, own_sample: Any) -> None:
    client = serve_own()
    text, _ = issue(own_sample, role=Role.VIEWER)

    def asked(key: str) -> Any:
        return client.get(
            "/with-key?next=/quality", headers=basic(key) if key else {}, follow_redirects=False
        )

    for wrong in ("", "guess", text[:-1]):
        assert asked(wrong).status_code == 401
        assert asked(wrong).headers["www-authenticate"] == 'Basic realm="Civicmeter"'
    assert (asked(text).status_code, asked(text).headers["location"]) == (303, "/quality")
    page = client.get("/quality", headers=basic(text) | {"Accept": "text/html"})
    assert page.status_code == 200


def test_the_key_that_reads_changes_nothing(serve_own: Serve) -> None:
    client = serve_own(read_key="look")
    assert client.get("/v1/institutions").status_code == 401
    assert client.get("/v1/institutions", headers={"X-API-Key": "look"}).status_code == 200
    assert post(client, "look").status_code == 403
    assert client.get("/v1/audit", headers={"X-API-Key": "look"}).status_code == 403
    assert post(client, "guess").json()["code"] == "wrong_key"
