"""`civicmeter ingest check`: what sample messages become by a mapping."""

from pathlib import Path

import click


@click.command("check")
@click.argument("mapping", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--sample",
    type=click.Path(path_type=Path),
    required=True,
    metavar="PATH",
    help="File or folder of messages: *.txt with a topic and a payload a line.",
)
def check_command(mapping: Path, sample: Path) -> None:
    """Show what sample messages become by a mapping; exits with 1 if any part of one is lost."""
    from ingest.live.collector import system_ms
    from ingest.live.router import Router
    from ingest.mapping import read_mappings
    from ingest.preview import preview
    from ingest.samples import read_samples

    router = Router(read_mappings(mapping))
    wrong = messages = readings = 0
    for found in read_samples(sample):
        result = preview(router, found.topic, found.payload, system_ms())
        messages, readings, wrong = messages + 1, readings + result.readings, wrong + result.wrong
        click.echo(f"{found.where}  {found.topic}")
        for line in result.lines:
            click.echo(f"  {line}")
    click.echo(f"{messages} messages, {readings} readings, {wrong} kept aside")
    if wrong:
        raise SystemExit(1)
