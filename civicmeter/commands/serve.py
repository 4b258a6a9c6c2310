"""`civicmeter serve`: the API and the overview page over the stores of this installation."""

from contextlib import suppress
from dataclasses import replace

import click

from config.settings import Settings
from domain.errors import CivicmeterError


@click.command("serve")
@click.option("--host", metavar="ADDRESS", help="Where to listen (default 127.0.0.1).")
@click.option("--port", type=click.IntRange(1, 65535), metavar="N", help="Port (default 8000).")
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    metavar="N",
    help="Processes that answer; each has its own counters in /metrics.",
)
@click.pass_obj
def command(settings: Settings, host: str | None, port: int | None, workers: int) -> None:
    """Serve the API and the overview page until Ctrl-C."""
    import uvicorn

    from civicmeter.wiring.pipeline import open_pipeline
    from civicmeter.wiring.ports import require_free_port
    from civicmeter.wiring.serving import (
        app_of,
        require_closed,
        serve_in_workers,
        uvicorn_config,
    )

    host, port = host or settings.http_host, port or settings.http_port
    settings = replace(settings, http_host=host, http_port=port)
    require_closed(settings)
    require_free_port(host, port)
    shown = f"[{host}]" if ":" in host else host
    told = f"Overview: http://{shown}:{port}/  reference: http://{shown}:{port}/docs  (Ctrl-C ends)"
    if workers > 1:
        with open_pipeline(settings):
            click.echo(told)  # the stores answer, and the ledger is up to date
        serve_in_workers(settings, workers)
        return
    with open_pipeline(settings) as pipeline:
        click.echo(told)
        server = uvicorn.Server(uvicorn_config(app_of(pipeline), host, port))
        with suppress(KeyboardInterrupt):
            server.run()
        if not server.started:
            raise CivicmeterError("the HTTP service did not start: run `civicmeter doctor`")
