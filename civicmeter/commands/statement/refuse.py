"""`civicmeter statement refuse CONTRACT YYYY-MM --side owner|vendor --by NAME --reason WHY`."""

import click

from civicmeter.wiring.pipeline import open_pipeline
from config.settings import Settings
from domain.access import name_problem
from domain.calendar import Month
from domain.contracts.issued import SIDES, Side
from domain.errors import ConfigError


@click.command("refuse")
@click.argument("contract", metavar="CONTRACT")
@click.argument("month", metavar="YYYY-MM")
@click.option("--number", default=1, show_default=True, help="Which statement of the month.")
@click.option("--side", type=click.Choice(SIDES), required=True, help="For whom.")
@click.option("--by", required=True, metavar="NAME", help="On whose word.")
@click.option("--reason", required=True, metavar="WHY", help="What is wrong with it.")
@click.pass_obj
def refuse_command(
    settings: Settings, contract: str, month: str, number: int, side: Side, by: str, reason: str
) -> None:
    """Say for a side that it does not sign, and why. It may sign later."""
    if problem := name_problem(by):
        raise ConfigError(problem)
    with open_pipeline(settings) as pipeline:
        pipeline.ledger.refuse_statement(
            contract, Month.parse(month), number, side=side, by=by, reason=reason
        )
    click.echo(f"{contract} {month} statement {number}: refused for the {side} by {by}")
