"""`civicmeter savings`: baseline models, adjustments and equipment; a file each subcommand."""

import click

from civicmeter.commands.savings.adjust import adjust
from civicmeter.commands.savings.adjustments import adjustments
from civicmeter.commands.savings.before_after import before_after_command
from civicmeter.commands.savings.calibrate import calibrate_command
from civicmeter.commands.savings.explain import explain_command
from civicmeter.commands.savings.fit import fit_command
from civicmeter.commands.savings.on_off import on_off
from civicmeter.commands.savings.placebo import placebo_command
from civicmeter.commands.savings.proof import proof_command


@click.group("savings")
def command() -> None:
    """Fit, explain and test baseline models; adjust savings; test equipment."""


for _subcommand in (
    fit_command,
    explain_command,
    placebo_command,
    calibrate_command,
    adjust,
    adjustments,
    on_off,
    before_after_command,
    proof_command,
):
    command.add_command(_subcommand)
