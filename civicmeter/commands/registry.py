"""`civicmeter registry`: institutions, devices and contracts as a workbook."""

from pathlib import Path

import click

from config.settings import Settings
from domain.errors import ConfigError
from domain.registry import Registry

_FILE = click.argument("file", type=click.Path(path_type=Path), metavar="FILE.xlsx")


@click.group("registry")
def command() -> None:
    """Check, import or export institutions, devices and contracts."""


@command.command("check")
@_FILE
@click.pass_obj
def check(settings: Settings, file: Path) -> None:
    """Tell every problem of a workbook; nothing is changed."""
    from civicmeter.wiring.pipeline import open_pipeline

    with open_pipeline(settings) as pipeline:
        registry = _checked(file, pipeline.registry)
    click.echo(f"{file}: no problems; {_counts(registry)}")


@command.command("import")
@_FILE
@click.pass_obj
def import_(settings: Settings, file: Path) -> None:
    """Add or update the records of a workbook; records not in it stay."""
    from civicmeter.wiring.pipeline import open_pipeline
    from registry.merging import merged

    with open_pipeline(settings) as pipeline:
        known = pipeline.registry
        registry = _checked(file, known)
        pipeline.save_registry(merged(known, registry))
    click.echo(f"imported {_counts(registry)}")


@command.command("export")
@_FILE
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
@click.pass_obj
def export(settings: Settings, file: Path, force: bool) -> None:
    """Write the whole registry as a workbook; of an empty one, the columns to fill in."""
    from civicmeter.wiring.pipeline import open_pipeline
    from registry.writing import write_xlsx

    if file.exists() and not force:
        raise ConfigError(f"{file} is there already: name another file, or give --force")
    with open_pipeline(settings) as pipeline:
        registry = pipeline.registry
    write_xlsx(registry, file)
    click.echo(f"{file}: {_counts(registry)}")


def _checked(file: Path, known: Registry) -> Registry:
    from registry.merging import check_xlsx

    registry, problems = check_xlsx(file, known)
    if problems:
        raise ConfigError(f"{file} has {len(problems)} problems:\n  " + "\n  ".join(problems))
    return registry


def _counts(registry: Registry) -> str:
    return (
        f"{len(registry.institutions)} institutions, {len(registry.buildings)} buildings, "
        f"{len(registry.devices)} devices, {len(registry.contracts)} contracts"
    )
