"""`civicmeter simulate score`: a scenario through a whole pipeline, judged."""

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from civicmeter.commands.simulate.scenario_options import scenario_options
from civicmeter.output import progress_line
from domain.errors import ConfigError

if TYPE_CHECKING:
    from simulators.scenarios import Scenario


@click.command("score", short_help="A scenario through a whole pipeline: the scorecard.")
@scenario_options
@click.option("--json", "as_json", is_flag=True, help="The scorecard as JSON, and nothing else.")
@click.option(
    "--keep",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep truth and stores in this (empty) folder.",
)
@click.pass_context
def score_command(ctx: click.Context, chosen: "Scenario", as_json: bool, keep: Path | None) -> None:
    """Run a scenario through a whole embedded pipeline and judge its results by the truth.

    Broker, collector, stores and HTTP service are embedded and used for nothing else; ports are
    free ones of this machine. docs/scorecard.md says what each line means.
    """
    from civicmeter.demo.scoring import score_scenario, scorecard_lines

    if keep is not None and keep.exists() and any(keep.iterdir()):
        raise ConfigError(f"{keep} is not empty: choose another with --keep")
    asked = ctx.params
    again = [f"--months={asked['months']}"] if asked["months"] else []
    again += [f"--faults={asked['fault_file']}"] if asked["fault_file"] else []
    with tempfile.TemporaryDirectory(prefix="civicmeter-score-") as scratch, progress_line() as say:
        card = score_scenario(chosen, again, keep or Path(scratch), say)
    click.echo(json.dumps(card.as_dict(), indent=2) if as_json else scorecard_lines(card))
