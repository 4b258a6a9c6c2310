"""Rows of the overview, and what of everybody is counted for the page as well: no queries here."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from pydantic import Field

from api.rows.base import UNITS, Row, finite, number_field, shares_fields
from api.rows.comparisons import TotalRow, in_service, total_rows
from config.texts import reason_label, text
from domain.calendar import Month
from domain.carriers import ELECTRICITY, USE_OF_FIGURE
from domain.figures import Shares
from domain.figures.names import COMPARED
from domain.places import Institution, Origin
from reports.words.names import label
from store.ledger.answers import MonthCounts, Value
from store.ledger.port import AsideEntry

ORIGINS: tuple[Origin, ...] = ("measured", "simulated", "live")
MAIN_NAMES = (*USE_OF_FIGURE, "waste_mass_kg")
"""What an institution is about (see `main_figures`), of all of it: completeness is theirs."""
ASKED_NAMES = tuple(dict.fromkeys((*COMPARED, *MAIN_NAMES)))


@dataclass(frozen=True, slots=True)
class CityCounts:
    """What of all institutions together is counted. `aside` is by reason."""

    origins: Mapping[str, int]
    months: int
    closed: int
    pending: int
    aside: Mapping[str, int]


def city_counts(
    institutions: Iterable[Institution],
    counts: Collection[MonthCounts],
    aside: Iterable[AsideEntry],
) -> CityCounts:
    """Months of institutions that are registered no more are counted too: they stand."""
    kept = Counter[str]()
    for entry in aside:
        kept[entry.code] += entry.count
    return CityCounts(
        origins=Counter(i.origin for i in institutions),
        months=sum(c.months for c in counts),
        closed=sum(c.closed for c in counts),
        pending=sum(c.pending for c in counts),
        aside=kept,
    )


class OverviewRow(Row):
    """One number of the overview: something counted, the completeness, or a sum of the month."""

    name: str = Field(
        description="institutions, months_closed, months_open, restatements_pending, "
        f"messages_aside, completeness_ratio, or the name of a figure that is added up; {UNITS}.",
        examples=[ELECTRICITY.figure],
    )
    subject: str = Field(
        description="Of institutions: their origin; of messages_aside: the reason; empty: of all."
    )
    label: str = Field(description="What it is, in words of the language asked for.")
    value: float | None = Field(
        description="The number, in `unit`; null: not known. completeness_ratio: the share of the "
        "month's time that is measured or estimated, mean over the main figures of institutions. A "
        "sum is of those whose value is known: with `institutions_known` below `institutions`, or "
        "a missing share, it is a least one."
    )
    unit: str = Field(description="Unit of value; 1: a number or a ratio.", examples=["kWh"])
    month: str | None = Field(description="Local calendar month; null: of all months.")
    waits: bool = Field(description="Whether it waits for somebody to decide or to look at it.")
    institutions: int | None = Field(
        default=None, description="Institutions that have this figure in that month; null: counted."
    )
    institutions_known: int | None = Field(
        default=None, description="Those of them whose value is known; null: counted."
    )
    institutions_registered: int | None = Field(
        default=None, description="Institutions in service in that month; null: counted."
    )
    closed: int | None = Field(
        default=None, description="Those of `institutions` whose month is closed; null: counted."
    )
    measured_share: float | None = number_field(
        "Share of the time measured, mean over `institutions`", "1"
    )
    estimated_share: float | None = number_field("Share estimated, same mean", "1")
    missing_share: float | None = number_field("Share missing, same mean", "1")


def count_rows(counted: CityCounts, lang: str) -> list[OverviewRow]:
    """What is counted: of all first, then by subject, the most first."""
    tiles = [
        ("institutions", "institutions", sum(counted.origins.values())),
        ("months_closed", "months", counted.closed),
        ("months_open", "open", counted.months - counted.closed),
        ("restatements_pending", "pending", counted.pending),
        ("messages_aside", "aside", sum(counted.aside.values())),
    ]
    rows = [_count(name, "", text("overview", f"tile.{key}", lang), n) for name, key, n in tiles]
    rows += [
        _count("institutions", o, text("report", f"origin_short.{o}", lang), counted.origins[o])
        for o in ORIGINS
        if counted.origins.get(o)
    ]
    reasons = sorted(counted.aside.items(), key=lambda item: (-item[1], item[0]))
    rows += [_count("messages_aside", code, reason_label(code, lang), n) for code, n in reasons]
    return rows


def _count(name: str, subject: str, words: str, count: int) -> OverviewRow:
    waits = name in ("restatements_pending", "messages_aside") and count > 0
    return OverviewRow(
        name=name, subject=subject, label=words, value=count, unit="1", month=None, waits=waits
    )


def month_rows(
    values: Collection[Value], institutions: Mapping[str, Institution], lang: str
) -> list[OverviewRow]:
    """How completely one month is known, and the sums of the city. `values` are of whole
    institutions, of ASKED_NAMES; none where nobody has any."""
    main = [v for v in values if v.name in MAIN_NAMES and v.institution in institutions]
    sums = total_rows([v for v in values if v.name in COMPARED], institutions, "city")
    return [*_completeness(main, institutions, lang), *(_sum(r, lang) for r in sums)]


def _completeness(
    main: Collection[Value], institutions: Mapping[str, Institution], lang: str
) -> list[OverviewRow]:
    if not main:
        return []
    shares = Shares.mean(list(main))
    (month,) = {v.month for v in main}
    have = {v.institution: v.revision > 0 for v in main}
    known = {v.institution for v in main if v.value is not None}
    return [
        OverviewRow(
            name="completeness_ratio",
            subject="",
            label=text("overview", "completeness", lang),
            value=finite(1.0 - shares.missing),
            unit="1",
            month=month,
            waits=False,
            institutions=len(have),
            institutions_known=len(known),
            institutions_registered=in_service(institutions.values(), Month.parse(month)),
            closed=sum(have.values()),
            **shares_fields(shares),
        )
    ]


def _sum(row: TotalRow, lang: str) -> OverviewRow:
    alike = row.model_dump(exclude={"by", "group"})
    return OverviewRow(subject="", label=label(row.name, lang), waits=False, **alike)
