"""`civicmeter savings calibrate`: how wide intervals must be, from placebo years."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from civicmeter.commands.savings.archive import archive_options, kind_of, open_archive
from domain.errors import ConfigError

if TYPE_CHECKING:
    from processing.savings.placebo import Kind


@click.command("calibrate")
@archive_options
@click.option("--years", multiple=True, required=True, metavar="FIT:PREDICT", help="Repeatable.")
def calibrate_command(
    table: Path,
    weather: Path,
    years: tuple[str, ...],
    timezone: str,
    calendar: str,
    kind: "Kind | None",
) -> None:
    """Print the rows of savings_calibration.toml that placebo years of an archive give."""
    from processing.savings.conformal import calibrate, scores
    from processing.savings.placebo import CARRIERS, cells

    archive = open_archive(table, weather, timezone, calendar)
    kind = kind_of(archive, kind)
    section = "carrier" if kind == "daily" else "billing"
    spans = ("day", "month", "year")[0 if kind == "daily" else 1 :]
    for fuel in archive.fuels():
        found = [c for pair in years for c in cells(archive, fuel, *_pair(pair), kind=kind)]
        if not found:
            continue
        pooled = calibrate(found[0].seen.calibration, [scores(c.building, c.seen) for c in found])
        click.echo(f"[{section}.{CARRIERS.get(fuel, fuel)}]  # {len(found)} placebo years")
        for span in spans:
            click.echo(f"{span} = {[round(q, 3) for q in getattr(pooled, span)]}")


def _pair(text: str) -> tuple[int, int]:
    fit, _, predict = text.partition(":")
    if not (fit.isdigit() and predict.isdigit()):
        raise ConfigError(f"--years {text!r} must be two years, such as 2017:2018")
    return int(fit), int(predict)
