"""`civicmeter audit checkpoint` and `new-key`: where the trail ends, signed for a third party."""

from datetime import UTC, datetime
from pathlib import Path

import click

from config.settings import Settings
from domain.errors import ConfigError

_PATH = click.Path(path_type=Path, dir_okay=False)


@click.command("new-key")
@click.argument("file", type=_PATH)
def new_key_command(file: Path) -> None:
    """Make an Ed25519 key to sign checkpoints with: FILE, for you alone, and FILE.pub for all."""
    from store.ledger.checkpoints import new_key

    public = new_key(file)
    click.echo(f"{file}: the private key; keep it away from the ledger's machine if you can")
    click.echo(f"{public}: the public key; give it to whoever keeps your checkpoints")


@click.command("checkpoint")
@click.option("--key", type=_PATH, required=True, metavar="FILE", help="Of `audit new-key`.")
@click.option("--out", type=_PATH, metavar="FILE.json", help="Where to; default: print it.")
@click.pass_obj
def checkpoint_command(settings: Settings, key: Path, out: Path | None) -> None:
    """Sign where the trail ends now; somebody who is not you keeps the file.

    The trail is verified first: what is broken is not signed.
    """
    from civicmeter.commands.audit.verify import said_broken
    from civicmeter.wiring.pipeline import open_pipeline
    from store.ledger.checkpoints import signed

    if out is not None and out.exists():
        raise ConfigError(f"{out} is there already: name another file")
    with open_pipeline(settings) as pipeline:
        verdict = pipeline.ledger.verify_audit()
    if verdict.head is None:
        click.echo(said_broken(verdict, "en"), err=True)
        raise SystemExit(1)
    text = signed(verdict.head, datetime.now(UTC), key)
    if out is None:
        click.echo(text, nl=False)
        return
    out.write_text(text, encoding="utf-8")
    click.echo(
        f"{out}: the trail ends with entry {verdict.head.number:,}; give it to a third party"
    )
