"""`civicmeter close YYYY-MM`: freeze a month as a signed revision."""

import getpass
from datetime import UTC, datetime

import click

from civicmeter.wiring.pipeline import open_pipeline
from config.settings import Settings
from domain.calendar import Month
from domain.errors import ConfigError


@click.command("close")
@click.argument("month", metavar="YYYY-MM")
@click.option("--institution", multiple=True, metavar="ID", help="Only these institutions.")
@click.option("--by", "signed_by", default=None, metavar="NAME", help="Who signs; default: you.")
@click.option("--reason", default="", help="Why, when a closed month is restated.")
@click.pass_obj
def command(
    settings: Settings,
    month: str,
    institution: tuple[str, ...],
    signed_by: str | None,
    reason: str,
) -> None:
    """Freeze a month; a pending restatement of a closed one becomes its next revision."""
    wanted = Month.parse(month)
    with open_pipeline(settings) as pipeline:
        known = pipeline.registry.institution_by_id
        unknown = [i for i in institution if i not in known]
        if unknown:
            raise ConfigError(f"no institution {unknown[0]!r}; there are: {', '.join(known)}")
        computed = [
            s
            for s in pipeline.ledger.statuses()
            if s.month == wanted and (not institution or s.institution in institution)
        ]
        if not computed:
            raise ConfigError(
                f"{month} was never computed: run `civicmeter process --month {month}`"
            )
        for status in computed:
            timezone = known[status.institution].timezone
            if wanted.interval(timezone)[1] > datetime.now(UTC):
                raise ConfigError(
                    f"{month} is not over yet for {status.institution}: close it later"
                )
            if status.state == "restatement_pending" and not reason:
                raise ConfigError(
                    f"{status.institution} {month} is closed and would change: "
                    "say why with --reason to approve the restatement"
                )
            revision = pipeline.ledger.close(
                status.institution, wanted, signed_by=signed_by or getpass.getuser(), reason=reason
            )
            click.echo(
                f"{status.institution} {month}: revision {revision.number}, "
                f"signed by {revision.signed_by}, digest {revision.digest[:16]}"
            )
