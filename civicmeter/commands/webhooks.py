"""`civicmeter webhooks FILE.toml`: tell other systems what happened."""

import time
from datetime import UTC, datetime
from pathlib import Path

import click

from config.settings import Settings
from domain.errors import StoreUnavailableError


@click.command("webhooks")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE.toml")
@click.option(
    "--every",
    type=click.FloatRange(min=1.0, max=3600.0),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="How often to look.",
)
@click.option("--once", is_flag=True, help="Look once, send what is due, then end.")
@click.pass_obj
def command(settings: Settings, file: Path, every: float, once: bool) -> None:
    """Tell the systems in FILE.toml of closed months, restatements that wait, refused readings and
    statements that are ready: signed, tried again, from the first start on.

    What was told is kept in the data folder (webhooks.json): one process for a folder.
    """
    from civicmeter.wiring.pipeline import open_pipeline
    from civicmeter.wiring.webhooks.hooks import read_hooks
    from civicmeter.wiring.webhooks.sending import send
    from civicmeter.wiring.webhooks.told import tell_round

    hooks = read_hooks(file)
    with open_pipeline(settings) as pipeline:
        path = settings.data / "webhooks.json"
        while True:
            try:
                sent, waiting = tell_round(path, hooks, pipeline.ledger, datetime.now(UTC), send)
            except StoreUnavailableError as error:
                if once:
                    raise
                click.echo(f"the ledger cannot be asked now: {error}", err=True)
            else:
                if once or sent:
                    click.echo(f"{sent} sent, {waiting} waiting")
            if once:
                return
            time.sleep(every)
