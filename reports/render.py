"""One entrance to the renderers: a report model, a language and a format give bytes."""

from collections.abc import Iterable, Iterator
from typing import Literal

from config.texts import LANGUAGES
from domain.errors import ConfigError
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


def render(model: ReportModel, lang: str, format: str) -> bytes:
    """A report as a file's bytes; the same bytes for the same model.

    Drawing happens in a process of its own (about two seconds). Raises ConfigError for a
    language or format there is not.
    """
    return next(render_many([(model, lang, format)]))


def render_many(jobs: Iterable[Job]) -> Iterator[bytes]:
    """Many reports (model, language, format) by one worker, each as soon as it is done."""
    checked = list(jobs)
    for _, lang, format in checked:
        check_choice("language", lang, LANGUAGES)
        check_choice("format", format, FORMATS)
    return in_worker(render_here, checked)


def check_choice(what: str, given: str, choices: tuple[str, ...]) -> None:
    """Raises ConfigError with the choices unless `given` is one of them."""
    if given not in choices:
        raise ConfigError(f"{given!r} is no {what} of reports: choose from {', '.join(choices)}")


def render_here(job: Job) -> bytes:
    """Render in this process, which keeps the memory that drawing takes."""
    model, lang, format = job
    if format == "xlsx":
        from reports.xlsx import xlsx

        return xlsx(model, lang)
    document = build_document(model, lang)
    if format == "pdf":
        from reports.pdf import pdf

        return pdf(document)
    from reports.html import html

    return html(document)


def file_name(model: ReportModel, lang: str, format: str) -> str:
    """What the file is called, e.g. ``cam-b3_2019-03_r1_zh.pdf``; ``open`` when preliminary."""
    standing = model.standing
    state = "open" if standing.preliminary else f"r{standing.revision}"
    return f"{model.institution.id}_{model.month}_{state}_{lang}.{format}"
