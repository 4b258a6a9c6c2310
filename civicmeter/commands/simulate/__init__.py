"""`civicmeter simulate`: simulated devices and their truth; a file each subcommand."""

import click

from civicmeter.commands.simulate.faults import faults_command
from civicmeter.commands.simulate.judge import judge_command
from civicmeter.commands.simulate.mapping import mapping_command
from civicmeter.commands.simulate.run import run_command
from civicmeter.commands.simulate.score import score_command
from civicmeter.commands.simulate.truth import truth_command


@click.group("simulate")
def command() -> None:
    """Run simulated devices; see the truth they simulated; judge a pipeline by it.

    The same scenario, seed, months, faults and present give the same bytes.
    """


for _subcommand in (
    run_command,
    truth_command,
    faults_command,
    mapping_command,
    score_command,
    judge_command,
):
    command.add_command(_subcommand)
