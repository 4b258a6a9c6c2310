"""`civicmeter backup DIR`: copy the embedded stores while they are in use, and idle spools."""

import sqlite3
from contextlib import closing
from pathlib import Path

import click

from civicmeter.wiring.pipeline import make_folder
from config.settings import Settings
from domain.errors import ConfigError
from ingest.live.spool import spool_path, spools
from store.private import private

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
    targets = [folder / name for name in FILES]
    for target in targets:
        if target.exists():
            raise ConfigError(f"{target} is there already: choose an empty folder")
    made: list[Path] = []
    try:
        for source, target in zip(sources, targets, strict=True):
            made.append(target)
            copy_database(source, target)
            click.echo(f"{source} → {target} ({target.stat().st_size:,} bytes, checked)")
        _copy_spools(settings.spool_folder, folder / SPOOL, made)
    except BaseException:
        # Half a backup would be taken for one.
        for target in made:
            target.unlink(missing_ok=True)
        raise


def _copy_spools(source: Path, target: Path, made: list[Path]) -> None:
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
            made.append(spool_path(target, client_id))
            copy_database(spool_path(source, client_id), made[-1])
            click.echo(f"spool of {client_id} → {target} ({messages:,} messages)")


def copy_database(source: Path, target: Path) -> None:
    """Copy a SQLite database that may be in use, and check the copy's integrity. The copy is its
    owner's only, and has its name once it is whole: one that fails leaves nothing."""
    part = target.with_name(f"{target.name}.part")
    try:
        part.unlink(missing_ok=True)
        with (
            closing(sqlite3.connect(source)) as old,
            closing(sqlite3.connect(private(part))) as new,
        ):
            old.backup(new)
            verdict = new.execute("PRAGMA integrity_check").fetchone()[0]
        if verdict != "ok":
            raise ConfigError(f"{source} is damaged ({verdict}): restore an earlier backup")
        part.replace(target)
    except sqlite3.Error as error:
        raise ConfigError(
            f"{source} cannot be copied to {target} ({error}): look whether the disk has room and "
            "the store is whole"
        ) from error
    finally:
        part.unlink(missing_ok=True)
