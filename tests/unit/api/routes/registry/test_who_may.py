"""The registry as a whole is told to, and changed by, those who may administer everything."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from domain.access import Action
from domain.keys import ACTIONS, Holder, Key, Role, digest_of, new_key_text
from tests.api_sample import HALL, NOW


@pytest.mark.parametrize("path", ["/v1/registry/workbook", "/v1/registry/meters/b7-elec"])
@pytest.mark.parametrize("role", list(Role))
def test_administrators_of_everything_alone(
    serve_own: Callable[..., TestClient], path: str, role: Role
) -> None:
    client: Any = serve_own(api_key="installation")
    ledger = client.app.state.backend.ledger
    ledger.add_holder(Holder("office", "office", NOW))

    def key(**narrowed: frozenset[str]) -> dict[str, str]:
        text, prefix = new_key_text()
        issued_at = NOW - timedelta(days=1)
        kept: Any = {"prefix": prefix, "digest": digest_of(text), **narrowed}
        ledger.issue_key(Key(holder="office", role=role, issued_at=issued_at, **kept))
        return {"X-API-Key": text}

    may = Action.ADMINISTER in ACTIONS[role]
    own, every = key(institutions=frozenset({HALL})), key()
    assert client.get(path).status_code == 401
    assert client.get(path, headers=own).status_code == 403
    assert client.get(path, headers=every).status_code == (200 if may else 403)
    # Let in, one is asked first what the body is, and what it is based on.
    unfinished = 415 if path.endswith("workbook") else 428
    assert client.put(path, json={}, headers=own).status_code == 403
    assert client.put(path, json={}, headers=every).status_code == (unfinished if may else 403)
