"""`civicmeter simulate faults`: the kinds of faults, and how to write them."""

import click


@click.command("faults")
def faults_command() -> None:
    """Print the kinds of faults and how a fault file is written."""
    from simulators.faults import spec

    click.echo(str(spec.__doc__).replace("``", "").replace("::", ":"))
    width = max(map(len, spec.KINDS))
    for kind, what in spec.KINDS.items():
        click.echo(f"{kind:{width}}  {what.replace('`', '')}")
