"""`civicmeter ingest`: try a mapping; see, replay and purge what was kept aside."""

from pathlib import Path

import click

from config.settings import Settings
from domain.errors import ConfigError

_FILE = click.Path(path_type=Path, dir_okay=False)
_CODE = click.option("--code", metavar="CODE", help="Only this reason, for example bad_json.")
_DEVICE = click.option("--device", metavar="ID", help="Only this device.")
_SOURCE = click.option("--source", metavar="TOPIC", help="Only from this topic.")


@click.group("ingest")
def command() -> None:
    """Try a mapping; see and replay what was kept aside."""


@command.command("check")
@click.argument("mapping", type=_FILE)
@click.option(
    "--sample",
    type=click.Path(path_type=Path),
    required=True,
    metavar="PATH",
    help="File or folder of messages: *.txt with a topic and a payload a line.",
)
def check(mapping: Path, sample: Path) -> None:
    """Show what sample messages become by a mapping; exits with 1 if any part of one is lost."""
    from ingest.live.collector import system_ms
    from ingest.live.router import Router
    from ingest.mapping import read_mappings
    from ingest.samples import read_samples
    from ingest.trial import trial

    router = Router(read_mappings(mapping))
    wrong = messages = readings = 0
    for found in read_samples(sample):
        result = trial(router, found.topic, found.payload, system_ms())
        messages, readings, wrong = messages + 1, readings + result.readings, wrong + result.wrong
        click.echo(f"{found.where}  {found.topic}")
        for line in result.lines:
            click.echo(f"  {line}")
    click.echo(f"{messages} messages, {readings} readings, {wrong} kept aside")
    if wrong:
        raise SystemExit(1)


@command.group("dead-letters")
def dead_letters() -> None:
    """What was kept aside, with its reason."""


@dead_letters.command("list")
@_CODE
@_DEVICE
@_SOURCE
@click.option("--lang", type=click.Choice(["zh", "en"]), default="en", show_default=True)
@click.pass_obj
def list_them(
    settings: Settings, code: str | None, device: str | None, source: str | None, lang: str
) -> None:
    """Every group: count, first and last seen, reason, device, topic, an example."""
    from civicmeter.wiring.pipeline import open_pipeline
    from ingest.trial import described

    with open_pipeline(settings) as pipeline:
        entries = [
            e
            for e in pipeline.ledger.aside()
            if code in (None, e.code) and device in (None, e.device) and source in (None, e.source)
        ]
        for entry in entries:
            click.echo(described(entry, lang))
        click.echo(f"{len(entries)} groups, {pipeline.ledger.count_kept()} messages kept whole")


@dead_letters.command("replay")
@_CODE
@_DEVICE
@_SOURCE
@click.option("--mapping", type=_FILE, metavar="FILE", help="The mended mapping.")
@click.pass_obj
def replay_them(
    settings: Settings,
    code: str | None,
    device: str | None,
    source: str | None,
    mapping: Path | None,
) -> None:
    """Ingest what was kept aside again; what is still wrong stays."""
    from civicmeter.output import progress_line
    from civicmeter.wiring.pipeline import open_pipeline
    from ingest.aside.replay import replay
    from ingest.judge import Limits
    from ingest.live.collector import system_ms
    from ingest.live.router import Router
    from ingest.mapping import read_mappings

    router = Router(read_mappings(mapping) if mapping else ())
    with open_pipeline(settings) as pipeline, progress_line() as progress:
        total = pipeline.ledger.count_kept()
        done = replay(
            pipeline.store,
            pipeline.ledger,
            pipeline.directory,
            router,
            Limits(),
            system_ms(),
            code=code,
            device=device,
            source=source,
            progress=lambda count: progress("replayed", count, max(total, count)),
        )
    click.echo(
        f"{done.mended} messages mended: {done.stored} readings stored, "
        f"{done.repeated} were there already"
    )
    for reason, count in sorted(done.still.items()):
        click.echo(f"{count} stay: {reason}")


@dead_letters.command("purge")
@_CODE
@_DEVICE
@_SOURCE
@click.option("--all", "everything", is_flag=True, help="Really everything.")
@click.pass_obj
def purge(
    settings: Settings,
    code: str | None,
    device: str | None,
    source: str | None,
    everything: bool,
) -> None:
    """Forget what was kept aside, for ever."""
    from civicmeter.wiring.pipeline import open_pipeline

    if not everything and (code, device, source) == (None, None, None):
        raise ConfigError("say what to forget with --code, --device or --source, or use --all")
    with open_pipeline(settings) as pipeline:
        ledger = pipeline.ledger
        groups = [
            e
            for e in ledger.aside()
            if code in (None, e.code) and device in (None, e.device) and source in (None, e.source)
        ]
        messages = 0
        while page := ledger.kept_messages(code=code, device=device, source=source):
            ledger.forget_messages([m.digest for m in page])
            messages += len(page)
        ledger.forget_aside(groups)
    click.echo(f"forgot {len(groups)} groups and {messages} messages")


@command.group("waiting")
def waiting_list() -> None:
    """Devices that talk but are not registered."""


@waiting_list.command("list")
@click.pass_obj
def list_waiting(settings: Settings) -> None:
    """Who waits, since when, and what it reports."""
    from civicmeter.wiring.pipeline import open_pipeline
    from ingest.aside.waiting_devices import waiting

    with open_pipeline(settings) as pipeline:
        found = waiting(pipeline.ledger)
    for one in found:
        click.echo(
            f"{one.device}  {one.readings} readings  "
            f"{one.first_at:%Y-%m-%d %H:%M} … {one.last_at:%Y-%m-%d %H:%M} UTC  "
            f"{', '.join(one.quantities)}  from {', '.join(one.sources)}"
        )
    click.echo(f"{len(found)} devices wait")


@waiting_list.command("accept")
@click.argument("device")
@click.option("--institution", default="", metavar="ID", help="Where it belongs.")
@click.option("--like", metavar="ID", help="A registered device of the same kind.")
@click.option("--capacity-kwp", type=float, metavar="KWP", help="It is a PV system of this size.")
@click.option(
    "--stream",
    type=click.Choice(["recyclable", "food", "hazardous", "residual"]),
    help="It is a bin of this stream.",
)
@click.pass_obj
def accept_waiting(
    settings: Settings,
    device: str,
    institution: str,
    like: str | None,
    capacity_kwp: float | None,
    stream: str | None,
) -> None:
    """Register a device and ingest what it has sent so far."""
    from civicmeter.wiring.pipeline import open_pipeline
    from ingest.aside.replay import replay
    from ingest.aside.waiting_devices import (
        accept,
        device_like,
        guessed_device,
        reported_quantities,
    )
    from ingest.judge import Limits
    from ingest.live.collector import system_ms
    from ingest.live.router import Router

    with open_pipeline(settings) as pipeline:
        known = pipeline.registry
        if device not in known.device_by_id:
            if like is not None:
                if like not in known.device_by_id:
                    raise ConfigError(f"--like {like!r} is not a registered device")
                new = device_like(known.device_by_id[like], device, institution)
            elif not institution:
                raise ConfigError("say where it belongs with --institution, or give --like")
            else:
                new = guessed_device(
                    device,
                    institution,
                    reported_quantities(pipeline.ledger, device),
                    capacity_kwp=capacity_kwp,
                    stream=stream,
                )
            accept(pipeline.ledger, new)
            pipeline.refresh()
            click.echo(f"{device} is registered as a {new.device_class} of {new.institution}")
        done = replay(
            pipeline.store,
            pipeline.ledger,
            pipeline.directory,
            Router(),
            Limits(),
            system_ms(),
            code="unknown_device",
            device=device,
        )
    click.echo(f"{done.stored} readings stored that had waited")
