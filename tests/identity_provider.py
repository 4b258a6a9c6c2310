"""An OpenID Connect provider on loopback: real codes, real signatures, PKCE checked; told by a test, it
errs in one way at a time."""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey

CLIENT_ID, CLIENT_SECRET = "civicmeter", "a-client-secret-of-some-length-for-hs256"


class Provider:
    """`subject` is who is at the keyboard there. `claims` and `drop` change what is signed, `key` by
    which (None: not at all)."""

    def __init__(self) -> None:
        self.subject = "17"
        self.claims: dict[str, Any] = {}
        self.drop: str = ""
        self.answer: dict[str, str] = {}
        self.key: RSAKey | OctKey | None = RSAKey.generate_key(2048, {"kid": "one"})
        self.algorithm = "RS256"
        self.published = [self.key]
        self.down = False
        self.told: dict[str, str] = {}
        self.token_answer: dict[str, str] | None = None
        self.issuer = ""
        self.asked: list[str] = []
        self._codes: dict[str, dict[str, str]] = {}

    def rotate(self) -> None:
        """Another key, as providers have after a while."""
        self.key = RSAKey.generate_key(2048, {"kid": f"key-{secrets.token_hex(4)}"})
        self.published = [self.key]

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            **self.told,
        }

    def jwks(self) -> dict[str, Any]:
        """Its public keys."""
        return dict(KeySet([k for k in self.published if k is not None]).as_dict(private=False))

    def authorize(self, asked: dict[str, str]) -> str:
        """Where the browser is sent back to. Nobody has to type a password here."""
        assert asked["response_type"] == "code" and asked["client_id"] == CLIENT_ID
        assert asked["scope"] == "openid" and asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked
        answer = {"code": code, "state": asked["state"], "iss": self.issuer, **self.answer}
        return f"{asked['redirect_uri']}?{urlencode(answer)}"

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """A code is good once, for who asked for it and has its verifier."""
        expected = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if authorization != f"Basic {expected}":
            return 401, {"error": "invalid_client"}
        asked = self._codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            asked is None
            or asked["code_challenge"] != challenge
            or form.get("redirect_uri") != asked["redirect_uri"]
        ):
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "sub": self.subject,
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
            **self.claims,
        }
        claims.pop(self.drop, None)
        if self.token_answer is not None:
            return 200, self.token_answer
        return 200, {"access_token": "x", "token_type": "Bearer", "id_token": self._signed(claims)}

    def _signed(self, claims: dict[str, Any]) -> str:
        if self.key is None:
            parts = ({"alg": "none"}, claims)
            return (
                ".".join(
                    base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=").decode()
                    for p in parts
                )
                + "."
            )
        header = {"alg": self.algorithm, **({"kid": self.key.kid} if self.key.kid else {})}
        return jwt.encode(header, claims, self.key, algorithms=[self.algorithm])


@contextmanager
def provider() -> Iterator[Provider]:
    """One that runs, on a free port of 127.0.0.1."""
    made = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            made.asked.append(parts.path)
            if made.down:
                self._say(500, {})
            elif parts.path == "/.well-known/openid-configuration":
                self._say(200, made.discovery())
            elif parts.path == "/jwks":
                self._say(200, made.jwks())
            elif parts.path == "/authorize":
                asked = {k: v[0] for k, v in parse_qs(parts.query).items()}
                self.send_response(302)
                self.send_header("Location", made.authorize(asked))
                self.end_headers()
            else:
                self._say(404, {})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {k: v[0] for k, v in parse_qs(body).items()}
            self._say(*made.token(form, self.headers.get("Authorization", "")))

        def _say(self, status: int, said: dict[str, Any]) -> None:
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
