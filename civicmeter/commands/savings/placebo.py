"""`civicmeter savings placebo`: the test anyone can repeat."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from civicmeter.commands.savings.archive import archive_options, kind_of, open_archive
from domain.errors import ConfigError

if TYPE_CHECKING:
    from processing.savings.placebo import Kind, PlaceboResult


@click.command("placebo")
@archive_options
@click.option("--fit", "fit_year", type=int, required=True, metavar="YEAR", help="Baseline year.")
@click.option("--predict", "year", type=int, required=True, metavar="YEAR", help="Placebo year.")
@click.option("--confidence", type=click.FloatRange(0.5, 0.99), default=0.90, show_default=True)
@click.option("--peers", is_flag=True, help="Correct each by what the others have in common.")
@click.option("--json", "as_json", is_flag=True, help="One object a fuel, for programs.")
def placebo_command(
    table: Path,
    weather: Path,
    fit_year: int,
    year: int,
    timezone: str,
    calendar: str,
    operation: Path | None,
    confidence: float,
    peers: bool,
    as_json: bool,
    kind: "Kind | None",
) -> None:
    """Fit one year, predict another in which nothing is known to have been saved, and compare.

    DATA is any hourly table with building, fuel, ts (UTC) and kwh or tenths, or one of monthly
    bills (see `fit`); W has ts and temperature_c (or air_temperature_c). Of hours, a billing model
    takes the calendar months. Intervals are calibrated without the building judged. With --peers the
    other buildings of the fuel are its control group: what they are off by together is no saving.
    """
    from civicmeter.output import progress_line
    from processing.savings.placebo import placebo

    if fit_year == year:
        raise ConfigError("--fit and --predict are the same year: a year cannot test itself")
    archive = open_archive(table, weather, timezone, calendar, operation)
    kind = kind_of(archive, kind)
    with progress_line() as progress:
        results = placebo(
            archive,
            fit_year,
            year,
            confidence=confidence,
            progress=progress,
            kind=kind,
            peers=peers,
        )
    if not results:
        raise ConfigError(
            f"no building qualifies for {fit_year} and {year}: both years need 8,700 hours, "
            "20,000 kWh, few zeros and no change beyond 35 %"
        )
    if as_json:
        rows = {r.fuel: {k: v for k, v in asdict(r).items() if k != "fuel"} for r in results}
        click.echo(json.dumps(rows, indent=2))
    else:
        click.echo(_placebo_text(results, fit_year, year, confidence))


def _placebo_text(results: "list[PlaceboResult]", fit: int, year: int, confidence: float) -> str:
    lines = [f"placebo: fitted on {fit}, compared with {year}, intervals at {confidence:.0%}"]
    for r in results:
        steady = r.planted_10pct_proven_steady_pct
        lines += [
            "",
            f"{r.fuel}: {r.buildings} buildings, {r.fit_ms_median:.1f} ms a fit",
            f"  error of the year      median {r.annual_abs_error_median_pct:.1f} %, "
            f"nine in ten within {r.annual_abs_error_p90_pct:.1f} %",
            f"  error of a month       median {r.monthly_abs_error_median_pct:.1f} %",
            f"  intervals hold         {r.annual_interval_coverage_pct:.1f} % of years "
            f"(±{r.annual_half_width_median_pct:.1f} %), "
            f"{r.monthly_interval_coverage_pct:.1f} % of months "
            f"(±{r.monthly_half_width_median_pct:.1f} %)",
            f"  with the shipped calibration they hold {r.shipped_annual_interval_coverage_pct:.1f} % "
            f"of years (±{r.shipped_annual_half_width_median_pct:.1f} %), "
            f"{r.shipped_monthly_interval_coverage_pct:.1f} % of months; "
            f"falsely proven {r.shipped_falsely_proven_pct:.1f} %",
            f"  nominal intervals      {r.nominal_interval_coverage_pct:.1f} % of years "
            f"(±{r.nominal_half_width_median_pct:.1f} %)",
            f"  falsely proven         {r.falsely_proven_pct:.1f} %; flagged for a person to look "
            f"{r.flagged_pct:.1f} %",
            f"  10 % planted, proven   {r.planted_10pct_proven_pct:.1f} %; of the "
            f"{r.steady_buildings} steady ones {'–' if steady is None else f'{steady:.1f} %'}",
        ]
    return "\n".join(lines)
