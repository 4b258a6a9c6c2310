"""`civicmeter dashboards`: the Grafana dashboards as files, or into a running Grafana."""

from pathlib import Path

import click

from config.texts import text


def _say(key: str, lang: str) -> str:
    return text("dashboards", key, lang)


@click.group("dashboards")
def command() -> None:
    """Build the Grafana dashboards, or push them."""


@command.command("build")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=None,
    metavar="DIR",
    help="Where to write them (default: dashboards/generated).",
)
def build(out: Path | None) -> None:
    """Write every dashboard as JSON, for Grafana's file provisioning."""
    from dashboards.build import GENERATED, write

    for path in write(out or GENERATED, _say):
        click.echo(path)


@command.command("push")
@click.option(
    "--url",
    envvar="GRAFANA_URL",
    default="http://127.0.0.1:3000",
    show_default=True,
    help="Address of Grafana, also as GRAFANA_URL.",
)
@click.option(
    "--token",
    envvar="GRAFANA_TOKEN",
    required=True,
    metavar="TOKEN",
    help="Token of a service account with the role Editor, also as GRAFANA_TOKEN.",
)
@click.option(
    "--message",
    default="civicmeter dashboards push",
    show_default=True,
    help="Kept in Grafana's version history.",
)
def push(url: str, token: str, message: str) -> None:
    """Create or update the dashboards in a running Grafana."""
    from dashboards.build import dashboards
    from dashboards.push import push as push_all

    for address in push_all(dashboards(_say), url=url, token=token, message=message):
        click.echo(address)
