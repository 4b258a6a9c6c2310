"""Every route, asked by every role for its own things and for others'. What one may not see is not
there: each answer to a narrowed key is that of a service that never heard of the others.
"""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient

from api.app import create_app
from domain.access import Action
from domain.calendar import to_ms
from domain.keys import ACTIONS, Holder, Role
from domain.places import Contract
from domain.registry import Registry
from store.ledger.port import AsideEntry
from store.ledger.sql.ledger import SqlLedger
from store.readings.sqlite import SqliteReadingStore
from tests import api_sample
from tests.api_sample import CAMPUS, FEBRUARY, FIRST_AT, HALL, MARCH, NOW
from tests.callers import by_key, by_session
from tests.local_client import local_client
from tests.statement_sample import DRAFT

MASTER = {"X-API-Key": "installation"}
LIGHTS = Contract(
    "b7-lights",
    HALL,
    "照明改造",
    "Lights",
    "shared",
    date(2022, 1, 1),
    date(2023, 1, 1),
    date(2023, 1, 1),
)

LISTS = [
    "/v1/institutions",
    "/v1/buildings",
    "/v1/meters",
    "/v1/pv-systems",
    "/v1/bins",
    "/v1/weather-stations",
    "/v1/contracts",
    "/v1/contracts/proof",
    "/v1/figures",
    "/v1/days",
    "/v1/factors",
    "/v1/consumption",
    "/v1/consumption/days",
    "/v1/savings",
    "/v1/savings/portfolio",
    "/v1/pv",
    "/v1/waste",
    "/v1/costs",
    "/v1/indicators",
    "/v1/adjustments",
    "/v1/comparisons",
    "/v1/quotas",
    "/v1/peers",
    "/v1/totals",
    "/v1/survey",
    "/v1/quality",
    "/v1/quality/devices",
    "/v1/findings",
    "/v1/quality/board",
    "/v1/aside",
    "/v1/conflicts",
    "/v1/months",
    "/v1/series/list",
    "/v1/series/latest",
    "/v1/corrections",
    "/v1/settlements",
    "/v1/settlements/lines",
    "/v1/reports",
]
WORDS = ["/v1/quantities", "/v1/figure-names"]
"""Told to whoever may read anything."""
PAGES = ["/", "/quality", "/settlements", "/adjustments", "/corrections", "/v1/overview"]
"""And what else is told of all together, whatever is asked for."""
AUDITS = ["/v1/audit", "/audit"]
ADMINISTRATORS = ["/v1/registry/workbook", "/v1/registry/{sheet}/{id}"]
SINGLE = {
    "/v1/series": "/v1/series?device={device}&quantity=energy_import_kwh&start=2024-04-09"
    "&end=2024-04-10",
    "/v1/series/summary": "/v1/series/summary?device={device}&quantity=energy_import_kwh"
    "&start=2024-04-09&end=2024-04-10",
    **{
        f"/v1/months/{{institution}}/{{month}}/{what}": f"/v1/months/{{place}}/2024-02/{what}"
        for what in ("revisions", "restatement", "checks", "diff", "diff/money")
    },
    "/v1/months/{institution}/{month}/revisions/{number}": "/v1/months/{place}/2024-02/revisions/1",
    "/v1/reports/{institution}/{month}.{format}": "/v1/reports/{place}/2024-02.html",
    "/institutions/{institution}/{month}/close": "/institutions/{place}/2024-02/close",
    "/institutions/{institution}/{month}": "/institutions/{place}/2024-02",
    "/v1/settlements/workbook": "/v1/settlements/workbook?contract={contract}&month=2025-06",
    "/v1/settlements/paper": "/v1/settlements/paper?contract={contract}&month=2025-06",
}
OWN = {"device": "b7-elec", "place": HALL, "contract": "b7-lights"}
FOREIGN = {"device": "dy-main", "place": CAMPUS, "contract": "dy-saving"}
NOBODYS = {"device": "no-such", "place": "no-such", "contract": "no-such"}


def fill(ledger: SqlLedger, store: SqliteReadingStore, *, alone: bool) -> None:
    """Something of the hall in every drawer; not `alone`: of the campus as well."""
    every = api_sample.registry()
    shown = replace(every, contracts=(*every.contracts, LIGHTS))
    places = [HALL] if alone else [HALL, CAMPUS]
    ledger.save_registry(
        Registry(
            institutions=tuple(i for i in shown.institutions if i.id in places),
            buildings=tuple(b for b in shown.buildings if b.institution in places),
            devices=tuple(d for d in shown.devices if d.institution in places),
            contracts=tuple(c for c in shown.contracts if c.institution in places),
        ).check()
    )
    for month in (FEBRUARY, MARCH):
        ledger.save_result(api_sample.hall_month(month))
        if not alone:
            ledger.save_result(api_sample.campus_month(month))
            ledger.close(CAMPUS, month, signed_by="Li", reason="")
    ledger.close(HALL, FEBRUARY, signed_by="Li", reason="")
    if not alone:
        ledger.save_result(api_sample.campus_month(MARCH, avoided_kwh=1400.0))
    store.write([r for r in api_sample.readings() if not alone or r.device == "b7-elec"])
    for what in [OWN] if alone else [OWN, FOREIGN]:
        draft = replace(DRAFT, agreement=what["contract"], owners=(what["place"],))
        statement = replace(DRAFT.statement, agreement=what["contract"])  # type: ignore[type-var]
        ledger.issue_statement(replace(draft, statement=statement), issued_by="Li")
    devices = ["b7-elec"] if alone else ["b7-elec", "dy-main", "ghost"]
    ledger.keep_aside(
        AsideEntry(
            source=f"civicmeter/v1/{device}/telemetry",
            code="future_time",
            device=device,
            first_at=NOW,
            last_at=NOW,
        )
        for device in devices
    )


def serve(folder: Path, *, alone: bool) -> TestClient:
    store = SqliteReadingStore(folder / "readings.db")
    ledger = SqlLedger(f"sqlite:///{folder / 'ledger.db'}")
    fill(ledger, store, alone=alone)
    app = create_app(store=store, ledger=ledger, api_key="installation", now=lambda: NOW)
    client = local_client(app, raise_server_exceptions=False)
    for what in [OWN] if alone else [FOREIGN, OWN]:
        client.post("/v1/corrections?lang=en", json=correction(what), headers=MASTER)
        answer = client.post("/v1/adjustments", json=adjustment(what), headers=MASTER)
        assert answer.status_code == 201, answer.text
        other = {
            "device": what["device"],
            "ts": to_ms(FIRST_AT),
            "values": {"energy_import_kwh": 1},
        }
        client.post("/v1/readings", json=other, headers=MASTER)
    return client


def correction(what: dict[str, str], **more: object) -> dict[str, object]:
    at = {
        "device": what["device"],
        "quantity": "energy_import_kwh",
        "at": to_ms(FIRST_AT) + 3_600_000,
    }
    return {**at, "value": 1003.0, "reason": "photo", "author": "Wang", **more}


def adjustment(what: dict[str, str], **more: object) -> dict[str, object]:
    return {
        "contract": what["contract"],
        "carrier": "electricity",
        "start": "2024-03-01",
        "per_day_kwh": 10,
        "reason": "a new room",
        "evidence": "minutes.pdf",
        "evidence_sha256": "0" * 64,
        "author": "Wang",
        **more,
    }


@pytest.fixture(scope="module", params=["key", "session"])
def way(request: pytest.FixtureRequest) -> str:
    """Both ways in: whatever a key of a role may, somebody of that role who signed in may too."""
    return str(request.param)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory, way: str) -> TestClient:
    return serve(tmp_path_factory.mktemp("city"), alone=False)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    """The hall by itself, as if nobody else had ever been there."""
    return serve(tmp_path_factory.mktemp("alone"), alone=True)


@pytest.fixture(scope="module")
def key_of(city: TestClient, way: str) -> Callable[..., dict[str, str]]:
    app: Any = city.app
    ledger = app.state.backend.ledger
    made: dict[object, dict[str, str]] = {}
    carry = by_key if way == "key" else by_session

    def key_of(role: Role, **narrowed: str) -> dict[str, str]:
        """The headers of a role, narrowed to one thing of a kind."""
        name = (role, *narrowed.items())
        if name not in made:
            holder = f"office-{len(made)}"
            ledger.add_holder(Holder(holder, holder, NOW))
            only: Any = {kind: frozenset({one}) for kind, one in narrowed.items()}
            made[name] = carry(ledger, holder=holder, role=role, **only)
        return made[name]

    return key_of


KeyOf = Callable[..., dict[str, str]]


def test_the_matrix_knows_every_route(city: TestClient) -> None:
    app: Any = city.app
    asked = {r.path for r in iter_route_contexts(app.routes) if "GET" in (r.methods or ())}
    known = {*LISTS, *WORDS, *PAGES, *AUDITS, *SINGLE, *ADMINISTRATORS}
    quiet = "/openapi.json /docs /healthz /readyz /metrics /ping /health /static/{name}"
    people = "/sign-in /sign-in/oidc /sign-in/oidc/back /with-key /me /verify /verify/{code} /contracts/try"
    more = {"/v1/adjustments/{number}/evidence"}
    assert asked == known | {*quiet.split(), *people.split()} | more


def said(answer: Any) -> object:
    """What an answer tells, without when it was entered here and under which number."""
    assert answer.status_code == 200, answer.text
    if "json" in answer.headers["content-type"]:
        forget = ("entered_at", "signed_at", "closed_at", "computed_at", "issued_at", "number")
        plain = [{k: v for k, v in row.items() if k not in forget} for row in answer.json()]
        return plain, answer.headers.get("x-total-count"), answer.headers.get("link")
    own = r'<form method="post".*?</form>\s*|(?<=data-number>)\d+| <a data-evidence.*?</a>'
    return re.sub(own, "", answer.text, flags=re.DOTALL)


@pytest.mark.parametrize("path", [*LISTS, *WORDS, *PAGES])
def test_a_narrowed_key_is_told_what_a_service_of_its_own_would_tell(
    city: TestClient, alone: TestClient, key_of: KeyOf, path: str
) -> None:
    assert city.get(path).status_code == 401
    expected = said(alone.get(path, headers=MASTER))
    for role in Role:
        assert said(city.get(path, headers=key_of(role, institutions=HALL))) == expected, role
    # Others, who see more, were and are told more of it; what is kept ready is kept apart.
    whole = city.get(path, headers=MASTER)
    assert path in WORDS or said(whole) != expected or not whole.json()


@pytest.mark.parametrize("path", LISTS)
def test_a_foreign_institution_is_one_that_never_was(
    city: TestClient, key_of: KeyOf, path: str
) -> None:
    assert city.get(f"{path}?institution={CAMPUS}", headers=MASTER).status_code == 200
    for role in Role:
        key = key_of(role, institutions=HALL)
        foreign, none = (
            city.get(f"{path}?institution={i}", headers=key) for i in (CAMPUS, "no-such")
        )
        assert (foreign.status_code, none.status_code) == (404, 404)
        assert foreign.text.replace(CAMPUS, "no-such") == none.text


@pytest.mark.parametrize("path", SINGLE)
def test_a_foreign_thing_is_one_that_never_was(city: TestClient, key_of: KeyOf, path: str) -> None:
    address = SINGLE[path]
    assert city.get(address.format(**FOREIGN), headers=MASTER).status_code == 200
    for role in Role:
        key = key_of(role, institutions=HALL)
        own, foreign, none = (
            city.get(address.format(**what), headers=key) for what in (OWN, FOREIGN, NOBODYS)
        )
        assert own.status_code == 200, own.text
        assert (foreign.status_code, none.status_code) == (404, 404)
        if foreign.headers["content-type"] == "application/problem+json":
            words = re.sub("|".join(FOREIGN.values()), "no-such", foreign.text)
            assert words == none.text


@pytest.mark.parametrize("role", list(Role))
def test_ones_own_page_tells_of_nobody_else(city: TestClient, key_of: KeyOf, role: Role) -> None:
    page = city.get("/me", headers=key_of(role, institutions=HALL))
    assert page.status_code == 200 and "b7-elec" in page.text
    assert not any(word in page.text for word in (CAMPUS, "dy-", "东营", "ghost"))
    assert "dy-main" in city.get("/me", headers=MASTER).text


@pytest.mark.parametrize("path", AUDITS)
@pytest.mark.parametrize("role", list(Role))
def test_the_trail_is_told_to_auditors_of_their_own(
    city: TestClient, key_of: KeyOf, path: str, role: Role
) -> None:
    answer = city.get(path, headers=key_of(role, institutions=HALL))
    assert answer.status_code == (200 if Action.AUDIT in ACTIONS[role] else 403)
    assert not any(word in answer.text for word in (CAMPUS, "dy-", "东营"))


@pytest.mark.parametrize("role", list(Role))
def test_a_role_changes_what_it_may_of_its_own_and_finds_nothing_else(
    city: TestClient, key_of: KeyOf, role: Role
) -> None:
    """Posting, correcting, proposing, seeing evidence and approving, of one's own and of others'."""
    key, may = key_of(role, institutions=HALL), ACTIONS[role]
    shift = list(Role).index(role)
    at_ms = to_ms(FIRST_AT) + 60_000 * (1 + shift)
    for what in (OWN, FOREIGN, NOBODYS):
        own = what is OWN
        reading = {"device": what["device"], "ts": at_ms, "values": {"energy_import_kwh": 1001.5}}
        posted = city.post("/v1/readings", json=reading, headers=key)
        corrected = city.post(
            "/v1/corrections", headers=key, json=correction(what, author="", reason=f"r{shift}")
        )
        proposed = city.post("/v1/adjustments", headers=key, json=adjustment(what, author=""))
        codes = (posted.status_code, corrected.status_code, proposed.status_code)
        assert codes == (
            (200 if own else 422) if Action.POST in may else 403,
            (200 if own else 422) if Action.CORRECT in may else 403,
            (201 if own else 422) if Action.ADJUST in may else 403,
        )
        if not own and Action.POST in may:
            rows = [posted.json()["rows"][0], corrected.json()["rows"][0]]
            assert {row["code"] for row in rows} == {"unknown_device"}
            assert "there are: b7-lights" in proposed.json()["detail"]
    everything = city.get("/v1/adjustments", headers=MASTER).json()
    number = {a["contract"]: a["number"] for a in everything}
    for contract, found in (("b7-lights", True), ("dy-saving", False), ("none", False)):
        at = f"/v1/adjustments/{number.get(contract, 10**6)}"
        evidence = city.get(f"{at}/evidence", headers=key)
        decided = city.post(
            f"{at}/decisions", json={"kind": "withdrawn", "reason": "x"}, headers=key
        )
        refused = evidence.json()["code"], decided.json().get("code", "done")
        assert refused == (
            ("no_evidence" if found else "unknown_adjustment")
            if Action.ADJUST in may
            else "may_only_propose",
            ("done" if found else "unknown_adjustment")
            if Action.APPROVE in may
            else "may_only_propose",
        )


def test_who_proposes_with_a_key_cannot_approve_with_it(city: TestClient, key_of: KeyOf) -> None:
    key, other = key_of(Role.ADMIN, institutions=HALL), key_of(Role.SIGNER, institutions=HALL)
    row = city.post("/v1/adjustments", json=adjustment(OWN, author=""), headers=key).json()
    at = f"/v1/adjustments/{row['number']}/decisions"
    own = city.post(at, json={"kind": "approved"}, headers=key)
    named = city.post(at, json={"kind": "approved", "by": "Li Wei"}, headers=key)
    assert (own.json()["code"], named.json()["code"]) == ("bad_value", "not_your_name")
    assert city.post(at, json={"kind": "approved"}, headers=other).json()["status"] == "approved"


def test_a_key_of_a_contract_or_a_device_sees_these_alone(city: TestClient, key_of: KeyOf) -> None:
    contract = key_of(Role.VENDOR, contracts="dy-saving")
    device = key_of(Role.VENDOR, devices="dy-main")
    expected = {
        "contract": {
            "/v1/contracts": 1,
            "/v1/adjustments": 1,
            "/v1/settlements": 1,
            "/v1/settlements/lines": 1,
        },
        "device": {
            "/v1/meters": 1,
            "/v1/series/list": 1,
            "/v1/series/latest": 1,
            "/v1/corrections": 1,
        },
    }
    for kind, key in (("contract", contract), ("device", device)):
        for path in LISTS:
            rows = city.get(path, headers=key).json()
            assert all(CAMPUS in json.dumps(row) or path in WORDS for row in rows if "id" in row)
            least = expected[kind].get(path, 0)
            assert len(rows) >= least, path
            if path in ("/v1/institutions", "/v1/figures", "/v1/months", "/v1/consumption"):
                assert rows == []
        for path in PAGES:
            assert "剑桥" not in city.get(path, headers=key).text
    assert {s["contract"] for s in city.get("/v1/savings", headers=contract).json()} == {
        "dy-saving"
    }
    assert city.get("/v1/savings", headers=device).json() == []
    assert city.get("/v1/meters", headers=contract).json() == []
