"""One entrance to the renderers: a report model, a language and a format give bytes."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Literal

from config.texts import LANGUAGES
from domain.errors import ConfigError
from reports.characters import BOX
from reports.document import build_document
from reports.isolated import in_worker
from reports.model import ReportModel

Format = Literal["html", "pdf", "xlsx"]
FORMATS: tuple[Format, ...] = ("html", "pdf", "xlsx")
MEDIA_TYPES = {
    "html": "text/html; charset=utf-8",
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
Job = tuple[ReportModel, str, str]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A report as a file's bytes. `missing` are the characters that no font here has: a PDF
    shows boxes for them, a page what its reader's machine has. Sheets only name them."""

    content: bytes
    missing: str = ""


def render(model: ReportModel, lang: str, format: str) -> bytes:
    """A report as a file's bytes; the same bytes for the same model.

    Drawing happens in a process of its own (about two seconds). Raises ConfigError for a
    language or format there is not.
    """
    return next(render_many([(model, lang, format)]))


def render_many(jobs: Iterable[Job]) -> Iterator[bytes]:
    """Many reports (model, language, format) by one worker, each as soon as it is done; missing
    characters are logged."""
    every = list(jobs)
    for job, made in zip(every, rendered_many(every), strict=True):
        if made.missing:
            _log.warning("%s: %s", file_name(*job), missing_text(made.missing))
        yield made.content


def missing_text(characters: str) -> str:
    """What is wrong with characters that no font has, and what to do."""
    named = ", ".join(f"{c} (U+{ord(c):04X})" for c in characters)
    return (
        f"no font here has {named}, shown as {BOX}: install one that has, "
        "e.g. Debian's fonts-hanazono or fonts-babelstone-han, and write it again"
    )


def rendered_many(jobs: Iterable[Job]) -> Iterator[Rendered]:
    """As `render_many`, with what could not be drawn."""
    checked = list(jobs)
    for _, lang, format in checked:
        check_choice("language", lang, LANGUAGES)
        check_choice("format", format, FORMATS)
    return in_worker(render_here, checked)


def check_choice(what: str, given: str, choices: tuple[str, ...]) -> None:
    """Raises ConfigError with the choices unless `given` is one of them."""
    if given not in choices:
        raise ConfigError(f"{given!r} is no {what} of reports: choose from {', '.join(choices)}")


def render_here(job: Job) -> Rendered:
    """Render in this process, which keeps the memory that drawing takes."""
    model, lang, format = job
    if format == "xlsx":
        from reports.xlsx import xlsx

        return Rendered(xlsx(model, lang))
    from reports.characters import beyond_ours

    document = build_document(model, lang)
    beyond = beyond_ours(asdict(document))
    if format == "pdf":
        from reports.pdf import pdf

        return Rendered(pdf(document, beyond), beyond.missing)
    from reports.html import html

    return Rendered(html(document, beyond), beyond.missing)


@dataclass(frozen=True, slots=True)
class ReportFile:
    """A report as a file with its name; `missing` as in Rendered."""

    name: str
    content: bytes
    missing: str = ""


def report_file(job: Job) -> ReportFile:
    """As `render_here`, with the file's name."""
    made = render_here(job)
    return ReportFile(file_name(*job), made.content, made.missing)


def file_name(model: ReportModel, lang: str, format: str) -> str:
    """What the file is called, e.g. ``cam-b3_2019-03_r1_zh.pdf``; ``open`` when preliminary."""
    standing = model.standing
    state = "open" if standing.preliminary else f"r{standing.revision}"
    return f"{model.institution.id}_{model.month}_{state}_{lang}.{format}"
