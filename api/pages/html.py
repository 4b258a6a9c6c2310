"""The pages' templates, and what every page answers with."""

import hashlib
from collections.abc import Iterable
from functools import cache
from html import escape
from pathlib import Path
from typing import NamedTuple

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from config.texts import text

HERE = Path(__file__).parent


def render(template: str, lang: str, **values: object) -> str:
    """A page in a language. `t` says a text of all pages, `word` one of the reports'."""
    return (
        _environment()
        .get_template(template)
        .render(
            lang=lang,
            t=lambda key, **filled: text("overview", key, lang, **filled),
            word=lambda key: text("report", f"word.{key}", lang),
            static=static_url,
            **values,
        )
    )


def answer(html: str, lang: str) -> HTMLResponse:
    """A page that is drawn anew for whoever asks."""
    headers = {
        "Content-Language": lang,
        "Vary": "Accept-Language",
        "Cache-Control": "no-cache",
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }
    return HTMLResponse(html, headers=headers)


class Sheet(NamedTuple):
    """One page of a long list: which of how many, from 1, and what of the list is on it."""

    page: int
    pages: int
    shown: slice


def sheet_of(total: int, page: int, size: int) -> Sheet:
    """The page asked for, or the last or first where there is none so far.

    >>> sheet_of(101, 9, 50), sheet_of(0, 1, 50).pages
    (Sheet(page=3, pages=3, shown=slice(100, 150, None)), 1)
    """
    pages = max(1, -(-total // size))
    page = min(max(1, page), pages)
    return Sheet(page, pages, slice((page - 1) * size, page * size))


def options(choices: Iterable[tuple[str, str]], chosen: str) -> Markup:
    """The options of a selection, (value, words) each. Thousands of them in a template are most
    of a page's time."""
    return Markup(
        "".join(
            f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>'
            f"{escape(words)}</option>"
            for value, words in choices
        )
    )


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def static_url(name: str) -> str:
    """The address of a file in api/pages/static, with a digest of its content."""
    digest = hashlib.sha256((HERE / "static" / name).read_bytes()).hexdigest()
    return f"/static/{name}?{digest[:12]}"
