"""Single records of the registry over HTTP: one row of a sheet, through the same checks."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi.testclient import TestClient

from domain.registry import Registry
from registry.merging import fitted
from registry.sheets import records_of, sheet_of
from registry.single import plain_of, read_plain
from tests import api_sample
from tests.api_sample import HALL

KEY = {"X-API-Key": "installation"}
METER = "/v1/registry/meters/b7-elec"
REGISTRY = api_sample.registry()


@pytest.fixture
def served(serve_own: Callable[..., TestClient]) -> TestClient:
    return serve_own(api_key="installation")


def put(served: TestClient, path: str, body: object, **headers: str) -> Any:
    names = {k.replace("_", "-"): v for k, v in headers.items()}
    return served.put(path, json=body, headers={**KEY, **names})


def tag(served: TestClient, path: str = METER) -> str:
    return str(served.get(path, headers=KEY).headers["etag"])


@pytest.mark.parametrize("record", records_of(REGISTRY), ids=lambda r: r.id)
def test_every_record_is_read_back_as_it_is_told(record: Any) -> None:
    """Without what is registered of it: all of it is told."""
    known = Registry(
        tuple(r for r in REGISTRY.institutions if r is not record),
        tuple(r for r in REGISTRY.buildings if r is not record),
        tuple(r for r in REGISTRY.devices if r is not record),
        tuple(r for r in REGISTRY.contracts if r is not record),
    )
    read = read_plain(sheet_of(record), record.id, plain_of(record), known)
    back, problems = fitted(*read, known)
    assert problems == []
    assert records_of(back) == (record,)


def test_what_is_left_out_stays_and_null_empties(served: TestClient) -> None:
    before = served.get(METER, headers=KEY).json()
    answer = put(served, METER, {"name_en": "Renamed", "max_rate_per_h": 123}, If_Match=tag(served))
    assert answer.status_code == 200, answer.text
    assert {r["column"]: r["after"] for r in answer.json()} == {
        "name_en": "Renamed",
        "max_rate_per_h": "123",
    }
    after = served.get(METER, headers=KEY)
    assert after.json() == {**before, "name_en": "Renamed", "max_rate_per_h": 123.0}
    assert after.headers["etag"] == answer.headers["etag"]
    put(served, METER, {"max_rate_per_h": None}, If_Match=answer.headers["etag"])
    assert served.get(METER, headers=KEY).json()["max_rate_per_h"] is None


def test_a_history_is_given_as_its_rows(served: TestClient) -> None:
    rows = [{"field": "multiplier", "valid_from": "2024-03-15", "value": 40}]
    answer = put(served, METER, {"dated": rows}, If_Match=tag(served))
    assert answer.status_code == 200, answer.text
    assert served.get(METER, headers=KEY).json()["dated"] == [{**rows[0], "value": 40.0}]
    said = {(r["change"], r["item"], r["after"]) for r in answer.json()}
    assert ("added", "2024-03-15", "40") in said


def test_one_is_added_only_where_there_is_none(served: TestClient) -> None:
    new = {"institution": HALL, "carrier": "water", "register": "water_m3"}
    path = "/v1/registry/meters/b7-water-2"
    assert put(served, path, new).status_code == 428
    assert put(served, path, new, If_Match="*").status_code == 404
    added = put(served, path, new, If_None_Match="*")
    assert (added.status_code, [r["change"] for r in added.json()]) == (200, ["new"])
    assert put(served, path, new, If_None_Match="*").status_code == 412
    # An id is one device's, whatever sheet it stands in.
    bin_ = {"institution": HALL, "stream": "food"}
    taken = put(served, "/v1/registry/bins/b7-water-2", bin_, If_None_Match="*")
    assert taken.status_code == 412


def test_of_those_who_based_it_on_the_same_one_is_taken(served: TestClient) -> None:
    version = tag(served)

    def rename(k: int) -> int:
        return int(put(served, METER, {"name_en": f"n{k}"}, If_Match=version).status_code)

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(rename, range(4))) == [200, 412, 412, 412]


def test_changes_of_other_records_do_not_refuse_it(served: TestClient) -> None:
    paths = [f"/v1/registry/{sheet_of(r)}/{r.id}" for r in REGISTRY.devices[:3]]
    tags = [tag(served, p) for p in paths]

    def rename(k: int) -> int:
        return int(put(served, paths[k], {"name_en": "x"}, If_Match=tags[k]).status_code)

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(rename, range(3))) == [200, 200, 200]


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"carrier": "steam"}, ("meters", 2, "carrier")),
        ({"max_rate_per_h": "much"}, ("meters", 2, "max_rate_per_h")),
        ({"max_rate_per_h": True}, ("meters", 2, "max_rate_per_h")),
        ({"parent": "ghost"}, ("meters", 2, "parent")),
        ({"colour": "red"}, ("meters", 1, "colour")),
        ({"operation": []}, ("meters", None, "operation")),
        ({"dated": {"field": "multiplier"}}, ("dated", None, "")),
        ({"dated": [{"field": "multiplier", "value": 4}]}, ("dated", 2, "valid_from")),
        ({"dated": [{"valid_from": "2024-01-01", "value": 4}]}, ("dated", 2, "field")),
    ],
    ids=str,
)
def test_the_checks_are_those_of_the_workbook(
    served: TestClient, body: dict[str, object], place: tuple[object, ...]
) -> None:
    before = served.get(METER, headers=KEY).json()
    answer = put(served, METER, body, If_Match=tag(served))
    assert (answer.status_code, answer.json()["code"]) == (422, "registry_refused")
    found = [(p["sheet"], p["row"], p["column"]) for p in answer.json()["problems"]]
    assert place in found
    assert served.get(METER, headers=KEY).json() == before


def test_a_dry_run_of_one_changes_nothing(served: TestClient) -> None:
    before = tag(served)
    answer = put(served, f"{METER}?dry_run=true", {"name_en": "x"})
    assert (answer.status_code, len(answer.json())) == (200, 1)
    assert tag(served) == before


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/v1/registry/cars/x", {}, 404, "unknown_sheet"),
        (METER, {"id": "another"}, 422, "bad_value"),
        (METER, [], 400, "unreadable_body"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    served: TestClient, path: str, body: object, status: int, code: str
) -> None:
    answer = put(served, path, body, If_Match="*")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert served.get("/v1/registry/meters/none", headers=KEY).status_code == 404


def test_replaced_by_the_same_it_is_not_changed(served: TestClient) -> None:
    told, before = served.get(METER, headers=KEY).json(), tag(served)
    answer = put(served, METER, told, If_Match=before)
    assert (answer.status_code, answer.json(), answer.headers["etag"]) == (200, [], before)
