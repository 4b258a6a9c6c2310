"""`civicmeter export`: figures, day values, readings or findings as one CSV or Parquet file."""

from pathlib import Path

import click

from civicmeter.output import progress_line
from civicmeter.wiring.pipeline import open_pipeline
from config.settings import Settings
from config.texts import LANGUAGES
from domain.errors import ConfigError

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
    from api.rows.columns import schema_of
    from civicmeter.export import exporting
    from civicmeter.export.table_file import table_file

    first, last = exporting.period_of(start, end, whole_months=kind in ("figures", "findings"))
    wanted = exporting.Wanted(first, last, institution, name, lang)
    form = form or (out.suffix.removeprefix(".") if out.suffix[1:] in _FORMATS else "csv")
    schema = schema_of(exporting.MODELS[kind])
    rows = 0
    with open_pipeline(settings) as pipeline, progress_line() as progress:
        exporting.check_names(kind, wanted, pipeline.registry)
        if kind == "readings":
            tables = exporting.reading_tables(pipeline.store, pipeline.registry, wanted, progress)
        else:
            tables = exporting.result_tables(
                kind, pipeline.ledger, pipeline.registry, wanted, progress
            )
        with table_file(out, form, schema, overwrite=overwrite) as file:
            for table in tables:
                file.write_table(table)
                rows += table.num_rows
            if not rows:
                raise ConfigError(f"there are no {kind} from {start} to {end}: nothing was written")
    click.echo(f"{out}: {rows:,} {kind} ({out.stat().st_size:,} bytes)")
