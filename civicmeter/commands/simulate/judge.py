"""`civicmeter simulate judge`: the scorecard of any pipeline's results."""

import json
from pathlib import Path

import click

from civicmeter.commands.simulate.scenario_options import truth_folder


@click.command("judge", short_help="The scorecard of any pipeline's results.")
@truth_folder
@click.option(
    "--results",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    required=True,
    help="Folder with stored.parquet and results.json (see simulators/truth/results.py).",
)
def judge_command(folder: Path, results: Path) -> None:
    """Judge what any pipeline computed by the truth; prints the scorecard as JSON."""
    from simulators.truth.results import read_results, read_truth
    from simulators.truth.score import score

    card = score(read_truth(folder), read_results(results))
    click.echo(json.dumps(card.as_dict(), indent=2))
