"""What posted readings make to be computed anew: told with the answer, to whoever may see it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from fastapi.testclient import TestClient

from domain.keys import Holder, Role
from store.ledger.sql.ledger import SqlLedger
from tests.api_sample import CAMPUS, HALL, NOW
from tests.callers import by_key

OLD = NOW - timedelta(days=40)


def _csv(*rows: tuple[str, Any, float]) -> str:
    lines = [f"{device},water_m3,{at.isoformat()},{value}" for device, at, value in rows]
    return "\n".join(["device,quantity,ts,value", *lines])


def _post(client: TestClient, body: str, query: str = "", **headers: str) -> Any:
    sent = {"Content-Type": "text/csv", **headers}
    return client.post(f"/v1/readings{query}", content=body, headers=sent).json()


def test_a_late_reading_names_its_month_and_how_it_stands(
    own_client: TestClient, own_sample: tuple[Any, SqlLedger]
) -> None:
    states = {(s.institution, str(s.month)): s.state for s in own_sample[1].statuses()}
    first = f"{OLD:%Y-%m}"
    body = _csv(("dy-water", OLD, 4_000.0), ("dy-water", NOW - timedelta(minutes=5), 5_000.0))
    tried = _post(own_client, body, "?dry_run=true")
    said = _post(own_client, body)
    assert tried["recomputes"] == said["recomputes"], "a trial says the same"
    (row,) = said["recomputes"]
    assert (row["institution"], row["month"]) == (CAMPUS, first)
    assert row["state"] == states.get((CAMPUS, first), "not_computed")
    assert (said["recomputed_by"], said["recomputes_left_off"]) == ("command", 0)
    again = _post(own_client, body)
    assert again["repeated"] == 2 and again["recomputes"] == [] and again["recomputed_by"] == ""


def test_a_month_begins_at_local_midnight(own_client: TestClient) -> None:
    first = OLD.replace(day=1, hour=0, minute=0)
    before = first - timedelta(hours=8, minutes=10)  # 23:50 in Shanghai, of the month before
    after = first - timedelta(hours=7, minutes=50)
    body = _csv(("dy-water", before, 3_000.0), ("dy-water", after, 3_001.0))
    months = [r["month"] for r in _post(own_client, body)["recomputes"]]
    assert months == [f"{before:%Y-%m}", f"{first:%Y-%m}"]


def test_months_of_a_long_backfill_are_all_told(own_client: TestClient) -> None:
    days = [OLD - timedelta(days=30 * k) for k in range(6)]
    body = _csv(*[("dy-water", at, 3_000.0 - k) for k, at in enumerate(days)])
    months = {r["month"] for r in _post(own_client, body)["recomputes"]}
    assert months >= {f"{at:%Y-%m}" for at in days[1:]}


def test_who_does_not_see_an_institution_is_told_nothing_of_it(
    serve_own: Callable[..., TestClient], own_sample: tuple[Any, SqlLedger]
) -> None:
    ledger = own_sample[1]
    ledger.add_holder(Holder("esco", "ESCO", NOW))
    narrow = by_key(ledger, holder="esco", role=Role.VENDOR, devices=frozenset({"dy-water"}))
    wide = by_key(ledger, holder="esco", role=Role.VENDOR, institutions=frozenset({CAMPUS, HALL}))
    client = serve_own()
    body = _csv(("dy-water", OLD, 4_000.0))
    said = _post(client, body, "?dry_run=true", **narrow)
    assert said["stored"] == 1 and said["recomputes"] == [] and said["recomputed_by"] == ""
    assert len(_post(client, body, **wide)["recomputes"]) == 1
