"""`civicmeter registry`: institutions, devices and contracts as a workbook."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from civicmeter.by import BY, name_of
from config.settings import Settings
from config.texts import text
from domain.audit import LOCAL
from domain.errors import ConfigError, StoreUnavailableError
from domain.registry import Registry
from domain.registry.unbounded import unbounded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from civicmeter.wiring.pipeline import Pipeline
    from registry.reading import Problem

_FILE = click.argument("file", type=click.Path(path_type=Path), metavar="FILE.xlsx")

_LANG = click.option(
    "--lang",
    type=click.Choice(["zh", "en"]),
    default="en",
    show_default=True,
    help="Of problems and changes.",
)


@click.group("registry")
def command() -> None:
    """Check, import or export institutions, devices and contracts."""


@command.command("check")
@_FILE
@_LANG
@click.pass_obj
def check(settings: Settings, file: Path, lang: str) -> None:
    """Tell every problem of a workbook; nothing is changed."""
    from civicmeter.wiring.pipeline import open_pipeline
    from registry.merging import fitted
    from registry.reading import read_with_places

    with open_pipeline(settings) as pipeline:
        known = pipeline.registry
        registry, problems = fitted(*read_with_places(file, known), known)
        _require_none(file, problems, lang)
        said = text("registry", "no_problems", lang, file=file)
        click.echo(f"{said}; {_counts(registry)}")
        _tell_bounds(pipeline, registry)


@command.command("import")
@_FILE
@click.option("--dry-run", is_flag=True, help="Tell row by row what would change; do nothing.")
@click.option(
    "--if-version", metavar="VERSION", help="Only if the registry is still that of the dry run."
)
@_LANG
@BY
@click.pass_obj
def import_(
    settings: Settings,
    file: Path,
    dry_run: bool,
    if_version: str | None,
    lang: str,
    by: str | None,
) -> None:
    """Add or update the records of a workbook, all or none; records not in it stay, and so does
    what it has no column or sheet for."""
    from civicmeter.wiring.pipeline import open_pipeline
    from registry.importing import compare, take_in
    from registry.reading import read_with_places
    from registry.told import change_text, summary_text

    actor = LOCAL.on_word_of(name_of(by))
    with open_pipeline(settings) as pipeline:
        ledger, registries = pipeline.ledger, pipeline.registries
        found = compare(lambda known: read_with_places(file, known), ledger, registries, if_version)
        _require_none(file, found.problems, lang)
        if dry_run:
            for change in found.changes:
                click.echo(change_text(change, lang))
            click.echo(summary_text(found.changes, lang))
            click.echo(f"civicmeter registry import {file} --if-version {found.version}")
            return
        take_in(found, ledger, registries, actor)
        click.echo(f"imported {_counts(found.read)}")
        click.echo(summary_text(found.changes, lang))
        _tell_bounds(pipeline, found.read)


@command.command("export")
@_FILE
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
@click.option(
    "--lang",
    type=click.Choice(["zh", "en"]),
    help="Of the names of sheets and columns; default: short names.",
)
@click.pass_obj
def export(settings: Settings, file: Path, force: bool, lang: str | None) -> None:
    """Write the whole registry as a workbook; of an empty one, the columns to fill in."""
    from civicmeter.wiring.pipeline import open_pipeline
    from registry.writing import write_xlsx

    if file.exists() and not force:
        raise ConfigError(f"{file} is there already: name another file, or give --force")
    with open_pipeline(settings) as pipeline:
        registry = pipeline.registry
    write_xlsx(registry, file, lang=lang or "")
    click.echo(f"{file}: {_counts(registry)}")


_TOLD = 12
"""So many devices or institutions are named, the others counted."""


@command.command("propose-bounds")
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, metavar="FILE.xlsx", help="Where to."
)
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
@click.pass_obj
def propose_bounds(settings: Settings, out: Path, force: bool) -> None:
    """Propose bounds that the registry lacks (max_rate_per_h, capacity_kg, tare_kg), and PV
    capacities that history contradicts, from stored readings: a workbook to look at and import.

    A value rests on whole months; where the history is short or in doubt none is proposed. The
    sheet "proposals" says how many days each rests on, or why there is none.
    """
    from civicmeter.output import progress_line
    from civicmeter.wiring.pipeline import open_pipeline
    from civicmeter.wiring.proposed_bounds import propose, write_proposals

    if out.exists() and not force:
        raise ConfigError(f"{out} is there already: name another file, or give --force")
    with open_pipeline(settings) as pipeline, progress_line() as progress:
        registry = pipeline.registry
        proposals = list(propose(pipeline, registry.devices, datetime.now(UTC), progress))
    filled = write_proposals(registry, proposals, out)
    without = sum(p.value is None and p.why != "fits" for p in proposals)
    click.echo(f"{out}: {filled} bounds proposed, {without} not; see its sheet proposals for each")
    if filled:
        click.echo(f"look at them, then take them in: civicmeter registry import {out}")


@command.command("propose-operation")
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, metavar="FILE.xlsx", help="Where to."
)
@click.option("--institution", "names", multiple=True, metavar="ID", help="Default: all.")
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
@click.pass_obj
def propose_operation(settings: Settings, out: Path, names: tuple[str, ...], force: bool) -> None:
    """Propose closures and vacations of operating calendars from what was used in the last three
    years: a workbook to look at and import.

    The sheet "operation" has them beside what is registered, the sheet "proposals" says what each
    rests on. Check the days against the institution's own calendar: use knows no reasons.
    """
    from civicmeter.output import progress_line
    from civicmeter.wiring.pipeline import open_pipeline
    from civicmeter.wiring.proposed_operation import propose, write_proposals

    if out.exists() and not force:
        raise ConfigError(f"{out} is there already: name another file, or give --force")
    with open_pipeline(settings) as pipeline, progress_line() as progress:
        registry = pipeline.registry
        known = registry.institution_by_id
        if unknown := sorted(set(names) - set(known)):
            raise ConfigError(f"no institution {unknown[0]!r}: there are {', '.join(known)}")
        places = [known[n] for n in names] or list(registry.institutions)
        unread: list[str] = []
        proposals = list(propose(pipeline, places, datetime.now(UTC), progress, unread.append))
    if unread:
        named = ", ".join(unread[:_TOLD]) + (", …" if len(unread) > _TOLD else "")
        click.echo(
            f"of {len(unread)} of {len(places)} institutions nothing is known: their electricity "
            f"and water cannot be read ({named})",
            err=True,
        )
    if not proposals:
        if len(unread) < len(places):
            click.echo("no closure is seen in the last three years that is not registered")
        return
    write_proposals(registry, proposals, out)
    click.echo(f"{out}: {len(proposals)} closures proposed; see its sheet proposals for each")
    click.echo(f"look at them, then take them in: civicmeter registry import {out}")


def _tell_bounds(pipeline: "Pipeline", imported: Registry) -> None:
    """Which devices of a workbook lack a bound, with what their history would propose."""
    from civicmeter.wiring.proposed_bounds import proposal_text, propose
    from reports.words.bounds import bounds_missing_text

    lacking = [d for d in imported.devices if unbounded(d)]
    if not lacking:
        return
    click.echo(f"bounds are missing: {bounds_missing_text(lacking, 'en')}", err=True)
    known = pipeline.registry.device_by_id
    looked_up = [d for d in lacking if d.id in known][:_TOLD]
    try:
        for one in propose(pipeline, looked_up, datetime.now(UTC), lambda *_: None):
            click.echo(f"  {one.device} {one.field}: {proposal_text(one, 'en')}", err=True)
    except StoreUnavailableError as error:  # nothing that the registry needs
        click.echo(f"  their history cannot be looked at now: {error}", err=True)
    click.echo(
        "without them readings are judged by the devices' habits alone; proposals from history: "
        "civicmeter registry propose-bounds --out bounds.xlsx",
        err=True,
    )


def _require_none(file: Path, problems: "Sequence[Problem]", lang: str) -> None:
    from registry.problem_words import problem_text

    if problems:
        said = text("registry", "problems", lang, file=file, count=len(problems))
        raise ConfigError("\n  ".join((said, *(problem_text(p, lang) for p in problems))))


def _counts(registry: Registry) -> str:
    return (
        f"{len(registry.institutions)} institutions, {len(registry.buildings)} buildings, "
        f"{len(registry.devices)} devices, {len(registry.contracts)} contracts"
    )
