"""The registry's workbook over HTTP: down, looked at, up, and never over somebody else's change."""

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from python_calamine import CalamineWorkbook

from api.routes.registry import workbook
from domain.registry import Registry
from registry.merging import check_xlsx
from registry.writing import write_xlsx
from store.ledger.audit import Wanted
from tests import api_sample
from tests.api_sample import CAMPUS, HALL

AT = "/v1/registry/workbook"
KEY = {"X-API-Key": "installation"}
SENT = {**KEY, "Content-Type": workbook.XLSX}
REGISTRY = api_sample.registry()


@pytest.fixture
def served(serve_own: Callable[..., TestClient]) -> TestClient:
    return serve_own(api_key="installation")


def xlsx(registry: Registry) -> bytes:
    file = BytesIO()
    write_xlsx(registry, file)
    return file.getvalue()


def of_type(letter: str) -> bytes:
    """A workbook of the hall and the campus, of other types of building."""
    places = [replace(REGISTRY.institution_by_id[i], building_type=letter) for i in (HALL, CAMPUS)]
    return xlsx(Registry(institutions=tuple(places)))


def types(served: TestClient) -> set[str]:
    return {i["building_type"] for i in served.get("/v1/institutions", headers=KEY).json()}


def test_what_comes_down_goes_up_and_changes_nothing(served: TestClient, tmp_path: Path) -> None:
    down = served.get(AT, headers=KEY)
    assert down.headers["content-type"] == workbook.XLSX
    (tmp_path / "down.xlsx").write_bytes(down.content)
    registry, problems = check_xlsx(tmp_path / "down.xlsx")
    assert problems == [] and len(registry.devices) == len(REGISTRY.devices)
    version = down.headers["etag"]
    up = served.put(AT, content=down.content, headers={**SENT, "If-Match": version})
    assert (up.status_code, up.json(), up.headers["etag"]) == (200, [], version)


def test_it_comes_down_in_chinese_and_goes_up_all_the_same(served: TestClient) -> None:
    down = served.get(f"{AT}?headings=zh", headers=KEY)
    names = CalamineWorkbook.from_filelike(BytesIO(down.content)).sheet_names
    assert names[0] == "机构"
    match = {"If-Match": down.headers["etag"]}
    up = served.put(AT, content=down.content, headers={**SENT, **match})
    assert (up.status_code, up.json()) == (200, [])
    assert served.get(f"{AT}?headings=fr", headers=KEY).status_code == 422


def test_a_dry_run_tells_rows_and_the_months_that_rest_on_them(served: TestClient) -> None:
    answer = served.put(f"{AT}?dry_run=true", content=of_type("H"), headers=SENT)
    assert answer.status_code == 200, answer.text
    rows = {r["record"]: r for r in answer.json()}
    assert set(rows) == {HALL, CAMPUS}
    row = rows[CAMPUS]
    assert (row["change"], row["sheet"], row["column"]) == (
        "changed",
        "institutions",
        "building_type",
    )
    assert row["after"] == "H" and row["closed_months"] > 0 and row["first_closed"]
    assert "改为" in row["zh_text"] and " to H" in row["en_text"]
    assert "H" not in types(served)
    table = served.put(f"{AT}?dry_run=true&format=csv", content=of_type("H"), headers=SENT)
    assert table.text.startswith("\ufeffchange,sheet,record")
    assert table.headers["etag"] == answer.headers["etag"]


def test_it_is_taken_in_with_the_version_looked_at_and_told_of(served: TestClient) -> None:
    looked = served.put(f"{AT}?dry_run=true", content=of_type("H"), headers=SENT)
    version = looked.headers["etag"]
    taken = served.put(AT, content=of_type("H"), headers={**SENT, "If-Match": version})
    assert (taken.status_code, taken.json()) == (200, looked.json())
    assert taken.headers["etag"] not in ("", version)
    assert served.get(AT, headers=KEY).headers["etag"] == taken.headers["etag"]
    assert types(served) == {"H"}
    app: Any = served.app
    (entry, *_) = app.state.backend.ledger.audit_entries(Wanted(), limit=1)
    assert (entry.act.kind, entry.act.action) == ("institution", "change")
    assert entry.act.after == {"building_type": "H"}


def test_somebody_elses_change_in_between_refuses_it(served: TestClient) -> None:
    version = served.get(AT, headers=KEY).headers["etag"]
    first = served.put(AT, content=of_type("H"), headers={**SENT, "If-Match": version})
    second = served.put(AT, content=of_type("B"), headers={**SENT, "If-Match": version})
    assert (first.status_code, second.status_code) == (200, 412)
    assert second.json()["code"] == "changed_meanwhile"
    assert types(served) == {"H"}


def test_without_a_version_nothing_is_taken_in(served: TestClient) -> None:
    answer = served.put(AT, content=of_type("H"), headers=SENT)
    assert (answer.status_code, answer.json()["code"]) == (428, "needs_match")
    assert "H" not in types(served)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_problem_is_told_with_its_place_and_all_is_kept_out(
    served: TestClient, lang: str
) -> None:
    hall = REGISTRY.institution_by_id[HALL]
    wrong = (replace(hall, building_type="H"), replace(hall, id="x", district_code="9", name_en=""))
    headers = {**SENT, "If-Match": served.get(AT, headers=KEY).headers["etag"]}
    answer = served.put(f"{AT}?lang={lang}", content=xlsx(Registry(wrong)), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "registry_refused")
    problems = answer.json()["problems"]
    assert {(p["sheet"], p["row"], p["column"]) for p in problems} == {
        ("institutions", 3, "name_en")
    }
    expected = {"zh": "必须填写", "en": "must be filled"}[lang]
    assert {p["reason"] for p in problems} == {expected} and expected in answer.json()["detail"]
    assert "H" not in types(served)


def test_what_is_no_workbook_is_refused(served: TestClient) -> None:
    as_json = served.put(f"{AT}?dry_run=true", json={}, headers=KEY)
    broken = served.put(f"{AT}?dry_run=true", content=b"PK\x03\x04", headers=SENT)
    assert (as_json.status_code, broken.status_code) == (415, 422)
    assert "/tmp" not in broken.text, "paths of the server are nobody's affair"


def test_one_is_read_at_a_time(served: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "_WAIT_S", 0.01)
    with workbook._reading:
        answer = served.put(f"{AT}?dry_run=true", content=of_type("H"), headers=SENT)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert served.put(f"{AT}?dry_run=true", content=of_type("H"), headers=SENT).is_success


def test_with_no_key_configured_nobody_changes_it(serve_own: Callable[..., TestClient]) -> None:
    answer = serve_own().put(f"{AT}?dry_run=true", content=of_type("H"), headers=SENT)
    assert answer.status_code in (401, 403)
