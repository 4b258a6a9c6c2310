"""`civicmeter backup DIR`: copy the embedded stores while they are in use, and idle spools."""

import sqlite3
from contextlib import closing
from pathlib import Path

import click

from civicmeter.wiring.pipeline import make_folder
from config.settings import Settings
from domain.errors import ConfigError
from ingest.live.spool import spool_path, spools

FILES = ("readings.db", "ledger.db")
SPOOL = "spool"


def embedded_files(settings: Settings) -> list[Path]:
    """The embedded stores' files. Raises ConfigError when a store is a server."""
    for name, url in (("store", settings.store_url), ("ledger", settings.ledger_url)):
        if not url.startswith("sqlite:///"):
            raise ConfigError(
                f"the {name} is a server ({url.split(':')[0]}): back it up with its own tools "
                "(`influx backup`, `pg_dump`); this command copies embedded stores"
            )
    return [
        Path(settings.store_url.removeprefix("sqlite:///")),
        Path(settings.ledger_url.removeprefix("sqlite:///")),
    ]


@click.command("backup")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.pass_obj
def command(settings: Settings, folder: Path) -> None:
    """Copy the embedded stores to FOLDER, consistently, while they are in use."""
    sources = embedded_files(settings)
    missing = [s for s in sources if not s.exists()]
    if missing:
        raise ConfigError(f"there is no store at {missing[0]}: name its folder with --data")
    make_folder(folder, "another FOLDER")
    for source, name in zip(sources, FILES, strict=True):
        target = folder / name
        if target.exists():
            raise ConfigError(f"{target} is there already: choose an empty folder")
        copy_database(source, target)
        click.echo(f"{source} → {target} ({target.stat().st_size:,} bytes, checked)")
    _copy_spools(settings.spool_folder, folder / SPOOL)


def _copy_spools(source: Path, target: Path) -> None:
    """Copy what collectors that stopped have acknowledged and not yet stored.

    A running collector keeps its spool to itself and empties it into the store: that is told.
    """
    for client_id, messages in spools(source):
        if messages is None:
            click.echo(
                f"{client_id} is collecting: what its spool holds while the store is away is "
                "not in this backup; while the store answers it holds nothing",
                err=True,
            )
        elif messages:
            make_folder(target)
            copy_database(spool_path(source, client_id), spool_path(target, client_id))
            click.echo(f"spool of {client_id} → {target} ({messages:,} messages)")


def copy_database(source: Path, target: Path) -> None:
    """Copy a SQLite database that may be in use, and check the copy's integrity."""
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)
        verdict = new.execute("PRAGMA integrity_check").fetchone()[0]
    if verdict != "ok":
        raise ConfigError(f"{source} is damaged ({verdict}): restore an earlier backup")
