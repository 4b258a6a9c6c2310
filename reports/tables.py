"""The table of all figures with their evidence, and the table of factors."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from config.texts import unit_text
from domain.calendar import local_time as clock_at
from domain.figures import FactorUse, Figure
from domain.figures.kinds import GROUPS
from domain.figures.names import FIGURE_NAMES, group_of
from reports.model import ReportModel
from reports.words.names import factor_name, label, subject_name
from reports.words.numbers import (
    change_text,
    confidence_text,
    interval,
    parts_of,
    shares_short,
    value_text,
)
from reports.words.texts import t
from reports.words.verdicts import verdict_word


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureLine:
    """A figure as a line of the table. `shares` are (measured, estimated, missing).

    `factors` are the numbers of the lines in the table of factors.
    """

    label: str
    subject: str
    value: str
    interval: str
    verdict: str
    change: str
    shares: tuple[float, float, float]
    shares_text: str
    method: str
    factors: str
    total: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureGroup:
    title: str
    rows: list[FigureLine]


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorLine:
    number: int
    name: str
    value: str
    unit: str
    valid_from: str
    source: str


def figure_groups(model: ReportModel, lang: str) -> list[FigureGroup]:
    """Every figure of the month, in groups."""
    numbers = {f: i for i, f in enumerate(_factors(model), start=1)}
    groups = []
    for group in GROUPS:
        rows = [
            _row(model, f, numbers, lang)
            for f in in_order(model.result.figures)
            if group_of(f.name) == group
        ]
        if rows:
            groups.append(FigureGroup(title=t(f"group.{group}", lang), rows=rows))
    return groups


def in_order(figures: Iterable[Figure]) -> list[Figure]:
    """By the table of figure names; the institution's total before its parts."""
    place = {name: i for i, name in enumerate(FIGURE_NAMES)}
    return sorted(figures, key=lambda f: (place.get(f.name, len(place)), f.subject != ""))


def _row(
    model: ReportModel, figure: Figure, numbers: dict[FactorUse, int], lang: str
) -> FigureLine:
    span = interval(figure, lang, with_unit=False)
    return FigureLine(
        label=label(figure.name, lang),
        subject=subject_name(model, figure.about, lang),
        value=value_text(figure, lang),
        interval=f"{span} ({confidence_text(figure)})" if span and figure.confidence else span,
        verdict=verdict_word(figure, lang),
        change=change_text(figure, model.compared_with(figure), lang),
        shares=parts_of(figure.shares),
        shares_text=shares_short(figure.shares),
        method=figure.method,
        factors=" ".join(f"[{numbers[f]}]" for f in figure.factors),
        total=not figure.subject,
    )


def _factors(model: ReportModel) -> list[FactorUse]:
    """Every factor used, once, in the order of the figures."""
    figures = in_order(model.result.figures)
    return list(dict.fromkeys(f for figure in figures for f in figure.factors))


def factor_lines(model: ReportModel, lang: str) -> list[FactorLine]:
    """The dated factors behind the figures."""
    return numbered(_factors(model), lang)


def numbered(factors: Iterable[FactorUse], lang: str) -> list[FactorLine]:
    """Factors as lines, in their order from 1."""
    return [
        FactorLine(
            number=i,
            name=factor_name(f.name, lang),
            value=f"{f.value:g}",
            unit=unit_text(f.unit, lang),
            valid_from=f.valid_from.isoformat(),
            source=f.source,
        )
        for i, f in enumerate(factors, start=1)
    ]


def local_time(at: datetime | None, timezone: str) -> str:
    """An instant as the institution's clock showed it, with the offset; empty for None."""
    if at is None:
        return ""
    local = clock_at(at, timezone)
    return f"{local:%Y-%m-%d %H:%M} (UTC{local:%z})"
