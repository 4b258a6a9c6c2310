"""`civicmeter statement reproduce CONTRACT YYYY-MM`: reckoned again, to the last character."""

import click

from civicmeter.wiring.issuing import reproduced
from civicmeter.wiring.pipeline import open_pipeline
from config.settings import Settings
from domain.calendar import Month
from domain.errors import CivicmeterError, ConfigError


@click.command("reproduce")
@click.argument("contract", metavar="CONTRACT")
@click.argument("month", metavar="YYYY-MM")
@click.option("--number", default=1, show_default=True, help="Which statement of the month.")
@click.pass_obj
def reproduce_command(settings: Settings, contract: str, month: str, number: int) -> None:
    """Reckon an issued statement again, from the signed months and terms that it names, and compare
    the digests; exit code 1 where they differ."""
    wanted = Month.parse(month)
    with open_pipeline(settings) as pipeline:
        issued = [s for s in pipeline.ledger.statements([contract]) if s.month == wanted]
        one = next((s for s in issued if s.number == number), None)
        if one is None:
            raise ConfigError(
                f"there is no statement {number} of {contract} {month}: civicmeter statement list"
            )
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
