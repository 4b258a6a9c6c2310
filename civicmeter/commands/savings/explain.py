"""`civicmeter savings explain`: a frozen model in plain words, and what was avoided."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from civicmeter.commands.savings.archive import (
    DAY,
    FILE,
    OPERATION,
    building_days,
    building_of,
    kind_of,
    open_archive,
)
from config.working_days import CALENDARS, DayTypes
from domain.calendar import DEFAULT_TIMEZONE
from domain.errors import ConfigError

if TYPE_CHECKING:
    import pandas as pd

    from processing.savings.assessment import SavingsAssessment
    from processing.savings.models.frozen import FrozenModel


@click.command("explain")
@click.argument("model_file", type=FILE, metavar="MODEL.json")
@click.option("--lang", type=click.Choice(("zh", "en")), default="zh", show_default=True)
@click.option("--table", type=FILE, metavar="DATA", help="Then also what was avoided.")
@click.option("--weather", type=FILE, metavar="W")
@click.option("--building", metavar="ID")
@click.option("--fuel", default="electricity", show_default=True)
@click.option("--from", "start", type=DAY, help="First local day of the reporting period.")
@click.option("--to", "end", type=DAY, help="The day after the last.")
@click.option("--timezone", default=DEFAULT_TIMEZONE, show_default=True, help="Of the building.")
@click.option("--calendar", type=click.Choice(CALENDARS), default="cn", show_default=True)
@OPERATION
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
    operation: Path | None,
    confidence: float,
) -> None:
    """Say in plain words what a frozen model is made of, and what was avoided month by month."""
    from config.working_days import day_types
    from processing.savings.engine import assess
    from processing.savings.explain import model_card
    from processing.savings.models.frozen import FrozenModel

    try:
        model = FrozenModel.from_json(model_file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{model_file} cannot be read ({error}): check the path") from error
    for line in model_card(model, lang, on=datetime.now(UTC).date()):
        click.echo(line)
    if table is None:
        return
    if weather is None or start is None or end is None:
        raise ConfigError("--table needs --weather, --from and --to beside it")
    archive = open_archive(table, weather, timezone, calendar, operation)
    building = building_of(archive, building, fuel, start, end)
    if kind_of(archive, "daily" if model.bills is None else "billing") == "billing":
        bills = archive.bills(building, fuel, start.date(), end.date())
        if bills.empty:
            raise ConfigError("no bill lies between --from and --to: check the dates")
        days = archive.laid_beside(model, bills)
    else:
        days = building_days(archive, building, fuel, start, end)
    types = day_types([t.date() for t in days.index], calendar, archive.operation)
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
    from processing.savings.explain import PARTS, by_month, contributions

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
    lines += [finding_text(f, lang) for f in (*whole.findings, *types.findings)]
    return "\n".join(lines)
