"""The door: which requests come in at all, before anybody asks what their key allows.

A browser sends requests to any address at any page's wish, also to this machine's own. So an
address has to be one of ours (Host), a change must not come from another site's page (Origin,
Sec-Fetch-Site), and where no key is configured only this machine's own people may change
anything. Source: Fetch standard ("simple" requests need no asking), OWASP CSRF prevention.
"""

from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from api.problems import problem_response

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_CHANGES_NOTHING = frozenset({"GET", "HEAD", "OPTIONS"})
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")
_ANY_HOST = "/healthz"
"""Asked by watchers under whatever address they know; it tells nothing."""


def is_loopback(host: str) -> bool:
    """Whether an address is this machine's own. Names other than localhost are not.

    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("0.0.0.0"), is_loopback("db")
    (True, True, False, False)
    """
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class Door:
    """Refuses requests that come by the wrong way: 421 for a foreign Host, 403 for a change that
    another site's page asked for, or that came without any key configured from elsewhere.

    `hosts` are allowed besides the loopback names, without ports; ``*`` allows any. `open_to_all`
    says that no key is configured.
    """

    def __init__(self, app: ASGIApp, hosts: Sequence[str], *, open_to_all: bool) -> None:
        self._app = app
        self._hosts = LOOPBACK_NAMES | {h.lower().strip("[]") for h in hosts}
        self._open_to_all = open_to_all

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            request = Request(scope)
            refusal = self._refusal(request)
            if refusal is not None:
                status, code, values = refusal
                answer = problem_response(request, status, code, **dict[str, Any](values))
                await answer(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _refusal(self, request: Request) -> tuple[int, str, dict[str, Any]] | None:
        hosts = request.headers.getlist("host")
        host = _host_of(f"//{hosts[0]}") if len(hosts) == 1 else ""
        if request.url.path != _ANY_HOST and not ({host, "*"} & self._hosts and host):
            return 421, "foreign_host", {"host": ", ".join(hosts)[:100] or "–"}
        if request.method in _CHANGES_NOTHING:
            return None
        if _from_another_site(request):
            origin = request.headers.get("origin") or request.headers.get("sec-fetch-site", "")
            return 403, "foreign_origin", {"origin": origin[:100]}
        if self._open_to_all and not _from_this_machine(request):
            return 403, "not_local", {}
        return None


def _host_of(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""


def _from_another_site(request: Request) -> bool:
    """Whether a browser says that a page of another origin asked for this. Programs say nothing."""
    if request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        return True
    origins = request.headers.getlist("origin")
    if not origins:
        return False
    try:
        netloc = urlsplit(origins[0]).netloc
    except ValueError:
        return True
    # TLS may end at a proxy before us: the scheme is not compared.
    return len(origins) > 1 or netloc.lower() != request.headers.get("host", "").lower()


def _from_this_machine(request: Request) -> bool:
    """A proxy on this machine is not: whom it speaks for is somewhere else."""
    client = request.client
    forwarded = any(name in request.headers for name in _FORWARDED)
    return client is not None and is_loopback(client.host) and not forwarded
