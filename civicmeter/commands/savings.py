"""`civicmeter savings fit|explain|placebo`: baseline models, and the test anyone can repeat."""

import json
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from civicmeter.subcommands.savings_adjustments import adjust, adjustments
from civicmeter.subcommands.savings_equipment import before_after_command, on_off
from config.working_days import CALENDARS, DayTypes
from domain.calendar import DEFAULT_TIMEZONE
from domain.errors import ConfigError

if TYPE_CHECKING:
    import pandas as pd

    from processing.savings.engine import SavingsAssessment
    from processing.savings.models.frozen import FrozenModel, Season
    from processing.savings.placebo import Archive, PlaceboResult

_FILE = click.Path(dir_okay=False, path_type=Path)
_DAY = click.DateTime(["%Y-%m-%d"])
_REFERENCE_TIMEZONE = "Europe/London"  # of the public archive the test is usually run on


@click.group("savings")
def command() -> None:
    """Fit, explain and test baseline models; adjust savings; test equipment."""


for _other in (adjust, adjustments, on_off, before_after_command):
    command.add_command(_other)


@command.command("fit")
@click.argument("table", type=_FILE, metavar="DATA.parquet")
@click.option("--weather", type=_FILE, required=True, metavar="W.parquet", help="ts, temperature.")
@click.option("--building", required=True, metavar="ID")
@click.option("--fuel", default="electricity", show_default=True)
@click.option("--from", "start", type=_DAY, required=True, help="First local day of the baseline.")
@click.option("--to", "end", type=_DAY, required=True, help="The day after the last.")
@click.option("--timezone", default=DEFAULT_TIMEZONE, show_default=True, help="Of the building.")
@click.option("--calendar", type=click.Choice(CALENDARS), default="cn", show_default=True)
@click.option("--heating-season", metavar="MM-DD:MM-DD", help="Central heating, end excluded.")
@click.option(
    "--out", type=_FILE, metavar="FILE.json", help="Where the model goes; default: print."
)
def fit_command(
    table: Path,
    weather: Path,
    building: str,
    fuel: str,
    start: datetime,
    end: datetime,
    timezone: str,
    calendar: str,
    heating_season: str | None,
    out: Path | None,
) -> None:
    """Fit a building's baseline and freeze it as JSON."""
    from config.working_days import day_types
    from processing.savings.engine import fit_baseline
    from processing.savings.placebo import CARRIERS

    days = _days(_archive(table, weather, timezone, calendar), building, fuel, start, end)
    model = fit_baseline(
        days,
        day_types=day_types([t.date() for t in days.index], calendar),
        heating_season=_season(heating_season),
        carrier=CARRIERS.get(fuel, fuel),
    )
    if out is None:
        click.echo(model.to_json())
    else:
        out.write_text(model.to_json() + "\n", encoding="utf-8")
        click.echo(f"{out}: model {model.digest[:12]}, CV(RMSE) {model.cvrmse_ratio:.1%}")


@command.command("explain")
@click.argument("model_file", type=_FILE, metavar="MODEL.json")
@click.option("--lang", type=click.Choice(("zh", "en")), default="zh", show_default=True)
@click.option("--table", type=_FILE, metavar="DATA.parquet", help="Then also what was avoided.")
@click.option("--weather", type=_FILE, metavar="W.parquet")
@click.option("--building", metavar="ID")
@click.option("--fuel", default="electricity", show_default=True)
@click.option("--from", "start", type=_DAY, help="First local day of the reporting period.")
@click.option("--to", "end", type=_DAY, help="The day after the last.")
@click.option("--timezone", default=DEFAULT_TIMEZONE, show_default=True, help="Of the building.")
@click.option("--calendar", type=click.Choice(CALENDARS), default="cn", show_default=True)
@click.option("--confidence", type=click.FloatRange(0.5, 0.99), default=0.90, show_default=True)
def explain_command(
    model_file: Path,
    lang: str,
    table: Path | None,
    weather: Path | None,
    building: str | None,
    fuel: str,
    start: datetime | None,
    end: datetime | None,
    timezone: str,
    calendar: str,
    confidence: float,
) -> None:
    """Say in plain words what a frozen model is made of, and what was avoided month by month."""
    from config.working_days import day_types
    from processing.savings.engine import assess
    from processing.savings.models.explain import model_card
    from processing.savings.models.frozen import FrozenModel

    try:
        model = FrozenModel.from_json(model_file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{model_file} cannot be read ({error}): check the path") from error
    for line in model_card(model, lang):
        click.echo(line)
    if table is None:
        return
    if weather is None or building is None or start is None or end is None:
        raise ConfigError("--table needs --weather, --building, --from and --to beside it")
    days = _days(_archive(table, weather, timezone, calendar), building, fuel, start, end)
    types = day_types([t.date() for t in days.index], calendar)
    seen = assess(model, days, day_types=types, confidence=confidence)
    click.echo(_months_text(seen, model, days, types, lang))


def _months_text(
    seen: "SavingsAssessment",
    model: "FrozenModel",
    days: "pd.DataFrame",
    types: "DayTypes",
    lang: str,
) -> str:
    from config.texts import finding_text, text
    from processing.savings.models.explain import PARTS, by_month, contributions

    lines = ["", f"{'month':8} {'observed':>12} {'counterfactual':>14} {'avoided':>12}  interval"]
    for month, row in by_month(seen).iterrows():
        low, high = row["low"] - row["observed"], row["high"] - row["observed"]
        lines.append(
            f"{month:%Y-%m}  {row['observed']:>12,.0f} {row['counterfactual']:>14,.0f} "
            f"{row['avoided']:>12,.0f}  {low:,.0f} … {high:,.0f}"
        )
    first, last = days.index[0].date(), days.index[-1].date()
    whole = seen.period(first, last + timedelta(days=1))
    lines += [
        f"{'all':8} {whole.observed:>12,.0f} {whole.counterfactual:>14,.0f} "
        f"{whole.avoided:>12,.0f}  {whole.low:,.0f} … {whole.high:,.0f}  "
        f"{text('savings', f'verdict.{whole.verdict}', lang)}",
        f"{'nominal':49} {whole.nominal_low:>12,.0f} … {whole.nominal_high:,.0f}",
        "",
        "  ".join(
            f"{part} {total:,.0f}"
            for part, total in contributions(model, days, types)[list(PARTS)].sum().items()
        ),
    ]
    lines += [finding_text(f, lang) for f in whole.findings]
    return "\n".join(lines)


def _days(
    archive: "Archive", building: str, fuel: str, start: datetime, end: datetime
) -> "pd.DataFrame":
    """The local days of a building; ConfigError when it is unknown or the period is empty."""
    import pandas as pd

    if fuel not in archive.fuels() or building not in archive.buildings(fuel):
        known = ", ".join(archive.buildings(fuel)[:20]) or "none"
        raise ConfigError(f"no building {building!r} with {fuel!r}; there are: {known}")
    if end <= start:
        raise ConfigError("--to must lie after --from: it is the day after the last")
    years = range(start.year, end.year + 1)
    days = pd.concat([archive.year(building, fuel, y) for y in years])
    return days[(days.index >= start) & (days.index < end)]


def _season(text: str | None) -> "Season | None":
    if text is None:
        return None
    try:
        first, last = (datetime.strptime(f"2000-{p}", "%Y-%m-%d") for p in text.split(":"))  # noqa: DTZ007
    except ValueError as error:
        raise ConfigError(f"--heating-season {text!r}: write it as 11-15:03-16") from error
    return (first.month, first.day), (last.month, last.day)


@command.command("placebo")
@click.argument("table", type=_FILE, metavar="DATA.parquet")
@click.option("--weather", type=_FILE, required=True, metavar="W.parquet", help="ts, temperature.")
@click.option("--fit", "fit_year", type=int, required=True, metavar="YEAR", help="Baseline year.")
@click.option("--predict", "year", type=int, required=True, metavar="YEAR", help="Placebo year.")
@click.option(
    "--timezone", default=_REFERENCE_TIMEZONE, show_default=True, help="Of the buildings."
)
@click.option("--calendar", type=click.Choice(CALENDARS), default="gb", show_default=True)
@click.option("--confidence", type=click.FloatRange(0.5, 0.99), default=0.90, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One object a fuel, for programs.")
def placebo_command(
    table: Path,
    weather: Path,
    fit_year: int,
    year: int,
    timezone: str,
    calendar: str,
    confidence: float,
    as_json: bool,
) -> None:
    """Fit one year, predict another in which nothing is known to have been saved, and compare.

    DATA is any hourly table with building, fuel, ts (UTC) and kwh or tenths; W has ts and
    temperature_c (or air_temperature_c). Intervals are calibrated without the building judged.
    """
    from civicmeter.output import progress_line
    from processing.savings.placebo import placebo

    if fit_year == year:
        raise ConfigError("--fit and --predict are the same year: a year cannot test itself")
    archive = _archive(table, weather, timezone, calendar)
    with progress_line() as progress:
        results = placebo(archive, fit_year, year, confidence=confidence, progress=progress)
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


@command.command("calibrate")
@click.argument("table", type=_FILE, metavar="DATA.parquet")
@click.option("--weather", type=_FILE, required=True, metavar="W.parquet", help="ts, temperature.")
@click.option("--years", multiple=True, required=True, metavar="FIT:PREDICT", help="Repeatable.")
@click.option(
    "--timezone", default=_REFERENCE_TIMEZONE, show_default=True, help="Of the buildings."
)
@click.option("--calendar", type=click.Choice(CALENDARS), default="gb", show_default=True)
def calibrate_command(
    table: Path, weather: Path, years: tuple[str, ...], timezone: str, calendar: str
) -> None:
    """Print the rows of savings_calibration.toml that placebo years of an archive give."""
    from processing.savings.conformal import calibrate, scores
    from processing.savings.placebo import CARRIERS, cells

    archive = _archive(table, weather, timezone, calendar)
    for fuel in archive.fuels():
        found = [c for pair in years for c in cells(archive, fuel, *_pair(pair))]
        if not found:
            continue
        pooled = calibrate(found[0].seen.calibration, [scores(c.building, c.seen) for c in found])
        click.echo(f"[carrier.{CARRIERS.get(fuel, fuel)}]  # {len(found)} placebo years")
        for span in ("day", "month", "year"):
            click.echo(f"{span} = {[round(q, 3) for q in getattr(pooled, span)]}")


def _pair(text: str) -> tuple[int, int]:
    fit, _, predict = text.partition(":")
    if not (fit.isdigit() and predict.isdigit()):
        raise ConfigError(f"--years {text!r} must be two years, such as 2017:2018")
    return int(fit), int(predict)


def _archive(table: Path, weather_file: Path, timezone: str, calendar: str) -> "Archive":
    from processing.savings.inputs.rollup import daily_use, daily_weather
    from processing.savings.placebo import Archive

    use, weather = (
        daily_use(_read(table), timezone),
        daily_weather(_read(weather_file), timezone),
    )
    return Archive(use, weather, calendar)


def _read(path: Path) -> "pd.DataFrame":
    import pandas as pd

    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read as Parquet ({error}): check the path") from error


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
            f"  nominal intervals      {r.nominal_interval_coverage_pct:.1f} % of years "
            f"(±{r.nominal_half_width_median_pct:.1f} %)",
            f"  falsely proven         {r.falsely_proven_pct:.1f} %; flagged for a person to look "
            f"{r.flagged_pct:.1f} %",
            f"  10 % planted, proven   {r.planted_10pct_proven_pct:.1f} %; of the "
            f"{r.steady_buildings} steady ones {'–' if steady is None else f'{steady:.1f} %'}",
        ]
    return "\n".join(lines)
