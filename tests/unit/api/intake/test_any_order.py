"""However readings are posted (order, parts, repetitions, formats), the store holds the same."""

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.app import create_app
from api.intake.workbook import XLSX
from domain.calendar import from_ms, to_ms
from domain.readings import Series
from store.readings.sqlite import SqliteReadingStore
from tests.api_sample import NOW
from tests.local_client import local_client
from tests.unit.api.intake.test_workbook import workbook

AT = to_ms(NOW) - 3_600_000
SERIES = [Series("dy-main", "energy_import_kwh"), Series("dy-water", "water_m3")]
Row = tuple[Series, int, float]
# One value for each series and time: of contradictions the first one stands, whatever it is.
ROWS: list[Row] = [(s, AT + n * 1000, 100.25 + n) for s in SERIES for n in range(5)]


def _json(rows: Sequence[Row]) -> tuple[bytes, str]:
    items = [{"device": s.device, "ts": at, "values": {s.quantity: v}} for s, at, v in rows]
    return json.dumps(items).encode(), "application/json"


def _ndjson(rows: Sequence[Row]) -> tuple[bytes, str]:
    lines = (json.dumps(item) for item in json.loads(_json(rows)[0]))
    return "\n".join(lines).encode(), "application/x-ndjson"


def _csv(rows: Sequence[Row]) -> tuple[bytes, str]:
    lines = [f"{s.device},{at},{s.quantity},{v}" for s, at, v in rows]
    return "\n".join(["device,ts,quantity,value", *lines]).encode(), "text/csv"


def _lines(rows: Sequence[Row]) -> tuple[bytes, str]:
    lines = (f"meter,device={s.device} {s.quantity}={v} {at}000000" for s, at, v in rows)
    return "\n".join(lines).encode(), "text/plain"


def _xlsx(rows: Sequence[Row]) -> tuple[bytes, str]:
    told: list[list[Any]] = [[s.device, at, s.quantity, v] for s, at, v in rows]
    return workbook(["device", "ts", "quantity", "value"], *told), XLSX


Write = Callable[[Sequence[Row]], tuple[bytes, str]]
POSTINGS = st.tuples(
    st.permutations(ROWS),
    st.lists(st.sampled_from(ROWS), max_size=10),
    st.lists(st.sampled_from([_json, _ndjson, _csv, _lines, _xlsx]), min_size=1, max_size=4),
)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(POSTINGS)
def test_any_order_split_repetition_and_format_leaves_the_same_store(
    tmp_path_factory: Any, own_sample: Any, posting: tuple[list[Row], list[Row], list[Write]]
) -> None:
    order, again, formats = posting
    rows = [*order, *again]
    folder: Path = tmp_path_factory.mktemp("any")
    store = SqliteReadingStore(folder / "readings.db")
    client: TestClient = local_client(
        create_app(store=store, ledger=own_sample[1], now=lambda: NOW)
    )
    stored = repeated = 0
    for n, write in enumerate(formats):
        body, media = write(part := rows[n :: len(formats)])
        answer = client.post("/v1/readings", content=body, headers={"Content-Type": media})
        assert answer.status_code == 200, answer.text
        stored, repeated = stored + answer.json()["stored"], repeated + answer.json()["repeated"]
        assert answer.json()["received"] == len(part)
    assert (stored, repeated) == (len(ROWS), len(again))
    start, end = from_ms(AT), from_ms(AT) + timedelta(hours=1)
    held = {
        (series, int(at), float(v))
        for series, at_ms, value in store.scan(SERIES, start, end)
        for at, v in zip(at_ms, value, strict=True)
    }
    store.close()
    assert held == set(ROWS)
