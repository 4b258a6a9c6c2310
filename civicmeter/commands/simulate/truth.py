"""`civicmeter simulate truth`: what a scenario sends and what is true, unsent."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from civicmeter.commands.simulate.scenario_options import scenario_options, truth_folder
from civicmeter.output import progress_line

if TYPE_CHECKING:
    from simulators.scenarios import Scenario


@click.command("truth", short_help="What a scenario sends and what is true, unsent.")
@scenario_options
@truth_folder
def truth_command(chosen: "Scenario", folder: Path) -> None:
    """Write what a scenario sends and what is true, without sending it; no broker needed.

    Ends with a count of the faults and a digest of all that would be sent.
    """
    from simulators.truth.unsent import write_truth

    with progress_line() as progress:
        told = write_truth(chosen, folder, lambda done, total: progress("told", done, total))
    click.echo(told.summary())
    click.echo(f"the truth is in {folder}")
