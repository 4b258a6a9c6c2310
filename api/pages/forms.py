"""Forms of pages: what was filled in, and what a refusal says above the form."""

from typing import Annotated

from fastapi import Depends, Request

from api.access.forms import field, form_of
from api.access.keys import ANYONE
from api.access.names import own_name
from api.access.sessions import form_token, session_text
from api.problems import ProblemError
from config.texts import text
from domain.access import Principal
from domain.errors import ConfigError


async def _filled_in(request: Request) -> dict[str, str]:
    """The fields of a form, without files. Raises ProblemError as `form_of`."""
    form = await form_of(request)
    return {name: field(form, name).strip() for name in form}


FilledInDep = Annotated[dict[str, str], Depends(_filled_in)]


def refusal_of(error: ProblemError, lang: str) -> str:
    """Why nothing was done, above the form."""
    return text("api", f"problem.{error.code}.detail", lang, **error.values)


def refused(error: ProblemError | ConfigError, lang: str) -> tuple[int, list[str]]:
    """The status, and why nothing was kept: what is said in general, then of each row."""
    if isinstance(error, ConfigError):
        return 422, [str(error)]
    rows = error.extra.get("rows") if error.extra else None
    assert rows is None or isinstance(rows, list)
    return error.status, [
        refusal_of(error, lang),
        *(f"{r['row']}: {r['device']} {r['quantity']}: {r['reason']}" for r in rows or ()),
    ]


def signs_as(principal: Principal) -> str:
    """Whose name stands under a form; empty: it asks for one."""
    return own_name(principal)


def is_locked(principal: Principal) -> bool:
    """Whether nobody can do more than look, since no key is set and nobody can sign in."""
    return principal is ANYONE


def csrf_of(request: Request) -> str:
    """What the hidden field of each form holds: the token of whoever signed in; else empty."""
    session = session_text(request)
    return form_token(session) if session else ""
