"""`civicmeter ingest dead-letters`: what was kept aside, seen, replayed, forgotten."""

from pathlib import Path

import click

from civicmeter.by import BY, name_of
from config.limits import KEPT_BYTES, TIME_LIMITS
from config.settings import Settings
from domain.audit import LOCAL
from domain.errors import ConfigError

_CODE = click.option("--code", metavar="CODE", help="Only this reason, for example bad_json.")
_DEVICE = click.option("--device", metavar="ID", help="Only this device.")
_SOURCE = click.option(
    "--source", metavar="SOURCE", help="Only from this topic, or POST /v1/readings."
)


@click.group("dead-letters")
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
    from ingest.aside.dead_letters import dead_letter_lines

    with open_pipeline(settings) as pipeline:
        entries = [
            e
            for e in pipeline.ledger.aside()
            if code in (None, e.code) and device in (None, e.device) and source in (None, e.source)
        ]
        for entry in entries:
            click.echo(dead_letter_lines(entry, lang))
        kept, size = pipeline.ledger.count_kept(), pipeline.ledger.kept_bytes()
        click.echo(
            f"{len(entries)} groups, {kept} messages kept whole"
            f" ({size / 1e6:.1f} MB, room for {KEPT_BYTES / 1e6:.0f} MB)"
        )


@dead_letters.command("replay")
@_CODE
@_DEVICE
@_SOURCE
@click.option(
    "--mapping",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The mended mapping.",
)
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
    from ingest.live.collector import system_ms
    from ingest.mapping import read_mappings
    from ingest.messages.router import Router

    router = Router(read_mappings(mapping) if mapping else ())
    with open_pipeline(settings) as pipeline, progress_line() as progress:
        total = pipeline.ledger.count_kept()
        done = replay(
            pipeline.store,
            pipeline.ledger,
            pipeline.directory,
            router,
            TIME_LIMITS,
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
@BY
@click.pass_obj
def purge(
    settings: Settings,
    code: str | None,
    device: str | None,
    source: str | None,
    everything: bool,
    by: str | None,
) -> None:
    """Forget what was kept aside, for ever; the audit trail tells that, and who said so."""
    from civicmeter.wiring.pipeline import open_pipeline

    if not everything and (code, device, source) == (None, None, None):
        raise ConfigError("say what to forget with --code, --device or --source, or use --all")
    actor = LOCAL.on_word_of(name_of(by))
    with open_pipeline(settings) as pipeline:
        ledger = pipeline.ledger
        groups = [
            e
            for e in ledger.aside()
            if code in (None, e.code) and device in (None, e.device) and source in (None, e.source)
        ]
        messages = 0
        while page := ledger.kept_messages(code=code, device=device, source=source):
            ledger.forget_messages([m.digest for m in page], dropped_by=actor)
            messages += len(page)
        ledger.forget_aside(groups, dropped_by=actor)
    click.echo(f"forgot {len(groups)} groups and {messages} messages")
