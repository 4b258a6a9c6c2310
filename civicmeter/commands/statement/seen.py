"""`civicmeter statement list [CONTRACT]`."""

import click

from civicmeter.output import table_text
from civicmeter.wiring.pipeline import open_pipeline
from config.settings import Settings


@click.command("list")
@click.argument("contract", metavar="[CONTRACT]", required=False)
@click.pass_obj
def list_command(settings: Settings, contract: str | None) -> None:
    """List the statements issued, with what they pay and who signed."""
    with open_pipeline(settings) as pipeline:
        found = pipeline.ledger.statements([contract] if contract else None)
    rows = [("contract", "month", "no.", " payable CNY", "issued by", "signed by", "digest")]
    for one in found:
        signed = ", ".join(f"{s.by} ({s.side})" for s in one.signatures) or "–"
        amount = f"{one.content['payable_cny']:>12}"
        head = (one.agreement, str(one.month), str(one.number))
        rows.append((*head, amount, one.issued_by, signed, one.digest[:16]))
    click.echo(table_text(rows) if found else "no statements are issued yet")
