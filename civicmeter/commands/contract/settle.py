"""`civicmeter contract settle CONTRACT YYYY-MM`: what a month of a contract pays, line by line."""

import click

from civicmeter.commands.contract.shown import statement_lines
from civicmeter.wiring.pipeline import open_pipeline
from civicmeter.wiring.settling import settled
from config.settings import Settings
from config.texts import LANGUAGES, Language
from domain.calendar import Month


@click.command("settle")
@click.argument("contract", metavar="CONTRACT")
@click.argument("month", metavar="YYYY-MM")
@click.option("--lang", type=click.Choice(LANGUAGES), default="zh", show_default=True)
@click.pass_obj
def settle_command(settings: Settings, contract: str, month: str, lang: Language) -> None:
    """Print the statement of a contract's month: each line with quantity, price, share and amount.

    It rests on the closed months from the contract's first one on; where one is open, on what was
    computed of it, and says so. CONTRACT is a contract or a bundle of several.
    """
    wanted = Month.parse(month)
    with open_pipeline(settings) as pipeline:
        agreement = settled(pipeline, contract, wanted)
    for line in statement_lines(agreement.statements[-1], agreement.open, lang):
        click.echo(line)
