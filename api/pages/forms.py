"""Forms of pages: what was filled in, and what a refusal says above the form."""

from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, Request

from api.access.names import own_name
from api.intake.body import BodyDep
from api.problems import ProblemError
from config.texts import text
from domain.access import Principal

FORM = "application/x-www-form-urlencoded"
_MOST_FIELDS = 100
_MOST_CHARS = 2_000


async def _filled_in(request: Request, body: BodyDep) -> dict[str, str]:
    """The fields of a form. Raises ProblemError 415 for another body, 422 for one that is none."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != FORM:
        raise ProblemError(415, "unsupported_media", given=media or "–", offered=FORM)
    try:
        fields = parse_qsl(
            body.decode(),
            keep_blank_values=True,
            strict_parsing=bool(body),
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError as error:
        raise ProblemError(400, "unreadable_body", reason=str(error)[:100]) from error
    if any(len(value) > _MOST_CHARS for _, value in fields):
        raise ProblemError(413, "too_large", limit=_MOST_CHARS)
    return {name: value.strip() for name, value in fields}


FilledInDep = Annotated[dict[str, str], Depends(_filled_in)]


def refusal_of(error: ProblemError, lang: str) -> str:
    """Why nothing was done, above the form."""
    return text("api", f"problem.{error.code}.detail", lang, **error.values)


def signs_as(principal: Principal) -> str:
    """Whose name stands under a form; empty: it asks for one."""
    return own_name(principal)


def csrf_of(request: Request) -> str:
    """What the hidden field of each form holds, where a session gives one."""
    return str(getattr(request.state, "csrf", ""))
