"""`civicmeter broker`: what a broker for Civicmeter needs."""

from pathlib import Path

import click

from config.settings import Settings


@click.group("broker")
def command() -> None:
    """What a broker for Civicmeter needs."""


@command.command("acl")
@click.option("--user", default="collector", show_default=True, help="The collector's user.")
@click.option(
    "--mapping",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The collector's mapping, whose topics are allowed, too.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Where to write it; otherwise it is printed.",
)
@click.pass_obj
def acl(settings: Settings, user: str, mapping: Path | None, out: Path | None) -> None:
    """The registry as an access list for mosquitto: devices and gateways write their own only."""
    from civicmeter.wiring.pipeline import open_pipeline
    from ingest.acl import mosquitto_acl
    from ingest.mapping import read_mappings

    mapping = mapping or settings.mapping
    mappings = read_mappings(mapping) if mapping else ()

    with open_pipeline(settings) as pipeline:
        text = mosquitto_acl(pipeline.registry, collector=user, mappings=mappings)
    if out is None:
        click.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")
        click.echo(f"wrote {out}: name it as acl_file in mosquitto.conf and reload mosquitto")
