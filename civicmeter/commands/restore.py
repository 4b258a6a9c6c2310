"""`civicmeter restore DIR`: put a backup back."""

from pathlib import Path

import click

from civicmeter.commands.backup import FILES, SPOOL, copy_database, embedded_files
from civicmeter.wiring.pipeline import make_folder
from config.settings import Settings
from domain.errors import ConfigError


@click.command("restore")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.pass_obj
def command(settings: Settings, folder: Path) -> None:
    """Put the backup in FOLDER into an empty data folder; what is there is never overwritten."""
    targets = embedded_files(settings)
    for name in FILES:
        if not (folder / name).exists():
            raise ConfigError(
                f"{folder} holds no {name}: name a folder made by `civicmeter backup`"
            )
    for target in targets:
        if target.exists():
            raise ConfigError(
                f"{target} is there already: restore into an empty folder with --data"
            )
    for name, target in zip(FILES, targets, strict=True):
        make_folder(target.parent)
        copy_database(folder / name, target)
        click.echo(f"{folder / name} → {target}")
    for spooled in sorted((folder / SPOOL).glob("*.db")):
        make_folder(settings.spool_folder)
        copy_database(spooled, settings.spool_folder / spooled.name)
        click.echo(f"{spooled} → {settings.spool_folder}; its collector stores it when it starts")
