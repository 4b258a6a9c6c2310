"""`civicmeter simulate faults`: the kinds of faults, and how to write them."""

import click


@click.command("faults")
def faults_command() -> None:
    """Print the kinds of faults and how a fault file is written."""
    from simulators.faults import KINDS, fault_file

    click.echo(str(fault_file.__doc__).replace("``", "").replace("::", ":"))
    width = max(map(len, KINDS))
    for name, kind in KINDS.items():
        click.echo(f"{name:{width}}  {kind.meaning.replace('`', '')}")
