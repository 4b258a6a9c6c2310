"""`civicmeter simulate mapping`: what a collector needs for a scenario's foreign devices."""

from typing import TYPE_CHECKING

import click

from civicmeter.commands.simulate.scenario_options import scenario_options
from domain.errors import ConfigError

if TYPE_CHECKING:
    from simulators.scenarios import Scenario


@click.command("mapping", short_help="The mapping a collector needs for a scenario.")
@scenario_options
def mapping_command(chosen: "Scenario") -> None:
    """Print the mapping a collector needs for a scenario's foreign devices."""
    if not chosen.mapping:
        raise ConfigError(f"every device of {chosen.name} speaks the native format: none is needed")
    click.echo(chosen.mapping, nl=False)
