"""Signing in at the page: a cookie that opens what a key would, and closes at once."""

import re
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from statistics import median
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.access.passwords import hashed
from api.access.sessions import form_token
from api.app import create_app
from domain.calendar import to_ms
from domain.keys import Holder, Role
from domain.people import GUESSING_WINDOW, NAME_ATTEMPTS, SESSION_LASTS, Account
from store.ledger.sql.ledger import SqlLedger
from tests.api_sample import NOW
from tests.local_client import local_client

PASSWORD = "correct horse battery"
HASH = hashed(PASSWORD)
WANG = Account(
    login="wang", holder="office", person="王芳", role=Role.MANAGER, added_at=NOW, password=HASH
)
OWN = {"Origin": "http://127.0.0.1:8000"}
READING = {"device": "dy-water", "ts": to_ms(NOW) - 60_000, "values": {"water_m3": 5_000}}


class Clock:
    def __init__(self) -> None:
        self.now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


Ask = Callable[..., TestClient]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(own_sample: tuple[Any, SqlLedger]) -> SqlLedger:
    _, ledger = own_sample
    ledger.add_holder(Holder("office", "Office", NOW))
    ledger.add_person(WANG)
    return ledger


@pytest.fixture
def browser(own_sample: tuple[Any, SqlLedger], ledger: SqlLedger, clock: Clock) -> Ask:
    """A browser of its own, by default on this machine, at a process of its own."""
    store, _ = own_sample

    def open_one(api_key: str = "", **settings: Any) -> TestClient:
        app = create_app(
            store=store, ledger=ledger, now=clock, api_key=api_key, proxies=("10.0.0.1",)
        )
        headers = {"Accept": "text/html", "Accept-Language": "en"}
        return local_client(app, headers=headers, follow_redirects=False, **settings)

    return open_one


def sign_in(client: TestClient, login: str = "wang", password: str = PASSWORD, **more: Any) -> Any:
    form = {"login": login, "password": password, "next": more.pop("next", "/quality")}
    return client.post("/sign-in", data=form, headers={**OWN, **more})


def session_of(client: TestClient) -> str:
    return str(client.cookies.get("civicmeter_session"))


def token(client: TestClient) -> dict[str, str]:
    return OWN | {"X-CSRF-Token": form_token(session_of(client))}


def test_who_signs_in_goes_on_where_they_wanted_and_is_who_they_are(browser: Ask) -> None:
    client = browser()
    asked = client.get("/quality?state=stale")
    assert (asked.status_code, asked.headers["location"]) == (
        303,
        "/sign-in?next=/quality%3Fstate%3Dstale",
    )
    page = client.get(asked.headers["location"])
    assert 'name="next" value="/quality?state=stale"' in page.text
    assert page.headers["cache-control"] == "no-store"
    done = sign_in(client, login=" WANG ", next="/quality?state=stale")
    assert (done.status_code, done.headers["location"]) == (303, "/quality?state=stale")
    cookie = done.headers["set-cookie"]
    assert re.fullmatch(
        r"civicmeter_session=[0-9a-f]{64}; HttpOnly; Max-Age=43200; Path=/; SameSite=lax", cookie
    )
    assert client.get("/quality").status_code == 200
    posted = client.post("/v1/readings", json=READING, headers=token(client))
    assert posted.status_code == 200, posted.text
    correction = {"device": "dy-main", "quantity": "energy_import_kwh", "value": 1.0}
    correction |= {"at": "2024-04-09T01:00:00Z", "reason": "photo"}
    made = client.post("/v1/corrections", json=correction, headers=token(client))
    assert made.status_code == 200, made.text
    assert client.get("/v1/corrections").json()[0]["author"] == "王芳"


@pytest.mark.parametrize("by", ["origin", "proxy"])
def test_through_https_the_cookie_never_leaves_it(browser: Ask, by: str) -> None:
    client = browser(base_url="https://127.0.0.1:8000")
    says = {"Origin": "https://127.0.0.1:8000"} if by == "origin" else {}
    cookie = sign_in(client, **says, **{"X-Forwarded-Proto": "https"}).headers["set-cookie"]
    assert cookie.startswith("__Host-civicmeter_session=") and "; Secure" in cookie


@pytest.mark.parametrize("place", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_signing_in_leads_nowhere_else(browser: Ask, place: str) -> None:
    client = browser()
    assert sign_in(client, next=place).headers["location"] == "/"
    assert "evil" not in client.get("/sign-in", params={"next": place}).text


def test_a_cookie_alone_changes_nothing(browser: Ask) -> None:
    client = browser()
    sign_in(client)
    stranger = form_token("another session")
    for headers, code in (
        ({}, "no_origin"),
        ({"X-CSRF-Token": form_token(session_of(client))}, "no_origin"),
        (OWN, "no_form_token"),
        (OWN | {"X-CSRF-Token": stranger}, "no_form_token"),
        (OWN | {"X-CSRF-Token": "ünsinn"}, "no_form_token"),
        ({"Origin": "https://evil.example"}, "foreign_origin"),
    ):
        encoded = {k: v.encode() for k, v in headers.items()}
        answer = client.post("/v1/readings", json=READING, headers=encoded)
        assert (answer.status_code, answer.json()["code"]) == (403, code)
        form = client.post("/write", data={"csrf": "", "x": "y"}, headers=encoded)
        assert form.status_code == 403
    # A form of another site, which a cookie goes with where a browser knows no SameSite.
    answer = client.post("/sign-out", headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert client.get("/quality").status_code == 200


def test_signing_out_and_time_end_a_session(browser: Ask, clock: Clock) -> None:
    client, elsewhere = browser(), browser()
    sign_in(client)
    elsewhere.cookies.set("civicmeter_session", session_of(client))
    assert client.post("/sign-out", headers=OWN).status_code == 403
    form = {"csrf": form_token(session_of(client))}
    done = client.post("/sign-out", data=form, headers=OWN)
    assert (done.status_code, done.headers["location"]) == (303, "/sign-in?lang=en")
    assert 'civicmeter_session=""' in done.headers["set-cookie"]
    assert elsewhere.get("/quality").headers["location"].startswith("/sign-in")
    assert elsewhere.get("/v1/meters", headers={"Accept": "*/*"}).status_code == 401
    sign_in(client)
    clock.now = NOW + SESSION_LASTS - timedelta(seconds=1)
    assert client.get("/quality").status_code == 200
    clock.now = NOW + SESSION_LASTS
    assert client.get("/quality").status_code == 303
    late = client.post("/me/keys", data={"role": "viewer"}, headers=OWN)
    assert (late.status_code, late.headers["location"]) == (303, "/sign-in?next=/me")


@pytest.mark.parametrize("end", ["lock", "password", "again"])
def test_a_lock_ends_a_session_at_once_in_every_process(
    browser: Ask, ledger: SqlLedger, end: str
) -> None:
    here, there = browser(), browser()
    sign_in(here)
    there.cookies.set("civicmeter_session", session_of(here))
    assert there.get("/quality").status_code == 200
    if end == "lock":
        ledger.lock_person("wang", at=NOW, reason="left")
    elif end == "password":
        ledger.set_password("wang", hashed("another sentence"), at=NOW)
    else:
        sign_in(here)  # a session is never begun with what a browser had before
    assert there.get("/quality").status_code == 303
    answer = sign_in(there)
    if end == "lock":
        assert answer.status_code == 403 and "locked on" in answer.text
    assert answer.status_code == {"lock": 403, "password": 403, "again": 303}[end]
    wrong = sign_in(there, password="a wrong one here")
    assert "not right" in wrong.text, "that it is locked is told to who knows the password"


def test_guessing_is_shut_out_for_a_while_and_told_in_words(browser: Ask, clock: Clock) -> None:
    client = browser()
    for login in ("wang", "nobody"):
        for _ in range(NAME_ATTEMPTS):
            answer = sign_in(client, login=login, password="a wrong one here")
            assert (answer.status_code, "not right" in answer.text) == (403, True)
        answer = sign_in(client, login=login)  # the right one, for who is there
        assert answer.status_code == 429 and "civicmeter_session" not in client.cookies
        assert answer.headers["retry-after"] == str(int(GUESSING_WINDOW.total_seconds()))
        until = NOW + GUESSING_WINDOW
        assert f"until {until:%H:%M} (UTC) no password is looked at" in answer.text
    clock.now = NOW + GUESSING_WINDOW
    assert sign_in(client).status_code == 303


def test_an_address_is_shut_out_and_others_are_not(
    browser: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.pages.people.signing_in.ADDRESS_ATTEMPTS", 5)
    proxied = browser(api_key="installation", client=("10.0.0.1", 4000))
    direct = browser(api_key="installation", client=("192.0.2.8", 4000))

    def guess(client: TestClient, n: int, address: str) -> int:
        said = {"X-Forwarded-For": f"192.0.2.99, {address}"}
        return int(sign_in(client, login=f"g{n}", password="x" * 12, **said).status_code)

    assert [guess(proxied, n, "192.0.2.7") for n in range(6)] == [403] * 5 + [429]
    assert guess(proxied, 7, "192.0.2.8") == 403
    # Who is no proxy of ours is not believed whom it speaks for: this is the sixth of 192.0.2.8.
    assert [guess(direct, n, f"198.51.100.{n}") for n in range(10, 15)] == [403] * 4 + [429]


def test_the_time_does_not_tell_which_names_there_are(browser: Ask, ledger: SqlLedger) -> None:
    """An unknown name, a known one and one without a password are looked at with equal work."""
    ledger.add_person(replace(WANG, login="oidc", password=""))
    client = browser()
    sign_in(client, login="warm", password="a wrong one here")
    took: dict[str, list[float]] = {"wang": [], "nobody": [], "oidc": []}
    for _ in range(7):
        for login, times in took.items():
            begun = time.perf_counter()
            assert sign_in(client, login=login, password="a wrong one here").status_code == 403
            times.append(time.perf_counter() - begun)
    shortest, longest = sorted(map(median, took.values()))[:: len(took) - 1]
    assert longest < 2 * shortest


def test_nobody_reads_once_somebody_may_sign_in(browser: Ask) -> None:
    answer = browser().get("/v1/institutions", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (401, "needs_key")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_form_is_read_within_bounds(browser: Ask) -> None:
    client = browser()
    big = {"Content-Length": str(1 << 30), "Content-Type": "application/x-www-form-urlencoded"}
    assert client.post("/sign-in", content=b"x=1", headers=OWN | big).status_code == 413
    assert sign_in(client, password="x" * 70_000).status_code == 413
    many = "&".join(f"a{i}=1" for i in range(100))
    plain = OWN | {"Content-Type": "application/x-www-form-urlencoded"}
    assert client.post("/sign-in", content=many, headers=plain).status_code == 400
    chunked = client.post("/sign-in", content=iter([b"login=", b"x"]), headers=plain)
    assert chunked.status_code == 411
