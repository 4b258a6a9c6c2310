"""`civicmeter statement write CONTRACT YYYY-MM --out FILE.xlsx`."""

from pathlib import Path

import click

from civicmeter.wiring.issuing import issued_statement
from civicmeter.wiring.pipeline import open_pipeline
from config.settings import Settings
from config.texts import LANGUAGES, Language
from domain.calendar import Month
from domain.errors import ConfigError


@click.command("write")
@click.argument("contract", metavar="CONTRACT")
@click.argument("month", metavar="YYYY-MM")
@click.option("--number", default=1, show_default=True, help="Which statement of the month.")
@click.option("--lang", type=click.Choice(LANGUAGES), default="zh", show_default=True)
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), required=True, metavar="FILE.xlsx"
)
@click.pass_obj
def write_command(
    settings: Settings, contract: str, month: str, number: int, lang: Language, out: Path
) -> None:
    """Write an issued statement as a workbook: its formulas reckon the payment again."""
    from reports.statements.workbook import statement_xlsx

    with open_pipeline(settings) as pipeline:
        one = issued_statement(pipeline, contract, Month.parse(month), number)
    try:
        out.write_bytes(statement_xlsx(one, lang))
    except OSError as error:
        raise ConfigError(f"{out} cannot be written ({error}): name another file") from error
    click.echo(f"{out}: {contract} {month} statement {number}, digest {one.digest[:16]}")
