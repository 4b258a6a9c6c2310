"""`civicmeter savings on-off|before-after`: what equipment saves, tested at its own meter."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from config.settings import Settings
from domain.errors import ConfigError

if TYPE_CHECKING:
    import pandas as pd

    from processing.savings.equipment.isolation import Effect
    from processing.savings.equipment.metered_days import Spell

_TABLE = click.option(
    "--table",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="DAYS.csv|parquet",
    help="Columns day and use (kWh); others (temperature_c, hours run …) are conditions.",
)
_METER = click.option("--meter", metavar="ID", help="A registered meter's stored readings instead.")
_CONFIDENCE = click.option(
    "--confidence", type=click.FloatRange(0.5, 0.99), default=0.90, show_default=True
)
_LANG = click.option("--lang", type=click.Choice(("zh", "en")), default="zh", show_default=True)
_JSON = click.option("--json", "as_json", is_flag=True, help="For programs.")


@click.command("on-off")
@_TABLE
@_METER
@click.option(
    "--periods",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.csv",
    help="Columns start, end (excluded) and state (on or off). Without it the table has a column on.",
)
@click.option("--on", "on", multiple=True, metavar="START:END", help="It was on; repeatable.")
@click.option("--off", "off", multiple=True, metavar="START:END", help="It was off; repeatable.")
@_CONFIDENCE
@_LANG
@_JSON
@click.pass_obj
def on_off(
    settings: Settings,
    table: Path | None,
    meter: str | None,
    periods: Path | None,
    on: tuple[str, ...],
    off: tuple[str, ...],
    confidence: float,
    lang: str,
    as_json: bool,
) -> None:
    """What a device saves a day while it is on, from periods with it on and off in turn.

    Days in no period are no part of the test. At least six switches within fourteen known days.
    """
    from processing.savings.equipment.isolation import on_off_test
    from processing.savings.equipment.metered_days import with_state

    spells = _spells(periods, on, off)
    if meter is not None and not spells:
        raise ConfigError("say when it was on and off: --periods FILE.csv, or --on and --off")
    bounds = (min(s.start for s in spells), max(s.end for s in spells)) if spells else None
    days = _days(settings, table, meter, bounds)
    if spells:
        days = with_state(days, spells)
    if "on" not in days:
        raise ConfigError(
            "the table has no column on: add it (true or false), or give --periods, --on and --off"
        )
    _tell(on_off_test(days, confidence=confidence), "on_off", lang, as_json)


@click.command("before-after")
@_TABLE
@_METER
@click.option("--before", required=True, metavar="START:END", help="Local days, end excluded.")
@click.option("--after", required=True, metavar="START:END", help="Local days, end excluded.")
@_CONFIDENCE
@_LANG
@_JSON
@click.pass_obj
def before_after_command(
    settings: Settings,
    table: Path | None,
    meter: str | None,
    before: str,
    after: str,
    confidence: float,
    lang: str,
    as_json: bool,
) -> None:
    """What equipment saves a day since a measure, at its own meter (IPMVP option B).

    A line in the conditions fitted on the days before is applied to those after: enough for what
    follows its conditions in a line. For contracts month by month, register the contract with
    option B.
    """
    from processing.savings.equipment.isolation import before_after
    from processing.savings.equipment.metered_days import with_state

    first, second = _spell(before, "off"), _spell(after, "on")
    bounds = (min(first.start, second.start), max(first.end, second.end))
    days = with_state(_days(settings, table, meter, bounds), [first, second])
    parts = [days[days["on"] == state].drop(columns="on") for state in (False, True)]
    _tell(before_after(*parts, confidence=confidence), "before_after", lang, as_json)


def _days(
    settings: Settings, table: Path | None, meter: str | None, bounds: tuple[date, date] | None
) -> "pd.DataFrame":
    if (table is None) == (meter is None):
        raise ConfigError("give either --table DAYS.csv or --meter ID")
    if table is not None:
        return _read_days(table)
    from civicmeter.wiring.pipeline import open_pipeline
    from processing.savings.equipment.metered_days import metered_days

    assert meter is not None and bounds is not None
    with open_pipeline(settings) as pipeline:
        return metered_days(
            pipeline.store, pipeline.ledger, pipeline.registry, meter, *bounds, datetime.now(UTC)
        )


def _read_days(path: Path) -> "pd.DataFrame":
    import pandas as pd

    days = _read(path)
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


def _read(path: Path) -> "pd.DataFrame":
    import pandas as pd

    try:
        return pd.read_csv(path) if path.suffix.lower() == ".csv" else pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read as a table ({error}): check the path") from error


def _spells(periods: Path | None, on: Sequence[str], off: Sequence[str]) -> "list[Spell]":
    found = [_spell(text, "on") for text in on] + [_spell(text, "off") for text in off]
    if periods is None:
        return found
    rows = _read(periods)
    if not {"start", "end", "state"} <= set(rows):
        raise ConfigError(f"{periods} needs columns start, end and state")
    for row in rows.itertuples():
        found.append(_spell(f"{row.start}:{row.end}", str(row.state).strip().lower()))
    return found


def _spell(text: str, state: str) -> "Spell":
    from processing.savings.equipment.metered_days import Spell

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


def _tell(effect: "Effect", test: str, lang: str, as_json: bool) -> None:
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
