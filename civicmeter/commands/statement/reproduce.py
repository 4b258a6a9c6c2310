"""`civicmeter statement reproduce CONTRACT YYYY-MM`: reckoned again, to the last character."""

from datetime import UTC, datetime

import click

from civicmeter.wiring.issuing import (
    ComputedAgain,
    computed_again,
    issued_statement,
    reproduced,
)
from civicmeter.wiring.pipeline import open_pipeline
from config.settings import Settings
from domain.calendar import Month
from domain.errors import CivicmeterError


@click.command("reproduce")
@click.argument("contract", metavar="CONTRACT")
@click.argument("month", metavar="YYYY-MM")
@click.option("--number", default=1, show_default=True, help="Which statement of the month.")
@click.option(
    "--readings",
    is_flag=True,
    help="Compute the months it rests on again from stored readings too.",
)
@click.pass_obj
def reproduce_command(
    settings: Settings, contract: str, month: str, number: int, readings: bool
) -> None:
    """Reckon an issued statement again, from the signed months and terms that it names, and compare
    the digests; exit code 1 where they differ.

    With --readings also those months, from the readings, corrections, adjustments, models and factors
    that are stored now: a month differs where something of that came or changed since it was signed.
    """
    with open_pipeline(settings) as pipeline:
        one = issued_statement(pipeline, contract, Month.parse(month), number)
        again = reproduced(pipeline, one)
        months = computed_again(pipeline, one, datetime.now(UTC)) if readings else []
    if again != one.digest:
        raise CivicmeterError(
            f"{contract} {month} statement {number}: reckoned again it has the digest {again[:16]}, "
            f"issued was {one.digest[:16]}, by {one.code_version}: compare `civicmeter contract "
            "settle` with what was issued, and run `civicmeter audit verify`"
        )
    click.echo(
        f"{contract} {month} statement {number}: the same to the last character, {again[:16]}"
    )
    for found in months:
        click.echo(_month_line(found))
    if differing := sum(not found.is_same for found in months):
        raise CivicmeterError(
            f"{differing} of {len(months)} months come to something else by what is stored now: "
            "`civicmeter process --month YYYY-MM` computes them, and `civicmeter restate` shows what "
            "changed and why"
        )


def _month_line(found: ComputedAgain) -> str:
    where = f"{found.institution} {found.month} r{found.revision}"
    if found.digest is None:
        return f"  {where}: no readings of it are stored any more"
    if found.is_same:
        return f"  {where}: computed again from readings, the same, {found.digest[:16]}"
    return f"  {where}: {found.digest[:16]} by what is stored now, signed was {found.signed_digest[:16]}"
