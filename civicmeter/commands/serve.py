"""`civicmeter serve`: the API and the overview page over the stores of this installation."""

import click

from config.settings import Settings


@click.command("serve")
@click.option("--host", metavar="ADDRESS", help="Where to listen (default 127.0.0.1).")
@click.option("--port", type=click.IntRange(1, 65535), metavar="N", help="Port (default 8000).")
@click.pass_obj
def command(settings: Settings, host: str | None, port: int | None) -> None:
    """Serve the API and the overview page until Ctrl-C."""
    import uvicorn

    from api.app import create_app
    from civicmeter.wiring.pipeline import open_pipeline
    from civicmeter.wiring.serving import require_free_port

    host, port = host or settings.http_host, port or settings.http_port
    require_free_port(host, port)
    with open_pipeline(settings) as pipeline:
        app = create_app(
            store=pipeline.store,
            ledger=pipeline.ledger,
            api_key=settings.api_key,
            on_registry_change=pipeline.refresh,
        )
        shown = f"[{host}]" if ":" in host else host
        click.echo(
            f"Overview: http://{shown}:{port}/  reference: http://{shown}:{port}/docs  (Ctrl-C ends)"
        )
        uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False)
