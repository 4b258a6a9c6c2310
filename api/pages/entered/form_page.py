"""What pages of entered things share: a refusal in words, and the numbers typed into fields."""

from api.pages.forms import refusal_of
from api.problems import ProblemError
from domain.errors import ConfigError

PAGE_SIZE = 50


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


def number(typed: str) -> object:
    """A number that was typed; what is none stays text, and is refused as the API refuses text."""
    try:
        return float(typed)
    except ValueError:
        return typed
