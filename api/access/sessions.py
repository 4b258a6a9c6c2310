"""What a browser holds of somebody who signed in: a cookie, and in each form a token beside it.

Any page makes a browser send a cookie. So a change that rests on one has to come from a page of our
own (`Origin`; the door refuses those of others) and say a token that only our own pages are given.
Source: OWASP, Cross-Site Request Forgery Prevention (HMAC-based token).
"""

import hashlib
import hmac
import secrets
from urllib.parse import quote, urlsplit

from fastapi import Request, Response

from api.access.forms import form_of
from api.problems import ProblemError
from domain.people import SESSION_LASTS

COOKIE, _SECURE_COOKIE = "civicmeter_session", "__Host-civicmeter_session"
TOKEN_FIELD, TOKEN_HEADER = "csrf", "X-CSRF-Token"
_CHANGES_NOTHING = frozenset({"GET", "HEAD", "OPTIONS"})
_NONCE_CHARS = 32


def session_text(request: Request) -> str:
    """What the browser was given when its user signed in; empty if nothing."""
    return request.cookies.get(_SECURE_COOKIE) or request.cookies.get(COOKIE) or ""


def keep_session(response: Response, text: str, *, secure: bool) -> None:
    """Have the browser hold a session: no script reads it, and through https nobody on the way."""
    response.set_cookie(
        _SECURE_COOKIE if secure else COOKIE,
        text,
        max_age=int(SESSION_LASTS.total_seconds()),
        path="/",
        secure=secure,
        httponly=True,
        samesite="lax",
    )


def drop_session(response: Response) -> None:
    """Have the browser forget it."""
    for name, secure in ((COOKIE, False), (_SECURE_COOKIE, True)):
        response.delete_cookie(name, path="/", secure=secure, httponly=True, samesite="lax")


def is_https(request: Request) -> bool:
    """Whether the browser asks through https, as it says itself (Origin) or a proxy does for it. Who
    lies here only makes their own browser keep the cookie for itself."""
    origin = request.headers.get("origin", "")
    told = request.headers.get("x-forwarded-proto", request.url.scheme)
    return "https" in (urlsplit(origin).scheme if origin != "null" else "", told.strip().lower())


def form_token(session: str) -> str:
    """The token of a form: another one each time, so that compressed pages do not give it away."""
    nonce = secrets.token_hex(_NONCE_CHARS // 2)
    return nonce + _seal(session, nonce)


def _seal(session: str, nonce: str) -> str:
    return hmac.new(session.encode(), f"form {nonce}".encode(), hashlib.sha256).hexdigest()


def _is_token(session: str, token: str) -> bool:
    nonce = token[:_NONCE_CHARS]
    return hmac.compare_digest(token.encode(), (nonce + _seal(session, nonce)).encode())


def require_own_page(request: Request) -> None:
    """Raises ProblemError 403 for a change that no page of ours asked for, as browsers say it."""
    asked = request.headers.get("sec-fetch-site") == "same-origin"
    if not asked and "origin" not in request.headers:
        raise ProblemError(403, "no_origin")


async def require_own_form(request: Request, session: str) -> None:
    """Raises ProblemError 403 for a change by a session that comes without its token, in a header
    or in the form. What changes nothing needs none."""
    if request.method in _CHANGES_NOTHING:
        return
    require_own_page(request)
    token = request.headers.get(TOKEN_HEADER)
    if token is None:
        token = str((await form_of(request)).get(TOKEN_FIELD, ""))
    if not _is_token(session, token):
        raise ProblemError(403, "no_form_token", header=TOKEN_HEADER)


def place_of(text: str) -> str:
    """Where to go on after signing in: an address of ours, or the beginning.

    >>> place_of("/quality?page=2"), place_of("//evil.example/"), place_of("https://evil.example")
    ('/quality?page=2', '/', '/')
    """
    # Browsers take a backslash for a slash, and two of them begin another site's address.
    own = text.startswith("/") and not text.startswith("//")
    return text if own and text.isprintable() and "\\" not in text else "/"


def sign_in_address(request: Request) -> str:
    """The page on which a browser's user says who they are, to come back here; after a form that
    came too late, to their own page."""
    if request.method not in _CHANGES_NOTHING:
        return "/sign-in?next=/me"
    query = f"?{request.url.query}" if request.url.query else ""
    here = quote(f"{request.url.path}{query}"[:2000], safe="/")
    lang = request.query_params.get("lang", "")
    return f"/sign-in?next={here}" + (f"&lang={lang}" if lang in ("zh", "en") else "")
