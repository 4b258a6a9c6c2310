"""`civicmeter demo`: the whole pipeline on embedded parts."""

from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click

from civicmeter.demo import PATIENCE_S
from civicmeter.output import progress_line
from config.settings import Settings


@click.command("demo")
@click.option("--once", is_flag=True, help="Stop when the reports are written.")
@click.option(
    "--data",
    "folder",
    type=click.Path(path_type=Path),
    default=None,
    metavar="DIR",
    help="Where to keep it (default: demo in the data folder).",
)
@click.option("--port", default=8000, show_default=True, help="Port of the overview page.")
@click.option(
    "--scenario", default="demo", show_default=True, help="demo, or tiny for a quick look."
)
@click.option(
    "--store", metavar="URL", default="", help="An empty store of readings (default: its own)."
)
@click.option(
    "--ledger", metavar="URL", default="", help="An empty ledger for results (default: its own)."
)
@click.option(
    "--patience",
    "patience_s",
    type=click.FloatRange(min=1),
    default=PATIENCE_S,
    show_default=True,
    metavar="SECONDS",
    help="How long a store that takes nothing is waited for.",
)
@click.pass_obj
def command(
    settings: Settings,
    once: bool,
    folder: Path | None,
    port: int,
    scenario: str,
    store: str,
    ledger: str,
    patience_s: float,
) -> None:
    """Run everything over real TCP: broker, simulated and replayed devices, collector,
    processing, month close, reports, overview page."""
    from civicmeter.demo import run as demo
    from civicmeter.demo.embedded_broker import embedded_broker
    from civicmeter.demo.ending import institution_table, kept_aside_line, settlement_lines, summary
    from civicmeter.wiring.collecting import collecting, ended_by_signal, sound, wait_until
    from civicmeter.wiring.pipeline import collector_settings, open_pipeline
    from civicmeter.wiring.ports import require_free_port
    from civicmeter.wiring.processing_rounds import Rounds
    from civicmeter.wiring.serving import app_of, serving
    from simulators.scenarios import scenario as find_scenario

    now = datetime.now(UTC)
    require_free_port("127.0.0.1", port)
    registry = find_scenario(scenario, now).registry()
    folder = demo.prepare_folder(folder or settings.data / "demo")
    truth = folder / "truth"
    with ExitStack() as stack:
        broker = stack.enter_context(embedded_broker(queue_mb=demo.QUEUE_MB))
        # The demo's own stores and broker, whatever the environment says; only who names a store
        # on the command line means it.
        own = replace(
            settings, data=folder, store=store, ledger=ledger, mqtt=broker.url, mqtt_username=""
        )
        pipeline = stack.enter_context(open_pipeline(own))
        demo.require_unused(pipeline)
        pipeline.save_registry(registry)
        collector = stack.enter_context(collecting(pipeline, collector_settings(pipeline.settings)))
        rounds = Rounds(pipeline, 60)
        app = app_of(pipeline, collector, rounds)
        address = stack.enter_context(serving(app, "127.0.0.1", port))
        where = f"{folder}, readings in {store}" if store else f"{folder}"
        told = f"collecting from {broker.url}, data in {where}, overview at {address}"
        click.echo(told, err=True)
        with progress_line() as progress:
            devices = stack.enter_context(
                demo.simulating(
                    broker.port,
                    truth,
                    now,
                    scenario=scenario,
                    live=not once,
                    progress=progress,
                    settled=lambda: demo.settled_messages(collector),
                )
            )
            devices.wait(patience_s)
            demo.wait_until_stored(
                lambda: sound(collector).counters(), devices.sent, progress, patience_s=patience_s
            )
            collector.wait_idle(10)
            counted = demo.count_sent(pipeline, truth)
            demo.require_clean(counted)
            closed = demo.compute_and_close(pipeline, now, progress)
            reports = demo.write_reports(pipeline, closed, folder / "reports", progress)
        click.echo(institution_table(pipeline, closed, reports))
        for line in settlement_lines(pipeline, closed):
            click.echo(line)
        click.echo(kept_aside_line(pipeline))
        if not once:
            click.echo(summary(counted, len(closed), len(reports)))
            click.echo(f"Overview: {address}  (Ctrl-C ends)")
            stack.enter_context(rounds)
            wait_until(ended_by_signal(), collector)
            sound(collector)
    if once:
        click.echo(summary(counted, len(closed), len(reports)))
