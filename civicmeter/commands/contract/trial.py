"""`civicmeter contract try TERMS.toml`: the last twelve months under proposed terms."""

from pathlib import Path

import click

from civicmeter.commands.contract.shown import statement_lines
from civicmeter.output import write_file
from civicmeter.wiring.pipeline import open_pipeline
from civicmeter.wiring.trying import tried
from config.settings import Settings
from config.texts import LANGUAGES, Language, text
from domain.calendar import Month
from domain.errors import ConfigError
from reports.statements.trial import trial_xlsx
from reports.words.names import carrier_name


@click.command("try")
@click.argument("contract", metavar="CONTRACT")
@click.argument("file", metavar="TERMS.toml", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--until", required=True, metavar="YYYY-MM", help="The last month that is tried.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.xlsx",
    help="As a workbook.",
)
@click.option("--lang", type=click.Choice(LANGUAGES), default="zh", show_default=True)
@click.pass_obj
def try_command(
    settings: Settings, contract: str, file: Path, until: str, out: Path | None, lang: Language
) -> None:
    """Settle the months of a contract up to a month under the terms of a file, and print them with
    the sums at both ends of the savings' intervals, and the percentiles of the sum drawn over
    these. Nothing is kept.

    The file has `form` and rows of terms, as the registry's sheet payment_terms has them:
    [[term]] with name, value and, where they apply, of and valid_from.
    """
    try:
        written = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} holds no terms ({error}): see docs/settlement.md") from error
    with open_pipeline(settings) as pipeline:
        trial = tried(pipeline, contract, Month.parse(until), written)
    for statement in trial.statements:
        for line in statement_lines(statement, trial.open_months, lang):
            click.echo(line)
        click.echo("")
    sums = {"low": trial.low_cny, "point": trial.point_cny, "high": trial.high_cny}
    click.echo(text("settlement", "spread", lang, months=len(trial.statements), **sums))
    percentiles = {f"p{k}": amount for k, amount in trial.percentiles_cny.items()}
    click.echo(text("settlement", "drawn", lang, draws=trial.draws, **percentiles))
    for (contract_id, carrier), rho in trial.correlations.items():
        named = {"contract": contract_id, "carrier": carrier_name(carrier, lang)}
        click.echo(text("settlement", "correlation", lang, rho=f"{rho:.2f}", **named))
    if out is not None:
        write_file(out, trial_xlsx(trial, lang))
        click.echo(f"{out}: written")
