"""One collector over the open stores, until told to stop."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import click

from civicmeter.wiring.one_collector import only_collector
from civicmeter.wiring.pipeline import Pipeline, open_pipeline
from config.settings import Settings
from domain.errors import CivicmeterError, ConfigError
from ingest.checks import store_skew_s
from ingest.live.collector import Collector
from ingest.settings import CollectorSettings

_LOOK_EVERY_S = 0.5


@contextmanager
def collecting(pipeline: Pipeline, own: CollectorSettings) -> Iterator[Collector]:
    """Collect until the end of the block, which stores what has been received.

    Raises ConfigError while another process collects into the folder under the same id.
    """
    collector = Collector(
        own,
        pipeline.store,
        pipeline.ledger,
        pipeline.directory,
        pipeline.refresh,
        store_skew_s=lambda: store_skew_s(pipeline.settings),
    )
    with only_collector(pipeline.settings.data, own.client_id):
        collector.start()
        try:
            yield collector
        finally:
            collector.stop()


def collect(
    settings: Settings, own: CollectorSettings, metrics_port: int | None, ended: threading.Event
) -> None:
    """Collect in this process until `ended`, and say what became of it.

    Raises CivicmeterError when the collector cannot go on; what it had received is stored.
    """
    with open_pipeline(replace(settings, mqtt=own.mqtt)) as pipeline:
        if metrics_port is not None:
            _serve_metrics(metrics_port)
        with collecting(pipeline, own) as collector:
            click.echo(f"Collecting from {own.mqtt} as {own.client_id}  (Ctrl-C ends)")
            wait_until(ended, collector)
        counts = collector.counters()
        click.echo(
            f"stored {counts.stored}, repeated {counts.repeated}, "
            f"kept aside {counts.rejected_total} from {counts.received} messages"
        )
    sound(collector)


def ended_by_signal() -> threading.Event:
    """Set by SIGINT (Ctrl-C) or SIGTERM from now on."""
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    return ended


def wait_until(ended: threading.Event, collector: Collector) -> None:
    """Until `ended`, or until the collector has failed."""
    while not ended.wait(_LOOK_EVERY_S) and collector.failure is None:
        pass


def sound(collector: Collector) -> Collector:
    """The collector. Raises CivicmeterError when it ended by itself."""
    if collector.failure is not None:
        raise CivicmeterError(f"the collector ended: {collector.failure}") from collector.failure
    return collector


def _serve_metrics(port: int) -> None:
    from prometheus_client import start_http_server

    try:
        start_http_server(port, "127.0.0.1")
    except OSError as error:
        raise ConfigError(
            f"port {port} for the metrics is taken: choose another with --metrics-port"
        ) from error
