"""`civicmeter contract try TERMS.toml`: the last twelve months under proposed terms."""

from decimal import Decimal
from pathlib import Path

import click

from civicmeter.commands.contract.shown import statement_lines
from civicmeter.output import write_file
from civicmeter.wiring.pipeline import open_pipeline
from civicmeter.wiring.settling import proposed_terms, settled, spread
from config.settings import Settings
from config.texts import LANGUAGES, Language, text
from domain.calendar import Month
from processing.settlement.drawn import DRAWS, drawn
from reports.statements.trial import Trial, trial_xlsx
from reports.words.names import carrier_name

MONTHS = 12


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
    form, terms = proposed_terms(file)
    with open_pipeline(settings) as pipeline:
        agreement = settled(pipeline, contract, Month.parse(until), form, terms)
    statements = agreement.statements[-MONTHS:]
    for statement in statements:
        for line in statement_lines(statement, agreement.open, lang):
            click.echo(line)
        click.echo("")
    low, high = spread(agreement, MONTHS)
    point = sum((s.amount_cny for s in statements), Decimal(0))
    told = {"months": len(statements), "low": low, "point": point, "high": high}
    click.echo(text("settlement", "spread", lang, **told))
    found = drawn(agreement.agreement, agreement.terms, agreement.months, agreement.book, MONTHS)
    percentiles = {"p10": found.p10_cny, "p50": found.p50_cny, "p90": found.p90_cny}
    click.echo(text("settlement", "drawn", lang, draws=DRAWS, **percentiles))
    for (contract_id, carrier), rho in found.correlations.items():
        named = {"contract": contract_id, "carrier": carrier_name(carrier, lang)}
        click.echo(text("settlement", "correlation", lang, rho=f"{rho:.2f}", **named))
    if out is not None:
        trial = Trial(
            agreement=agreement.agreement,
            form=form,
            terms=terms,
            statements=statements,
            low_cny=low,
            high_cny=high,
            percentiles_cny={10: found.p10_cny, 50: found.p50_cny, 90: found.p90_cny},
            draws=DRAWS,
            correlations=found.correlations,
        )
        write_file(out, trial_xlsx(trial, lang))
        click.echo(f"{out}: written")
