"""`civicmeter statement reproduce CONTRACT YYYY-MM`: reckoned again, to the last character."""

import click

from civicmeter.wiring.issuing import issued_statement, reproduced
from civicmeter.wiring.pipeline import open_pipeline
from config.settings import Settings
from domain.calendar import Month
from domain.errors import CivicmeterError


@click.command("reproduce")
@click.argument("contract", metavar="CONTRACT")
@click.argument("month", metavar="YYYY-MM")
@click.option("--number", default=1, show_default=True, help="Which statement of the month.")
@click.pass_obj
def reproduce_command(settings: Settings, contract: str, month: str, number: int) -> None:
    """Reckon an issued statement again, from the signed months and terms that it names, and compare
    the digests; exit code 1 where they differ."""
    with open_pipeline(settings) as pipeline:
        one = issued_statement(pipeline, contract, Month.parse(month), number)
        again = reproduced(pipeline, one)
    if again != one.digest:
        raise CivicmeterError(
            f"{contract} {month} statement {number}: reckoned again it has the digest {again[:16]}, "
            f"issued was {one.digest[:16]}, by {one.code_version}: compare `civicmeter contract "
            "settle` with what was issued, and run `civicmeter audit verify`"
        )
    click.echo(
        f"{contract} {month} statement {number}: the same to the last character, {again[:16]}"
    )
