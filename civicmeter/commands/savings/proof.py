"""`civicmeter savings proof`: what would prove the saving that a contract expects."""

from dataclasses import replace
from datetime import UTC, datetime

import click

from config.settings import Settings
from domain.errors import ConfigError


@click.command("proof")
@click.argument("contract_id", metavar="CONTRACT")
@click.option(
    "--expect",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    metavar="RATIO",
    help="Share of a year's use to be saved, 0.05 for 5 %; default: what is registered.",
)
@click.option("--lang", type=click.Choice(("zh", "en")), default="zh", show_default=True)
@click.pass_obj
def proof_command(settings: Settings, contract_id: str, expect: float | None, lang: str) -> None:
    """Say whether the present meters prove the saving that a contract expects, and if not, which
    sub-meter, on/off test or sample would: from its frozen baselines."""
    from civicmeter.wiring.pipeline import open_pipeline
    from reports.words.proof import proof_lines, proofs

    with open_pipeline(settings) as pipeline:
        contract = next((c for c in pipeline.registry.contracts if c.id == contract_id), None)
        if contract is None:
            known = ", ".join(c.id for c in pipeline.registry.contracts) or "none"
            raise ConfigError(f"no contract {contract_id!r}: there are {known}")
        kept = pipeline.ledger.models(contract.institution)
    if expect is not None:
        contract = replace(contract, expected_saving_ratio=expect)
    found = list(proofs(contract, kept, datetime.now(UTC).date()))
    if not found:
        raise ConfigError(
            f"{contract_id} has no frozen baseline yet: it is fitted when its baseline period, up to "
            f"{contract.baseline_end}, is over and the months are computed (civicmeter process)"
        )
    for carrier, proof in found:
        click.echo(f"{contract_id}/{carrier}: {proof.answer}")
        for line in proof_lines(proof, lang):
            click.echo(f"  {line}")
