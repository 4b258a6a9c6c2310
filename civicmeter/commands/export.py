"""`civicmeter export`: figures, day values, readings or findings as one CSV or Parquet file."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from civicmeter.output import progress_line
from civicmeter.wiring.pipeline import open_pipeline
from config.settings import Settings
from config.texts import LANGUAGES
from domain.calendar import Month
from domain.errors import ConfigError
from domain.figure_names import FIGURE_NAMES
from domain.registry import Registry

if TYPE_CHECKING:
    from api.export.rows_of_period import Wanted

_KINDS = ("figures", "days", "readings", "findings")
_FORMATS = ("csv", "parquet")


@click.command("export")
@click.argument("kind", type=click.Choice(_KINDS))
@click.option(
    "--from", "start", required=True, metavar="YYYY-MM[-DD]", help="First month or local day."
)
@click.option(
    "--to", "end", required=True, metavar="YYYY-MM[-DD]", help="The one after the last: excluded."
)
@click.option("--institution", multiple=True, metavar="ID", help="Only these; default: all.")
@click.option(
    "--name", multiple=True, metavar="NAME", help="Only these figures (figures, days, findings)."
)
@click.option(
    "--format", "form", type=click.Choice(_FORMATS), help="Default: as FILE ends, else csv."
)
@click.option(
    "--lang",
    type=click.Choice(LANGUAGES),
    default="zh",
    show_default=True,
    help="Of the findings' sentences.",
)
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), required=True, metavar="FILE"
)
@click.option("--overwrite", is_flag=True, help="Replace FILE if it is there.")
@click.pass_obj
def command(
    settings: Settings,
    kind: str,
    start: str,
    end: str,
    institution: tuple[str, ...],
    name: tuple[str, ...],
    form: str | None,
    lang: str,
    out: Path,
    overwrite: bool,
) -> None:
    """Write everything of a period to one file: instants UTC, a unit beside every number.

    Figures come with their evidence: shares, method, dated factors, findings. For closed
    months that is what was signed. Readings are what the devices said.
    """
    from api.export.rows_of_period import MODELS, Wanted, reading_tables, result_tables
    from api.export.table_file import table_file
    from api.tables.columns import schema_of

    first, last = _period_of(start, end, whole_months=kind in ("figures", "findings"))
    wanted = Wanted(first, last, institution, name, lang)
    form = form or (out.suffix.removeprefix(".") if out.suffix[1:] in _FORMATS else "csv")
    schema = schema_of(MODELS[kind])
    rows = 0
    with open_pipeline(settings) as pipeline, progress_line() as progress:
        _check_names(kind, wanted, pipeline.registry)
        if kind == "readings":
            tables = reading_tables(pipeline.store, pipeline.registry, wanted, progress)
        else:
            tables = result_tables(kind, pipeline.ledger, pipeline.registry, wanted, progress)
        with table_file(out, form, schema, overwrite=overwrite) as file:
            for table in tables:
                file.write_table(table)
                rows += table.num_rows
            if not rows:
                raise ConfigError(f"there are no {kind} from {start} to {end}: nothing was written")
    click.echo(f"{out}: {rows:,} {kind} ({out.stat().st_size:,} bytes)")


def _period_of(start: str, end: str, *, whole_months: bool) -> tuple[date, date]:
    """The local days of ``--from`` and ``--to`` (excluded), each a month or a day.

    Raises ConfigError for anything else, for days where only months can be had, and for an
    empty period.
    """
    first, last = (_day_of(t, o, whole_months) for t, o in ((start, "--from"), (end, "--to")))
    if first >= last:
        raise ConfigError(f"nothing lies between {start} and {end}: --to is excluded")
    return first, last


def _day_of(text: str, option: str, whole_months: bool) -> date:
    try:
        day = Month.parse(text).first_day if len(text) < 8 else date.fromisoformat(text)
    except (ValueError, ConfigError):
        raise ConfigError(f"{option} {text!r} is none: write YYYY-MM or YYYY-MM-DD") from None
    if whole_months and day.day != 1:
        raise ConfigError(f"{option} {text}: these are of whole months, write YYYY-MM")
    return day


def _check_names(kind: str, wanted: "Wanted", registry: Registry) -> None:
    """Raises ConfigError for an institution or a figure that does not exist."""
    if kind == "readings" and wanted.names:
        raise ConfigError("--name names figures: leave it out for readings")
    known = registry.institution_by_id
    for institution in wanted.institutions:
        if institution not in known:
            raise ConfigError(f"no institution {institution!r}; there are: {', '.join(known)}")
    for name in wanted.names:
        if name not in FIGURE_NAMES:
            raise ConfigError(f"no figure {name!r}: /v1/figure-names lists them")
