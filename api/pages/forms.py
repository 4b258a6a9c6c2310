"""Forms of pages: what was filled in, and what a refusal says above the form."""

from typing import Annotated

from fastapi import Depends, Request

from api.access.forms import field, form_of
from api.access.names import own_name
from api.access.sessions import form_token, session_text
from api.problems import ProblemError
from config.texts import text
from domain.access import Principal


async def _filled_in(request: Request) -> dict[str, str]:
    """The fields of a form, without files. Raises ProblemError as `form_of`."""
    form = await form_of(request)
    return {name: field(form, name).strip() for name in form}


FilledInDep = Annotated[dict[str, str], Depends(_filled_in)]


def refusal_of(error: ProblemError, lang: str) -> str:
    """Why nothing was done, above the form."""
    return text("api", f"problem.{error.code}.detail", lang, **error.values)


def signs_as(principal: Principal) -> str:
    """Whose name stands under a form; empty: it asks for one."""
    return own_name(principal)


def csrf_of(request: Request) -> str:
    """What the hidden field of each form holds: the token of whoever signed in; else empty."""
    session = session_text(request)
    return form_token(session) if session else ""
