"""`civicmeter report YYYY-MM`: write monthly reports as files."""

from pathlib import Path

import click

from civicmeter.output import progress_line
from civicmeter.wiring.pipeline import make_folder, open_pipeline
from config.settings import Settings
from config.texts import LANGUAGES
from domain.calendar import Month
from domain.errors import CivicmeterError, ConfigError
from store.ledger.port import Ledger


@click.command("report")
@click.argument("month", metavar="YYYY-MM")
@click.option(
    "--institution", multiple=True, metavar="ID", help="Only these; default: all computed."
)
@click.option("--lang", type=click.Choice(LANGUAGES), default="zh", show_default=True)
@click.option(
    "--format", "formats", default="pdf", show_default=True, metavar="LIST", help="html,pdf,xlsx"
)
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path(), metavar="DIR", help="Default: here."
)
@click.pass_obj
def command(
    settings: Settings,
    month: str,
    institution: tuple[str, ...],
    lang: str,
    formats: str,
    out: Path,
) -> None:
    """Write the reports of a month; an open month's are marked as preliminary.

    A character that no font has, ours or this machine's, is shown as a box in the file; the
    files are written, the characters are named, and the exit code is 1.
    """
    from reports.model import build_report
    from reports.render import FORMATS, check_choice, file_name, missing_text, rendered_many

    wanted = Month.parse(month)
    chosen = [f.strip() for f in formats.split(",")]
    for form in chosen:
        check_choice("format", form, FORMATS)
    with open_pipeline(settings) as pipeline:
        places = institution or _computed(pipeline.ledger, wanted)
        models = [build_report(pipeline.ledger, i, wanted) for i in places]
    jobs = [(model, lang, form) for model in models for form in chosen]
    make_folder(out, "--out")
    paths = [out / file_name(*job) for job in jobs]
    missing: set[str] = set()
    with progress_line() as progress:
        for done, (path, made) in enumerate(zip(paths, rendered_many(jobs), strict=True), 1):
            _write(path, made.content)
            missing |= set(made.missing)
            progress("reports", done, len(jobs))
    for path in paths:
        click.echo(str(path))
    if missing:
        raise CivicmeterError(
            f"the reports are written, but {missing_text(''.join(sorted(missing)))}"
        )


def _computed(ledger: Ledger, month: Month) -> list[str]:
    found = [s.institution for s in ledger.statuses() if s.month == month]
    if not found:
        raise ConfigError(f"{month} was never computed: run `civicmeter process --month {month}`")
    return sorted(found)


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written ({error.strerror}): choose a folder with --out"
        ) from error
