"""`civicmeter statement sign CONTRACT YYYY-MM --side owner|vendor --by NAME`."""

import click

from civicmeter.wiring.pipeline import open_pipeline
from config.settings import Settings
from domain.access import name_problem
from domain.calendar import Month
from domain.contracts.issued import SIDES, Side
from domain.errors import ConfigError


@click.command("sign")
@click.argument("contract", metavar="CONTRACT")
@click.argument("month", metavar="YYYY-MM")
@click.option("--number", default=1, show_default=True, help="Which statement of the month.")
@click.option("--side", type=click.Choice(SIDES), required=True, help="For whom.")
@click.option("--by", required=True, metavar="NAME", help="On whose word.")
@click.pass_obj
def sign_command(
    settings: Settings, contract: str, month: str, number: int, side: Side, by: str
) -> None:
    """Put a side's name under a statement. Nobody signs for two sides."""
    if problem := name_problem(by):
        raise ConfigError(problem)
    with open_pipeline(settings) as pipeline:
        signed = pipeline.ledger.sign_statement(
            contract, Month.parse(month), number, side=side, by=by
        )
    names = ", ".join(f"{s.by} ({s.side})" for s in signed.signatures)
    click.echo(f"{contract} {month} statement {number}: signed by {names}")
