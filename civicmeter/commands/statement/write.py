"""`civicmeter statement write CONTRACT YYYY-MM --out FILE.pdf|FILE.xlsx`."""

from pathlib import Path

import click

from civicmeter.wiring.issuing import issued_statement
from civicmeter.wiring.pipeline import open_pipeline
from config.settings import Settings
from config.texts import LANGUAGES, Language
from domain.calendar import Month
from domain.errors import CivicmeterError, ConfigError


@click.command("write")
@click.argument("contract", metavar="CONTRACT")
@click.argument("month", metavar="YYYY-MM")
@click.option("--number", default=1, show_default=True, help="Which statement of the month.")
@click.option("--lang", type=click.Choice(LANGUAGES), default="zh", show_default=True)
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), required=True, metavar="FILE"
)
@click.pass_obj
def write_command(
    settings: Settings, contract: str, month: str, number: int, lang: Language, out: Path
) -> None:
    """Write an issued statement as FILE.pdf, with the figures it rests on and a code to look it up
    by, or as FILE.xlsx, whose formulas reckon the payment again."""
    from reports.isolated import in_worker
    from reports.render import missing_text
    from reports.statements.papers import PAPERS, paper_file, paper_of

    format = next((f for f in PAPERS if out.suffix.lower() == f".{f}"), None)
    if format is None:
        raise ConfigError(f"{out} is neither a .pdf nor an .xlsx: name the file so")
    with open_pipeline(settings) as pipeline:
        one = issued_statement(pipeline, contract, Month.parse(month), number)
        paper = paper_of(pipeline.ledger, pipeline.registry, one, lang, format)
    made = next(in_worker(paper_file, [paper]))
    try:
        out.write_bytes(made.content)
    except OSError as error:
        raise ConfigError(f"{out} cannot be written ({error}): name another file") from error
    click.echo(f"{out}: {contract} {month} statement {number}, digest {one.digest[:16]}")
    if made.missing:
        raise CivicmeterError(f"the file is written, but {missing_text(made.missing)}")
