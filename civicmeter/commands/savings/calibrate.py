"""`civicmeter savings calibrate`: how wide intervals must be, from placebo years."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from civicmeter.commands.savings.archive import DAY, archive_options, kind_of, open_archive
from domain.errors import ConfigError

if TYPE_CHECKING:
    from processing.savings.intervals import Calibration
    from processing.savings.own_calibration import OwnCalibration
    from processing.savings.placebo import Archive, Cell, Kind


@click.command("calibrate")
@archive_options
@click.option("--years", multiple=True, required=True, metavar="FIT:PREDICT", help="Repeatable.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Put the rows behind what the file has; CIVICMETER_SAVINGS_CALIBRATION names it.",
)
@click.option(
    "--valid-from",
    type=DAY,
    metavar="DATE",
    help="From the month that ends on or after it on (default: today).",
)
def calibrate_command(
    table: Path,
    weather: Path,
    years: tuple[str, ...],
    timezone: str,
    calendar: str,
    operation: Path | None,
    kind: "Kind | None",
    out: Path | None,
    valid_from: datetime | None,
) -> None:
    """Make the calibration of intervals that placebo years of an archive give: of one's own city
    in place of the shipped one, as soon as it rests on enough of them."""
    from processing.savings.own_calibration import LEAST_BUILDINGS, LEAST_YEARS, own_calibrations

    archive = open_archive(table, weather, timezone, calendar, operation)
    since = valid_from.date() if valid_from else datetime.now(UTC).date()
    rows = list(_rows(archive, kind_of(archive, kind), years, since, table.name))
    if not rows:
        raise ConfigError("no building has a placebo year there: check --years and the table")
    for row in rows:
        click.echo(row.to_toml())
        if not row.carries:
            click.echo(
                f"# {row.carrier}: {row.building_years} placebo years of {row.buildings} buildings; "
                f"the shipped calibration stands below {LEAST_YEARS} of {LEAST_BUILDINGS}",
                err=True,
            )
    if out is None:
        return
    if out.exists():
        own_calibrations(str(out))  # nothing is put behind what cannot be read
    with out.open("a", encoding="utf-8") as file:
        file.writelines("\n" + row.to_toml() for row in rows)
    click.echo(f"{len(rows)} rows are in {out}: set CIVICMETER_SAVINGS_CALIBRATION to it", err=True)


def _rows(
    archive: "Archive", kind: "Kind", years: tuple[str, ...], since: date, table: str
) -> Iterator["OwnCalibration"]:
    from processing.savings.conformal import calibrate, scores
    from processing.savings.own_calibration import OwnCalibration
    from processing.savings.placebo import CARRIERS, cells

    for fuel in archive.fuels():
        found = [c for pair in years for c in cells(archive, fuel, *_pair(pair), kind=kind)]
        if not found:
            continue
        buildings = len({c.building for c in found})
        source = (
            f"{len(found)} placebo years ({', '.join(years)}) of {buildings} buildings in {table}"
        )
        known = [scores(c.building, c.seen) for c in found]
        pooled = calibrate(found[0].seen.calibration, known, source=source)
        pooled = replace(pooled, provable=_provable(found, pooled))
        carrier = CARRIERS.get(fuel, fuel)
        yield OwnCalibration(
            since, kind, carrier, buildings, len(found), replace(pooled, valid_from=since)
        )


def _provable(found: "list[Cell]", pooled: "Calibration") -> float:
    """`Calibration.provable` of the cells; nothing is promised of baselines with a serious finding."""
    from processing.savings.assessment import beside
    from processing.savings.conformal import provable_widths, widths_needed
    from processing.savings.intervals import PROMISED_CONFIDENCE

    sound = [c for c in found if not any(f.severity == "serious" for f in c.model.findings)]
    return provable_widths(
        [widths_needed(beside(c.model, c.seen.days, PROMISED_CONFIDENCE, pooled)) for c in sound]
    )


def _pair(text: str) -> tuple[int, int]:
    fit, _, predict = text.partition(":")
    if not (fit.isdigit() and predict.isdigit()):
        raise ConfigError(f"--years {text!r} must be two years, such as 2017:2018")
    return int(fit), int(predict)
