"""`civicmeter collect`: take readings from MQTT into the store."""

import gc
from dataclasses import replace
from pathlib import Path

import click

from config.settings import Settings

_FILE = click.Path(path_type=Path, dir_okay=False)
_GROUP = "civicmeter"


@click.command("collect")
@click.option("--mqtt", metavar="URL", help="The broker: mqtt://HOST:PORT or mqtts://HOST:PORT.")
@click.option(
    "--mapping", type=_FILE, metavar="FILE", help="Formats and names of other devices (TOML)."
)
@click.option(
    "--client-id",
    default="civicmeter-collector",
    show_default=True,
    metavar="ID",
    help="Names the session the broker keeps; keep it, and give it to nobody else.",
)
@click.option(
    "--share-group",
    default="",
    metavar="NAME",
    help="Share the messages with the other collectors of this group.",
)
@click.option(
    "--processes",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    metavar="N",
    help="Collect in so many processes of one share group.",
)
@click.option("--ca", type=_FILE, metavar="FILE", help="Certificates to trust, for mqtts.")
@click.option("--cert", type=_FILE, metavar="FILE", help="Client certificate, if the broker asks.")
@click.option("--key", type=_FILE, metavar="FILE", help="Key of the client certificate.")
@click.option(
    "--metrics-port",
    type=click.IntRange(1, 65535),
    metavar="PORT",
    help="Serve Prometheus metrics on this port of 127.0.0.1 (the next ones with --processes).",
)
@click.option("--log-json", is_flag=True, help="Log in JSON, one object a line.")
@click.pass_context
def command(
    ctx: click.Context,
    mqtt: str | None,
    mapping: Path | None,
    client_id: str,
    share_group: str,
    processes: int,
    ca: Path | None,
    cert: Path | None,
    key: Path | None,
    metrics_port: int | None,
    log_json: bool,
) -> None:
    """Collect until told to stop; what was received is stored before leaving."""
    # Nothing that is imported is garbage; to look for some takes an eighth of the imports' time.
    gc.disable()
    from civicmeter.wiring.collecting import collect, ended_by_signal
    from civicmeter.wiring.pipeline import collector_settings
    from ingest.logs import log_to_stderr

    gc.enable()
    settings: Settings = ctx.obj
    log_to_stderr(as_json=log_json)
    settings = replace(
        settings,
        mqtt=mqtt or settings.mqtt,
        mapping=mapping or settings.mapping,
        mqtt_ca=ca or settings.mqtt_ca,
        mqtt_cert=cert or settings.mqtt_cert,
        mqtt_key=key or settings.mqtt_key,
    )
    own = replace(
        collector_settings(settings),
        client_id=client_id,
        watch_broker=True,
        share_group=share_group or (_GROUP if processes > 1 else ""),
    )
    ended = ended_by_signal()
    if processes > 1:
        from civicmeter.wiring.collector_processes import collect_in_processes

        collect_in_processes(settings, own, processes, metrics_port, ended, log_json=log_json)
    else:
        collect(settings, own, metrics_port, ended)
