"""Who somebody is, said by an identity provider: OpenID Connect, authorization code flow with PKCE.

Sources: OpenID Connect Core 1.0 (3.1, and 3.1.3.7 for what an ID token has to hold), Discovery 1.0,
RFC 7636 (PKCE, S256), RFC 9207 (`iss` of the answer), RFC 9700.
"""

import base64
import hmac
import json
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from domain.errors import ConfigError

_TIMEOUT_S = 5
_KNOWN_FOR_S = 3600.0
_KEYS_AGAIN_S = 60.0
_LEEWAY_S = 60
_ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]
"""Signed with a key that only the provider has; never `none`, never our own secret."""
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class ProviderError(Exception):
    """The provider's answer cannot be believed; the text says why, for the log."""


class ProviderAwayError(Exception):
    """The provider does not answer."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a browser holds while its user is at the provider, and nobody else knows."""

    state: str
    nonce: str
    verifier: str
    onward: str

    def text(self) -> str:
        plain = json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"))
        return base64.urlsafe_b64encode(plain.encode()).decode()

    @classmethod
    def of_text(cls, text: str) -> "Asked | None":
        """None for what is none of ours."""
        try:
            plain = json.loads(base64.urlsafe_b64decode(text.encode()))
            return cls(**{name: str(value) for name, value in plain.items()})
        except (ValueError, TypeError, AttributeError, RecursionError):
            return None


class Oidc:
    """One provider. `home` is the address under which browsers reach this service.

    Raises ConfigError for addresses that are not https, unless they are this machine's. For any
    thread.
    """

    def __init__(self, *, issuer: str, client_id: str, client_secret: str, home: str) -> None:
        for name, address in (("OIDC_ISSUER", issuer), ("PUBLIC_URL", home)):
            _require_safe(f"CIVICMETER_{name}", address)
        if not client_id:
            raise ConfigError("CIVICMETER_OIDC_CLIENT_ID is missing: who we are to the provider")
        self._issuer, self._client_id, self._secret = issuer, client_id, client_secret
        self._home = home.rstrip("/")
        self._known: tuple[float, Mapping[str, Any]] | None = None
        self._keys: tuple[float, KeySet] | None = None
        self._asking = threading.Lock()

    @property
    def is_https(self) -> bool:
        """Whether browsers reach this service through https."""
        return self._home.startswith("https:")

    def ask(self, onward: str) -> tuple[str, Asked]:
        """Where to send the browser, and what it has to bring back. Raises ProviderAwayError."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        asked = Asked(state, nonce, verifier, onward)
        with self._session() as session:
            address, _ = session.create_authorization_url(
                self._told()["authorization_endpoint"],
                state=asked.state,
                nonce=asked.nonce,
                code_verifier=asked.verifier,
            )
        return str(address), asked

    def subject(self, asked: Asked, answer: Mapping[str, str], now: datetime) -> str:
        """Who came back, as the provider calls them. Raises ProviderError, ProviderAwayError."""
        if not hmac.compare_digest(answer.get("state", "").encode(), asked.state.encode()):
            raise ProviderError("the answer is to another question (state)")
        if answer.get("iss", self._issuer) != self._issuer:
            raise ProviderError("the answer is another provider's (iss)")
        if "error" in answer:
            raise ProviderError(f"the provider refused: {answer['error'][:100]!r}")
        return self._subject_of(self._id_token(asked, answer.get("code", "")), asked, now)

    def _id_token(self, asked: Asked, code: str) -> str:
        endpoint = self._told()["token_endpoint"]
        try:
            with self._session() as session:
                token = session.fetch_token(
                    endpoint,
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=asked.verifier,
                    allow_redirects=False,
                )
        except OAuthError as error:
            raise ProviderError(f"no token for the code: {error.error}") from error
        except requests.RequestException as error:
            raise ProviderAwayError(str(error)) from error
        except ValueError as error:
            raise ProviderError(f"the token's answer cannot be read: {error}") from error
        return str(token.get("id_token", ""))

    def _subject_of(self, id_token: str, asked: Asked, now: datetime) -> str:
        try:
            claims = self._decoded(id_token).claims
            jwt.JWTClaimsRegistry(
                now=int(now.timestamp()),
                leeway=_LEEWAY_S,
                iss={"essential": True, "value": self._issuer},
                aud={"essential": True, "value": self._client_id},
                exp={"essential": True},
                iat={"essential": True},
                sub={"essential": True},
                nonce={"essential": True, "value": asked.nonce},
            ).validate(claims)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise ProviderError(f"the ID token does not hold: {error}") from error
        audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        if claims.get("azp", self._client_id) != self._client_id or (
            len(audiences) > 1 and "azp" not in claims
        ):
            raise ProviderError("the ID token was made for somebody else (azp)")
        return str(claims["sub"])

    def _decoded(self, id_token: str) -> jwt.Token:
        """Keys change: of one that is not known they are asked for again, seldom."""
        try:
            return jwt.decode(id_token, self._key_set(), algorithms=_ALGORITHMS)
        except (JoseError, ValueError, KeyError, TypeError):
            if self._keys is None or time.monotonic() - self._keys[0] < _KEYS_AGAIN_S:
                raise
            self._keys = None
            return jwt.decode(id_token, self._key_set(), algorithms=_ALGORITHMS)

    def _told(self) -> Mapping[str, Any]:
        """What the provider tells of itself, as of the last hour."""
        with self._asking:
            if self._known is None or time.monotonic() - self._known[0] > _KNOWN_FOR_S:
                told = _fetched(f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
                if told.get("issuer") != self._issuer:
                    raise ProviderError(f"{self._issuer} calls itself {told.get('issuer')!r}")
                try:
                    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                        _require_safe(f"the provider's {name}", str(told.get(name, "")))
                except ConfigError as error:
                    raise ProviderError(str(error)) from error
                self._known = time.monotonic(), told
            return self._known[1]

    def _key_set(self) -> KeySet:
        address = str(self._told()["jwks_uri"])
        with self._asking:
            if self._keys is None or time.monotonic() - self._keys[0] > _KNOWN_FOR_S:
                told: Any = _fetched(address)
                self._keys = time.monotonic(), KeySet.import_key_set(told)
            return self._keys[1]

    def _session(self) -> OAuth2Session:
        return OAuth2Session(
            self._client_id,
            self._secret or None,
            token_endpoint_auth_method=None if self._secret else "none",
            scope="openid",
            redirect_uri=f"{self._home}/sign-in/oidc/back",
            code_challenge_method="S256",
            default_timeout=_TIMEOUT_S,
        )


def _fetched(address: str) -> dict[str, Any]:
    try:
        answer = requests.get(address, timeout=_TIMEOUT_S, allow_redirects=False)
        told = answer.json() if answer.status_code == 200 else None
    except (requests.RequestException, ValueError) as error:
        raise ProviderAwayError(f"{address}: {error}") from error
    if not isinstance(told, dict):
        raise ProviderAwayError(f"{address}: {answer.status_code}")
    return told


def _require_safe(name: str, address: str) -> None:
    """What goes there is who somebody is: through https, or not out of this machine."""
    parts = urlsplit(address)
    near = parts.scheme == "http" and parts.hostname in _LOOPBACK
    if not parts.hostname or not (parts.scheme == "https" or near):
        raise ConfigError(f"{name} is {address!r}: give an address that begins with https://")
