"""Signing in by an identity provider, against a real one on loopback: what has to fit, and that it has
to."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from fastapi.testclient import TestClient
from joserfc.jwk import OctKey, RSAKey

from api.access.oidc import Oidc
from api.app import create_app
from civicmeter.wiring.serving import oidc_of
from config.settings import Settings
from domain.errors import ConfigError
from domain.keys import Holder, Role
from domain.people import Account
from store.ledger.sql.ledger import SqlLedger
from tests.api_sample import NOW
from tests.identity_provider import CLIENT_ID, CLIENT_SECRET, Provider, provider
from tests.local_client import local_client

HOME = "http://127.0.0.1:8000"
WANG = Account(
    login="wang", holder="office", person="王芳", role=Role.MANAGER, added_at=NOW, subject="17"
)


@pytest.fixture
def idp() -> Iterator[Provider]:
    with provider() as running:
        yield running


@pytest.fixture
def ledger(own_sample: tuple[Any, SqlLedger]) -> SqlLedger:
    _, ledger = own_sample
    ledger.add_holder(Holder("office", "Office", NOW))
    ledger.add_person(WANG)
    return ledger


@pytest.fixture
def browser(
    own_sample: tuple[Any, SqlLedger], ledger: SqlLedger, idp: Provider
) -> Callable[..., TestClient]:
    store, _ = own_sample

    def open_one(home: str = HOME, **settings: Any) -> TestClient:
        oidc = Oidc(issuer=idp.issuer, client_id=CLIENT_ID, client_secret=CLIENT_SECRET, home=home)
        # The provider's clock is the real one, and so is ours.
        app = create_app(
            store=store, ledger=ledger, oidc=oidc, now=lambda: datetime.now(UTC), **settings
        )
        headers = {"Accept": "text/html", "Accept-Language": "en"}
        return local_client(app, base_url=home, headers=headers, follow_redirects=False)

    return open_one


def there_and_back(client: TestClient, onward: str = "/quality") -> Any:
    """The browser's way: to the provider, who sends it back at once."""
    begun = client.get("/sign-in/oidc", params={"next": onward})
    assert begun.status_code == 303, begun.text
    sent = requests.get(begun.headers["location"], allow_redirects=False, timeout=5)
    return client.get(sent.headers["location"])


def test_who_the_provider_knows_is_signed_in(browser: Callable[..., TestClient]) -> None:
    client = browser()
    assert 'href="/sign-in/oidc?next=/quality' in client.get("/sign-in?next=/quality").text
    done = there_and_back(client)
    assert (done.status_code, done.headers["location"]) == (303, "/quality")
    assert client.cookies.get("civicmeter_session") and not client.cookies.get("civicmeter_oidc")
    page = client.get("/me")
    assert page.status_code == 200 and "王芳" in page.text


def test_through_https_both_cookies_never_leave_it(browser: Callable[..., TestClient]) -> None:
    client = browser("https://127.0.0.1:8000")
    assert "; Secure" in client.get("/sign-in/oidc").headers["set-cookie"]
    cookies = there_and_back(client).headers["set-cookie"]
    assert "__Host-civicmeter_session=" in cookies and cookies.count("; Secure") >= 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"claims": {"nonce": "another"}},
        {"drop": "nonce"},
        {"claims": {"aud": "another"}},
        {"claims": {"aud": [CLIENT_ID, "another"]}},
        {"claims": {"aud": [CLIENT_ID, "another"], "azp": "another"}},
        {"claims": {"azp": "another"}},
        {"claims": {"iss": "https://evil.example"}},
        {"drop": "iss"},
        {"token_answer": {"access_token": "x", "token_type": "Bearer"}},
        {"drop": "sub"},
        {"claims": {"sub": ""}},
        {"claims": {"exp": int(time.time()) - 3600}},
        {"drop": "exp"},
        {"claims": {"iat": int(time.time()) + 3600}},
        {"key": None},
        {"key": RSAKey.generate_key(2048, {"kid": "one"})},
        {"key": OctKey.import_key(CLIENT_SECRET), "algorithm": "HS256"},
        {"answer": {"state": "another"}},
        {"answer": {"iss": "https://evil.example"}},
        {"answer": {"code": "guessed"}},
        {"answer": {"error": "access_denied"}},
    ],
    ids=str,
)
def test_what_does_not_fit_signs_nobody_in(
    browser: Callable[..., TestClient], idp: Provider, wrong: dict[str, Any]
) -> None:
    client = browser()
    for name, value in wrong.items():
        setattr(idp, name, value)
    answer = there_and_back(client)
    assert answer.status_code == 403 and "did not confirm who you are" in answer.text
    assert not client.cookies.get("civicmeter_session")
    assert not client.cookies.get("civicmeter_oidc"), "an answer is tried once"


def test_a_token_of_several_audiences_that_is_ours_holds(
    browser: Callable[..., TestClient], idp: Provider
) -> None:
    idp.claims = {"aud": [CLIENT_ID, "another"], "azp": CLIENT_ID}
    assert there_and_back(browser()).status_code == 303


def test_an_answer_is_of_one_browser_and_of_one_use(browser: Callable[..., TestClient]) -> None:
    victim, thief = browser(), browser()
    begun = victim.get("/sign-in/oidc")
    sent = requests.get(begun.headers["location"], allow_redirects=False, timeout=5)
    back = sent.headers["location"]
    assert "was not begun here" in thief.get(back).text
    thief.get("/sign-in/oidc")
    assert "did not confirm" in thief.get(back).text
    assert victim.get(back).status_code == 303
    assert "was not begun here" in victim.get(back).text
    victim.cookies.set("civicmeter_oidc", "zz", path="/sign-in/oidc")
    assert victim.get(back).status_code == 403


def test_keys_of_the_provider_change(
    browser: Callable[..., TestClient], idp: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = browser()
    assert there_and_back(client).status_code == 303
    idp.rotate()
    assert there_and_back(client).status_code == 403, "within a minute they are not asked for again"
    monkeypatch.setattr("api.access.oidc._KEYS_AGAIN_S", 0.0)
    assert there_and_back(client).status_code == 303
    assert idp.asked.count("/jwks") == 2


def test_whom_nobody_added_is_told_how(browser: Callable[..., TestClient], idp: Provider) -> None:
    idp.subject = "18<script>"
    answer = there_and_back(browser())
    assert answer.status_code == 403 and "--subject 18&lt;script&gt;" in answer.text


def test_who_is_locked_stays_out(browser: Callable[..., TestClient], ledger: SqlLedger) -> None:
    client = browser()
    assert there_and_back(client).status_code == 303
    ledger.lock_person("wang", at=NOW, reason="left")
    assert client.get("/quality").status_code == 303
    assert "was locked on" in there_and_back(client).text


def test_a_provider_that_is_away_is_told(browser: Callable[..., TestClient], idp: Provider) -> None:
    idp.down = True
    client = browser()
    answer = client.get("/sign-in/oidc")
    assert answer.status_code == 503 and "does not answer" in answer.text
    idp.down = False
    assert there_and_back(client).status_code == 303


@pytest.mark.parametrize(
    "keys", [{"keys": [{"kty": "RSA"}]}, {"keys": [{}]}, {"keys": "none"}, {}], ids=str
)
def test_keys_that_are_none_sign_nobody_in(
    browser: Callable[..., TestClient],
    monkeypatch: pytest.MonkeyPatch,
    idp: Provider,
    keys: dict[str, Any],
) -> None:
    monkeypatch.setattr(idp, "jwks", lambda: keys)
    assert there_and_back(browser()).status_code == 403


@pytest.mark.parametrize(
    "told", [{"issuer": "https://evil.example"}, {"token_endpoint": "ftp://x"}]
)
def test_a_provider_that_tells_nonsense_of_itself_is_not_asked(
    browser: Callable[..., TestClient], idp: Provider, told: dict[str, str]
) -> None:
    idp.told = told
    assert browser().get("/sign-in/oidc").status_code == 503


def test_it_leads_nowhere_else(browser: Callable[..., TestClient]) -> None:
    assert there_and_back(browser(), "/" + "楼" * 3_000).headers["location"] == "/"
    far = there_and_back(browser(), "/" + "楼" * 400)
    assert far.status_code == 303 and far.headers["location"] != "/"
    assert there_and_back(browser(), "//evil.example").headers["location"] == "/"


def test_it_is_off_unless_it_is_set(serve_own: Callable[..., TestClient]) -> None:
    client = serve_own()
    for path in ("/sign-in/oidc", "/sign-in/oidc/back"):
        assert client.get(path).status_code == 404
    assert "/sign-in/oidc" not in client.get("/sign-in").text
    assert oidc_of(Settings()) is None


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"public_url": ""}, "CIVICMETER_PUBLIC_URL"),
        ({"public_url": "http://meters.example.cn"}, "begins with https"),
        ({"oidc_issuer": "http://id.example.cn"}, "CIVICMETER_OIDC_ISSUER"),
        ({"oidc_client_id": ""}, "CIVICMETER_OIDC_CLIENT_ID"),
    ],
)
def test_what_would_give_names_away_is_refused(given: dict[str, str], told: str) -> None:
    good = Settings(
        public_url="https://meters.example.cn",
        oidc_issuer="https://id.example.cn",
        oidc_client_id="civicmeter",
    )
    assert oidc_of(good) is not None
    with pytest.raises(ConfigError, match=told):
        oidc_of(replace(good, **given))  # type: ignore[arg-type]
