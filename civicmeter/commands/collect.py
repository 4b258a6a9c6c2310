"""`civicmeter collect`: take readings from MQTT into the store."""

import signal
import threading
from dataclasses import replace
from pathlib import Path

import click

from config.settings import Settings

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("collect")
@click.option("--mqtt", metavar="URL", help="The broker: mqtt://HOST:PORT or mqtts://HOST:PORT.")
@click.option("--mapping", type=_FILE, metavar="FILE", help="Formats and names of other devices (TOML).")  # fmt: skip
@click.option("--client-id", default="civicmeter-collector", show_default=True, metavar="ID",
              help="Names the session the broker keeps; keep it, and give it to nobody else.")  # fmt: skip
@click.option("--share-group", default="", metavar="NAME",
              help="Share the messages with the other collectors of this group.")  # fmt: skip
@click.option("--ca", type=_FILE, metavar="FILE", help="Certificates to trust, for mqtts.")
@click.option("--cert", type=_FILE, metavar="FILE", help="Client certificate, if the broker asks.")
@click.option("--key", type=_FILE, metavar="FILE", help="Key of the client certificate.")
@click.pass_obj
def command(
    settings: Settings,
    mqtt: str | None,
    mapping: Path | None,
    client_id: str,
    share_group: str,
    ca: Path | None,
    cert: Path | None,
    key: Path | None,
) -> None:
    """Collect until told to stop; what was received is stored before leaving."""
    from civicmeter.wiring import open_pipeline
    from domain.errors import CivicmeterError
    from ingest.collector import Collector
    from ingest.mapping import read_mappings
    from ingest.settings import CollectorSettings

    settings = replace(settings, mqtt=mqtt or settings.mqtt)
    own = CollectorSettings(
        mqtt=settings.mqtt,
        username=settings.mqtt_username,
        password=settings.mqtt_password,
        mappings=read_mappings(mapping) if mapping else (),
        client_id=client_id,
        share_group=share_group,
        ca=ca,
        cert=cert,
        key=key,
    )
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with open_pipeline(settings) as pipeline:
        collector = Collector(
            own, pipeline.store, pipeline.ledger, pipeline.directory, pipeline.refresh
        )
        collector.start()
        click.echo(f"Collecting from {settings.mqtt} as {client_id}  (Ctrl-C ends)")
        while not ended.wait(0.5) and collector.failure is None:
            pass
        collector.stop()
        counts = collector.counters()
        click.echo(
            f"stored {counts.stored}, repeated {counts.repeated}, "
            f"kept aside {counts.rejected_total} from {counts.received} messages"
        )
    if collector.failure is not None:
        raise CivicmeterError(f"the collector ended: {collector.failure}") from collector.failure
