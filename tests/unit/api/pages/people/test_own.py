"""One's own page: what came, what was refused, one's keys, a file tried, a device accepted."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.access.sessions import form_token
from domain.audit import Actor
from domain.calendar import to_ms
from domain.errors import ConfigError
from domain.keys import Holder, Key, Role, digest_of, new_key_text
from domain.people import Account, new_session
from store.ledger.audit import Wanted
from store.ledger.sql.ledger import SqlLedger
from tests.api_sample import CAMPUS, HALL, NOW

Serve = Callable[..., TestClient]
OWN = {"Origin": "http://127.0.0.1:8000"}
WANG = Account(
    login="wang",
    holder="esco",
    person="王芳",
    role=Role.VENDOR,
    added_at=NOW,
    institutions=frozenset({CAMPUS}),
)


class Browser:
    """Somebody who signed in, and sends the forms of the page as it shows them."""

    def __init__(self, client: TestClient, ledger: SqlLedger, account: Account) -> None:
        self.client = client
        ledger.add_person(account)
        text, session = new_session(account.login, NOW)
        assert ledger.begin_session(session, account)
        client.cookies.set("civicmeter_session", text)
        self.script = OWN | {"X-CSRF-Token": form_token(text)}

    def page(self, lang: str = "en") -> str:
        answer = self.client.get(f"/me?lang={lang}")
        assert answer.status_code == 200 and answer.headers["cache-control"] == "no-store"
        return answer.text

    def send(self, action: str, fields: dict[str, str], **more: Any) -> Any:
        page = self.page()
        assert f'action="{action}?lang=en"' in page, "the page has no such form"
        token = re.search(r'name="csrf" value="(\w+)"', page)
        assert token is not None
        form = {"csrf": token[1], **fields}
        return self.client.post(f"{action}?lang=en", data=form, headers=OWN, **more)


@pytest.fixture
def ledger(own_sample: tuple[Any, SqlLedger]) -> SqlLedger:
    _, ledger = own_sample
    for holder in ("esco", "other"):
        ledger.add_holder(Holder(holder, holder, NOW))
    return ledger


@pytest.fixture
def wang(serve_own: Serve, ledger: SqlLedger) -> Browser:
    return Browser(serve_own(), ledger, WANG)


def issue(ledger: SqlLedger, **given: Any) -> Key:
    text, prefix = new_key_text()
    values = {"holder": "esco", "role": Role.VENDOR, "institutions": frozenset({CAMPUS})}
    issued_at = NOW - timedelta(days=1)
    key = Key(prefix=prefix, digest=digest_of(text), issued_at=issued_at, **{**values, **given})
    ledger.issue_key(key)
    return key


def new_key(answer: Any) -> str:
    found = re.search(r'id="new-key">(cm_\w+)<', answer.text)
    assert answer.status_code == 200 and found is not None, answer.text
    return found[1]


def test_what_came_lately_is_counted_by_device_the_silent_first(wang: Browser) -> None:
    rows = [
        {"device": "dy-water", "ts": to_ms(NOW) - k * 60_000, "values": {"water_m3": 5_000}}
        for k in range(1, 4)
    ]
    old = {
        "device": "dy-water",
        "ts": to_ms(NOW - timedelta(days=8)),
        "values": {"water_m3": 4_000},
    }
    posted = wang.client.post("/v1/readings", json=[*rows, old], headers=wang.script)
    assert posted.json()["stored"] == 4, posted.text
    page = wang.page()
    counts = dict(re.findall(r'data-device="([\w-]+)".*?class="num[^>]*>([\d,]+)<', page))
    assert counts["dy-water"] == "3" and counts["dy-main"] == "24"
    assert list(counts)[-1] == "dy-water", "the one that was heard last"
    assert "b7-elec" not in page


def test_what_was_refused_says_what_to_do(wang: Browser) -> None:
    ahead = {"device": "dy-water", "ts": to_ms(NOW) + 7_200_000, "values": {"water_m3": 1}}
    wang.client.post("/v1/readings", json=ahead, headers=wang.script)
    page = wang.page()
    assert 'data-aside="future_time"' in page and "Mend it and post it again" in page
    assert "改正后重新提交" in wang.page("zh")
    assert 'href="/v1/aside?format=csv' in page


def test_a_contract_leads_to_its_statements(wang: Browser) -> None:
    assert 'data-contract="dy-saving"' in wang.page()


def test_a_key_is_shown_once_and_is_ones_own(wang: Browser, ledger: SqlLedger) -> None:
    answer = wang.send("/me/keys", {"role": "viewer", "institution": "", "expires": "2027-01-31"})
    text = new_key(answer)
    assert answer.headers["cache-control"] == "no-store"
    assert text not in wang.page() and text[3:11] in wang.page()
    (key,) = ledger.issued_keys()
    assert (key.holder, key.person, key.role) == ("esco", "王芳", Role.VIEWER)
    assert key.institutions == frozenset({CAMPUS}) and key.is_of(text)
    (told,) = ledger.audit_entries(Wanted(kinds=("api_key",)), limit=9)
    assert told.actor == Actor("esco", "王芳")
    seen = wang.client.get("/v1/institutions", headers={"X-API-Key": text}).json()
    assert [i["id"] for i in seen] == [CAMPUS]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"role": "admin"}, 422),
        ({"role": "manager"}, 422),
        ({"role": "vendor", "institution": HALL}, 404),
        ({"role": "vendor", "expires": "2020-01-01"}, 422),
        ({"role": "vendor", "expires": "tomorrow"}, 422),
        ({"role": "vendor", "expires": "2099-01-01"}, 422),
    ],
)
def test_nobody_gives_more_than_they_have(
    wang: Browser, ledger: SqlLedger, fields: dict[str, str], status: int
) -> None:
    answer = wang.send("/me/keys", fields)
    assert answer.status_code == status and 'role="alert"' in answer.text
    assert ledger.issued_keys() == []


def test_there_is_an_end_to_the_keys_of_one_person(wang: Browser, ledger: SqlLedger) -> None:
    for _ in range(20):
        issue(ledger, person="王芳")
    assert wang.send("/me/keys", {"role": "vendor"}).status_code == 422
    assert len(ledger.issued_keys()) == 20


def test_a_rotated_key_goes_on_for_a_week_and_a_revoked_one_does_not(
    wang: Browser, ledger: SqlLedger
) -> None:
    old = issue(ledger, person="王芳", expires_at=NOW + timedelta(days=29))
    text = new_key(wang.send(f"/me/keys/{old.prefix}/rotate", {}))
    new = ledger.key(text.split("_")[1])
    before = ledger.key(old.prefix)
    assert new is not None and new.expires_at == NOW + timedelta(days=30)
    assert before is not None and before.expires_at == NOW + timedelta(days=7)
    done = wang.send(f"/me/keys/{old.prefix}/revoke", {"reason": "lost laptop"})
    assert done.status_code == 200 and "is revoked" in done.text
    assert wang.client.get("/v1/meters", headers={"X-API-Key": text}).status_code == 200
    before = ledger.key(old.prefix)
    assert before is not None and before.state(NOW) == "revoked"


def test_of_others_keys_nobody_is_told_and_a_nameless_one_is_only_ended(
    wang: Browser, ledger: SqlLedger
) -> None:
    gateway = issue(ledger)
    foreign = [
        issue(ledger, holder="other"),
        issue(ledger, person="李伟"),
        issue(ledger, role=Role.MANAGER),
        issue(ledger, institutions=None),
        issue(ledger, institutions=frozenset({HALL})),
    ]
    page = wang.page()
    assert gateway.prefix in page and not any(k.prefix in page for k in foreign)
    for act in ("rotate", "revoke"):
        for key in foreign:
            at = f"/me/keys/{key.prefix}/{act}"
            assert (
                wang.client.post(at, data={"reason": "x"}, headers=wang.script).status_code == 404
            )
    refused = wang.client.post(f"/me/keys/{gateway.prefix}/rotate", headers=wang.script)
    assert refused.status_code == 403
    assert {k.state(NOW) for k in ledger.issued_keys()} == {"valid"}
    assert wang.send(f"/me/keys/{gateway.prefix}/revoke", {"reason": "x"}).status_code == 200


def test_who_comes_with_a_key_issues_none(serve_own: Serve, ledger: SqlLedger) -> None:
    client = serve_own(api_key="installation")
    answer = client.post("/me/keys", data={"role": "admin"}, headers={"X-API-Key": "installation"})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_signed_in")
    page = client.get("/me", headers={"X-API-Key": "installation"})
    assert page.status_code == 200 and "/me/keys" not in page.text


TABLE = b'\xef\xbb\xbfdevice,ts,quantity,value\r\ndy-water,2024/4/9 10:00,water_m3,12.5\r\nghost,2024/4/9 10:00,water_m3,1\r\ndy-water,2024/4/9 11:00,water_m3,"1,5"\r\n'


@pytest.mark.parametrize("way", ["file", "text"])
def test_an_upload_is_tried_and_nothing_of_it_stays(
    wang: Browser, ledger: SqlLedger, own_sample: Any, way: str
) -> None:
    store, _ = own_sample
    before = (store.latest().to_dict(), ledger.aside())
    fields = {"format": "", "tz": "Asia/Shanghai"}
    if way == "file":
        answer = wang.send("/me/try", fields, files={"file": ("april.csv", TABLE, "text/csv")})
    else:
        text = TABLE.decode("utf-8-sig")
        # Without a file a browser still sends an empty one.
        answer = wang.send(
            "/me/try",
            {**fields, "text": text},
            files={"file": ("", b"", "application/octet-stream")},
        )
    assert answer.status_code == 200, answer.text
    assert "3 values: 1 would be stored, 0 are there already, 2 would be refused" in answer.text
    assert "device ghost is not in the registry" in answer.text
    assert (store.latest().to_dict(), ledger.aside()) == before


@pytest.mark.parametrize(
    ("file", "fields", "told"),
    [
        (("a.exe", b"MZ"), {}, ".exe"),
        (("a.csv", b"x"), {"tz": "Nowhere"}, "no time zone"),
        (("a.json", b"{"), {}, "JSON"),
        (("a.json", b"[" * 3_000_000), {}, "commas and opening brackets"),
    ],
)
def test_what_cannot_be_tried_is_told_on_the_page(
    wang: Browser, file: tuple[str, bytes], fields: dict[str, str], told: str
) -> None:
    answer = wang.send("/me/try", {"tz": "", **fields}, files={"file": file})
    assert answer.status_code in (400, 413, 415, 422)
    assert 'role="alert"' in answer.text and told in answer.text


def test_who_may_not_post_is_offered_no_upload(serve_own: Serve, ledger: SqlLedger) -> None:
    viewer = Browser(serve_own(), ledger, replace(WANG, role=Role.VIEWER))
    page = viewer.page()
    assert "/me/try" not in page and "waiting" not in page


def test_a_form_without_its_token_does_nothing(wang: Browser, ledger: SqlLedger) -> None:
    key = issue(ledger, person="王芳")
    for path in ("/me/keys", f"/me/keys/{key.prefix}/revoke", "/me/try", "/sign-out"):
        answer = wang.client.post(path, data={"role": "vendor"}, headers=OWN)
        assert (answer.status_code, answer.json()["code"]) == (403, "no_form_token")
    assert [k.state(NOW) for k in ledger.issued_keys()] == ["valid"]


def test_waiting_devices_are_accepted_by_who_administers_everything(
    serve_own: Serve, ledger: SqlLedger
) -> None:
    accepted: list[tuple[object, ...]] = []

    def accept(device: str, institution: str, like: str, actor: Actor) -> int:
        if like == "unclear":
            raise ConfigError("what it reports does not say what it is")
        accepted.append((device, institution, like, actor))
        return 7

    client = serve_own(accept=accept)
    body = {"device": "ghost", "ts": to_ms(NOW) - 60_000, "values": {"water_m3": 1}}
    admin = Browser(client, ledger, replace(WANG, role=Role.ADMIN, institutions=None))
    client.post("/v1/readings", json=body, headers=admin.script)
    assert 'data-waiting="ghost"' in admin.page()
    form = {"device": "ghost", "institution": CAMPUS, "like": ""}
    assert admin.send("/me/waiting", form | {"like": "unclear"}).status_code == 422
    assert admin.send("/me/waiting", form | {"institution": "nowhere"}).status_code == 404
    done = admin.send("/me/waiting", form)
    assert "ghost is registered; 7 readings that waited are stored." in done.text
    assert accepted == [("ghost", CAMPUS, "", Actor("esco", "王芳"))]
    narrow = Browser(serve_own(accept=accept), ledger, replace(WANG, login="li", role=Role.ADMIN))
    assert "ghost" not in narrow.page()
    assert narrow.client.post("/me/waiting", data=form, headers=narrow.script).status_code == 403
