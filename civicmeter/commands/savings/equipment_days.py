"""Days of equipment at its own meter, the spells of a test, and what the test says."""

import json
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from config.settings import Settings
from domain.calendar import Month, months_between
from domain.errors import ConfigError

if TYPE_CHECKING:
    import pandas as pd

    from processing.savings.equipment.isolation import Effect
    from processing.savings.equipment.spells import Spell

TABLE = click.option(
    "--table",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="DAYS.csv|parquet",
    help="Columns day and use (kWh); others (temperature_c, hours run …) are conditions.",
)
METER = click.option("--meter", metavar="ID", help="A registered meter's stored readings instead.")
CONFIDENCE = click.option(
    "--confidence", type=click.FloatRange(0.5, 0.99), default=0.90, show_default=True
)
LANG = click.option("--lang", type=click.Choice(("zh", "en")), default="zh", show_default=True)
JSON = click.option("--json", "as_json", is_flag=True, help="For programs.")


def equipment_days(
    settings: Settings, table: Path | None, meter: str | None, bounds: tuple[date, date] | None
) -> "pd.DataFrame":
    """Days (index: local day) with `use` in kWh and conditions, of a table or of a meter.

    Of a meter those of `bounds`, end excluded. Raises ConfigError for what cannot be read.
    """
    if (table is None) == (meter is None):
        raise ConfigError("give either --table DAYS.csv or --meter ID")
    if table is not None:
        return _read_days(table)
    from civicmeter.wiring.pipeline import open_pipeline
    from processing.months.bookkeeping import read_site
    from processing.months.tested_meter import metered_days, tested_meter

    assert meter is not None and bounds is not None
    start, end = bounds
    months = list(months_between(Month.of(start), Month.of(end - timedelta(days=1)).plus(1)))
    with open_pipeline(settings) as pipeline:
        tested = tested_meter(pipeline.registry, meter)
        institution = pipeline.registry.institution_by_id[tested.institution]
        parts = (pipeline.store, pipeline.ledger, pipeline.registry)
        site = read_site(*parts, institution, months, datetime.now(UTC))
    return metered_days(site, tested, start, end)


def _read_days(path: Path) -> "pd.DataFrame":
    import pandas as pd

    days = read_table(path)
    if not {"day", "use"} <= set(days):
        raise ConfigError(f"{path} needs columns day and use; it has {', '.join(map(str, days))}")
    try:
        index = pd.DatetimeIndex(pd.to_datetime(days["day"])).normalize()
        numbers = days.drop(columns="day").astype(
            {c: float for c in days if c not in ("day", "on")}
        )
    except (ValueError, TypeError) as error:
        raise ConfigError(f"{path}: {error}; days are YYYY-MM-DD, all else numbers") from error
    if index.tz is not None or not index.is_unique:
        raise ConfigError(f"{path}: each local day once, without a time zone")
    return numbers.set_index(index).sort_index()


def read_table(path: Path) -> "pd.DataFrame":
    """A CSV file, by its name, or a Parquet file. Raises ConfigError."""
    import pandas as pd

    try:
        return pd.read_csv(path) if path.suffix.lower() == ".csv" else pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read as a table ({error}): check the path") from error


def spell(text: str, state: str) -> "Spell":
    """Read ``START:END``, end excluded, in which the equipment was on or off. Raises ConfigError."""
    from processing.savings.equipment.spells import Spell

    if state not in ("on", "off"):
        raise ConfigError(f"the state {state!r} must be on or off")
    start, _, end = text.partition(":")
    try:
        days = date.fromisoformat(start.strip()), date.fromisoformat(end.strip())
    except ValueError:
        raise ConfigError(
            f"{text!r} is no period: write START:END as 2026-05-01:2026-05-08"
        ) from None
    return Spell(*days, "on" if state == "on" else "off")


def tell(effect: "Effect", test: str, lang: str, as_json: bool) -> None:
    """Print what a test found, in a sentence or for programs."""
    from config.texts import text

    if as_json:
        click.echo(json.dumps({"test": test, **asdict(effect)}))
        return
    values = {
        "per_day": f"{effect.per_day:,.1f}",
        "low": f"{effect.low:,.1f}",
        "high": f"{effect.high:,.1f}",
        "share": f"{100 * effect.ratio:.1f}",
        "confidence": f"{100 * effect.confidence:.0f}",
        "p": f"{effect.p_value:.3f}" if effect.p_value >= 0.001 else "< 0.001",
        "days": effect.days,
        "verdict": text("savings", f"verdict.{effect.verdict}", lang),
    }
    click.echo(text("savings", f"test.{test}", lang, **values))
