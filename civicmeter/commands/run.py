"""`civicmeter run`: collect, process and serve in one process."""

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import click

from config.settings import Settings


@click.command("run")
@click.option("--mqtt", metavar="URL", help="The broker: mqtt://HOST:PORT or mqtts://HOST:PORT.")
@click.option(
    "--mapping",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Formats and names of other devices (TOML).",
)
@click.option("--host", metavar="ADDRESS", help="Where to listen for HTTP.")
@click.option("--port", type=int, metavar="N", help="Port of the API and the overview page.")
@click.option(
    "--every",
    default=300.0,
    show_default=True,
    metavar="SECONDS",
    help="How often open months are computed.",
)
@click.pass_obj
def command(
    settings: Settings,
    mqtt: str | None,
    mapping: Path | None,
    host: str | None,
    port: int | None,
    every: float,
) -> None:
    """Collect, process and serve in one process: enough for a city on one machine."""
    from civicmeter.wiring.collecting import (
        collecting,
        ended_by_signal,
        sound,
        wait_until,
    )
    from civicmeter.wiring.pipeline import collector_settings, open_pipeline
    from civicmeter.wiring.ports import require_free_port
    from civicmeter.wiring.processing_rounds import Rounds
    from civicmeter.wiring.serving import (
        app_of,
        require_closed,
        serving,
    )

    settings = replace(
        settings,
        mqtt=mqtt or settings.mqtt,
        mapping=mapping or settings.mapping,
        http_host=host or settings.http_host,
        http_port=port or settings.http_port,
    )
    require_closed(settings)
    require_free_port(settings.http_host, settings.http_port)
    with ExitStack() as stack:
        pipeline = stack.enter_context(open_pipeline(settings))
        collector = stack.enter_context(collecting(pipeline, collector_settings(pipeline.settings)))
        rounds = Rounds(pipeline, every)
        app = app_of(pipeline, collector, rounds)
        address = stack.enter_context(serving(app, settings.http_host, settings.http_port))
        stack.enter_context(rounds)
        click.echo(f"Collecting from {settings.mqtt}; overview: {address}  (Ctrl-C ends)")
        wait_until(ended_by_signal(), collector)
        sound(collector)
