"""`civicmeter doctor`: find the usual mistakes."""

import sys

import click

from config.settings import Settings


@click.command("doctor")
@click.pass_obj
def command(settings: Settings) -> None:
    """Look at everything Civicmeter needs, in the order a reading meets it; 1 if something is wrong."""
    from civicmeter.doctor import examine

    checks = examine(settings)
    width = max(len(c.name) for c in checks)
    for check in checks:
        click.echo(f"{'ok ' if check.well else '!! '} {check.name:{width}}  {check.found}")
        if not check.well:
            click.echo(f"    {' ' * width} → {check.advice}")
    wrong = sum(not c.well for c in checks)
    click.echo(f"{len(checks)} checks, {wrong} to look at")
    sys.exit(1 if wrong else 0)
