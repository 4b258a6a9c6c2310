"""What would become of a body, and bodies that are taken whole or not at all."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.calendar import from_ms, to_ms
from domain.readings import Series
from tests.api_sample import NOW

Serve = Callable[..., TestClient]
AT = to_ms(NOW) - 600_000
SERIES = [Series("dy-water", "water_m3"), Series("dy-main", "energy_import_kwh")]


def post(client: TestClient, rows: list[tuple[str, str, int, float]], query: str = "") -> Any:
    body = [{"device": d, "ts": t, "values": {q: v}} for d, q, t, v in rows]
    headers = {"Content-Type": "application/json"}
    return client.post(f"/v1/readings?lang=en{query}", content=json.dumps(body), headers=headers)


def state(sample: Any) -> Any:
    store, ledger = sample
    held = store.scan(SERIES, from_ms(AT), from_ms(AT + 600_000))
    return [(a.tolist(), v.tolist()) for _, a, v in held], ledger.aside()


_rows = st.lists(
    st.tuples(
        st.sampled_from(["dy-water", "nobodys"]),
        st.sampled_from(["water_m3", "no_such"]),
        st.integers(AT, AT + 3),
        st.sampled_from([7.0, 7.5]),
    ),
    min_size=1,
    max_size=6,
)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(_rows)
def test_a_trial_says_what_then_happens_and_leaves_no_trace(
    serve_own: Serve, own_sample: Any, rows: list[tuple[str, str, int, float]]
) -> None:
    client, before = serve_own(), state(own_sample)
    tried = post(client, rows, "&dry_run=true")
    assert state(own_sample) == before
    done = post(client, rows)
    assert (tried.status_code, tried.json()) == (done.status_code, done.json())


def test_an_atomic_body_is_stored_whole_or_not_at_all(
    serve_own: Serve, own_sample: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, before = serve_own(), state(own_sample)
    good, bad = ("dy-water", "water_m3", AT, 7.5), ("nobodys", "water_m3", AT, 7.5)
    answer = post(client, [good, bad], "&atomic=true")
    told = answer.json()
    assert (answer.status_code, told["code"]) == (422, "not_all_good")
    assert (told["received"], told["stored"], told["refused"]) == (2, 0, 1)
    assert told["rows"][0]["row"] == 2
    assert state(own_sample) == before
    # What contradicts what is stored is no better than what cannot be read.
    assert post(client, [good], "&atomic=true").json()["stored"] == 1
    other = ("dy-water", "water_m3", AT + 1, 7.5)
    conflicting = ("dy-water", "water_m3", AT, 8.0)
    assert post(client, [other, conflicting], "&atomic=true").status_code == 422
    assert state(own_sample)[0][0] == ([AT], [7.5])
    monkeypatch.setattr("api.intake.posting.MAX_VALUES", 1)
    answer = post(client, [good, other], "&atomic=true")
    assert (answer.status_code, answer.json()["code"]) == (413, "too_many_atomic")
    assert state(own_sample)[0][0] == ([AT], [7.5])
