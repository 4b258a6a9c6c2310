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
    "--gateway",
    "gateways",
    multiple=True,
    metavar="NAME",
    help="A gateway that may speak for any device; give it once for each.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Where to write it; otherwise it is printed.",
)
@click.pass_obj
def acl(settings: Settings, user: str, gateways: tuple[str, ...], out: Path | None) -> None:
    """The registry as an access list for mosquitto: each device writes its own topic only."""
    from civicmeter.wiring.pipeline import open_pipeline
    from ingest.acl import mosquitto_acl

    with open_pipeline(settings) as pipeline:
        text = mosquitto_acl(pipeline.registry, collector=user, gateways=gateways)
    if out is None:
        click.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")
        click.echo(f"wrote {out}: name it as acl_file in mosquitto.conf and reload mosquitto")
