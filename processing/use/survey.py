"""The figures of the national survey form, from twelve months of results and the registry."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from config.factors import table
from domain.calendar import Month
from domain.carriers import SURVEYED
from domain.errors import ConfigError
from domain.figures import MonthResult, Shares
from domain.figures.comparing import is_running
from domain.figures.names import FIGURE_NAMES
from domain.places import Institution, value_on


@dataclass(frozen=True, slots=True)
class SurveyRow:
    """One field of the form. `value` None: unknown; then the field stays empty, never zero.

    `months` is how many of the twelve months are known, None for registry fields.
    """

    id: str
    zh: str
    en: str
    unit: str
    value: float | str | None
    months: int | None
    shares: Shares | None


def survey_rows(
    institution: Institution, results: Sequence[MonthResult], end: Month
) -> list[SurveyRow]:
    """The form that holds in the last of the twelve months before `end` (excluded).

    Empty before the first form that `config/tables/survey.toml` knows.
    """
    fields = _fields_on(end.plus(-1).first_day)
    return [_row(field, institution, results, end) for field in fields]


def _fields_on(day: date) -> list[dict[str, Any]]:
    valid = [f for f in table("survey", "form") if f["valid_from"] <= day]
    fields: list[dict[str, Any]] = (
        max(valid, key=lambda f: f["valid_from"])["fields"] if valid else []
    )
    return fields


def _row(
    field: dict[str, Any], institution: Institution, results: Sequence[MonthResult], end: Month
) -> SurveyRow:
    labels = {k: str(field[k]) for k in ("id", "zh", "en", "unit")}
    if "registry" in field:
        held = getattr(institution, field["registry"])
        value = value_on(held, end.plus(-1).end_day) if isinstance(held, tuple) else held or None
        return SurveyRow(**labels, value=value, months=None, shares=None)
    value, months, shares = _year_sum(_figure(field), results, end)
    return SurveyRow(**labels, value=value, months=months, shares=shares)


def _figure(field: dict[str, Any]) -> str:
    """The figure of a field. Raises ConfigError for one whose months do not add up to a year."""
    name: str = SURVEYED[field["carrier"]] if "carrier" in field else field["figure"]
    known = FIGURE_NAMES.get(name)
    if known is None or not known.adds_over_time:
        raise ConfigError(f"survey.toml: {name!r} is no figure whose months add up to a year")
    return name


def _year_sum(
    name: str, results: Sequence[MonthResult], end: Month
) -> tuple[float | None, int, Shares]:
    """The year's sum of a figure over the months that are over: the institution's, else the sum
    over its devices (PV)."""
    wanted = {end.plus(-k) for k in range(1, 13)}
    known: list[float] = []
    shares: list[Shares] = []
    for result in (r for r in results if r.month in wanted and not is_running(r)):
        figures = [f for f in result.figures if f.name == name]
        own = [f for f in figures if not f.subject] or figures
        if own and all(f.value is not None for f in own):
            known.append(sum(f.value or 0.0 for f in own))
            shares.append(Shares.mean([f.shares for f in own]))
    return (sum(known) if known else None), len(known), Shares.of_span(shares, 12)
