"""Rows of comparisons: months with months, years with quotas, institutions with their peers."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, cast

from pydantic import Field

from api.rows.base import (
    UNITS,
    PlaceRow,
    Row,
    finite,
    number_field,
    place_fields,
    shares_fields,
    unit_of,
)
from config.processing import processing_settings
from domain.calendar import Month
from domain.figures import MonthResult, Shares
from domain.figures.comparing import NotCompared
from domain.figures.names import AMONG_PEERS, COMPARED
from domain.places import Institution
from processing.use.comparison import month_and_year_before, peer_position
from processing.use.quota_positions import QuotaPosition, quota_positions
from processing.use.survey import survey_rows
from reports.words.quotas import why_no_grade
from store.ledger.answers import Value

YEAR_NAMES = (*COMPARED, "pv_generation_kwh")
"""The figures that years are made of."""

Grade = Literal["guide", "base", "constraint", "above"]


class OfMonthRow(PlaceRow):
    month: str = Field(description="Local calendar month; of a year its last.")


class ComparisonRow(OfMonthRow):
    """A figure against the month before and the same month of the year before."""

    name: str = Field(description="Name of the figure; see /v1/figure-names.")
    unit: str = Field(description="Unit of the values.")
    value: float | None = Field(description="The month's value, in `unit`; null: not known.")
    month_before: float | None = Field(description="Of the month before, in `unit`.")
    month_change_ratio: float | None = number_field(
        "(value − month_before) / month_before; null: see month_change_reason", "1"
    )
    month_change_reason: NotCompared = Field(
        description="Why there is no change; empty: there is one. running: one of the months was "
        "not over when it was computed; not_computed; not_known: no value; incomplete: known for "
        "less than 95 % of its time; nought: the earlier one was 0."
    )
    year_before: float | None = Field(description="Of the same month a year before, in `unit`.")
    year_change_ratio: float | None = number_field("The same against year_before", "1")
    year_change_reason: NotCompared = Field(description="The same of year_change_ratio.")


class QuotaRow(OfMonthRow):
    """Twelve months against the institution's own quota (lower is better)."""

    measure: str = Field(description="What is compared, e.g. non_heating_per_area; or all.")
    unit: str = Field(description="Unit of the values, per year.")
    value: float | None = Field(description="Of the twelve months, in `unit`; null: not whole.")
    months: int = Field(description="How many of the twelve months are known.")
    guide: float | None = Field(description="Guide value, in `unit`; null: no row is its own.")
    base: float | None = Field(description="Base value, in `unit`.")
    constraint: float | None = Field(description="Constraint value, in `unit`.")
    grade: Grade | None = Field(description="The best value kept, or above all; null: not told.")
    level: str = Field(description="Level the quota is of; empty: of any.")
    zone: str = Field(description="Climate zone the quota is of; empty: of any.")
    source: str = Field(description="The standard.")
    valid_from: date | None = Field(description="Day from which the quota holds.")
    finding: str = Field(description="Code of why there is no grade; empty: there is one.")
    why: str = Field(description="The same as a sentence, by ?lang or Accept-Language.")


class PeerRow(OfMonthRow):
    """An institution among those of its building type (lower is better)."""

    name: str = Field(description="Name of the figure; see /v1/figure-names.")
    unit: str = Field(description="Unit of the values.")
    value: float = Field(description="Its own value, in `unit`.")
    median: float = Field(description="Median of the peers, in `unit`.")
    percentile_ratio: float = number_field("Share of the peers that use less, 0 to 1", "1", ...)
    peers: int = Field(description="How many peers are known; fewer than four are not compared.")


class SurveyFieldRow(OfMonthRow):
    """A field of the national survey form, over twelve months."""

    field: str = Field(description="Id of the field.")
    label_zh: str = Field(description="The field in Chinese.")
    label_en: str = Field(description="The field in English.")
    unit: str = Field(description="Unit of the value; empty for text.")
    value: float | None = Field(description="Sum of the known months, or from the registry.")
    text: str = Field(description="The value of a text field.")
    months: int | None = Field(description="How many of twelve months are known; null: registry.")
    measured_share: float | None = number_field("Share of the year measured, 0 to 1", "1")
    estimated_share: float | None = number_field("Share of the year estimated, 0 to 1", "1")
    missing_share: float | None = number_field("Share of the year missing, 0 to 1", "1")


@dataclass(frozen=True, slots=True)
class History:
    """An institution, what is known of it, and the months of it that are asked for."""

    institution: Institution
    results: Sequence[MonthResult]
    months: Sequence[Month]

    def heads(self) -> Iterable[tuple[Month, dict[str, Any]]]:
        for month in self.months:
            yield month, {**place_fields(self.institution), "month": str(month)}


def comparison_rows(histories: Iterable[History]) -> list[ComparisonRow]:
    """One row a figure and month."""
    rows = []
    for h in histories:
        for month, head in h.heads():
            found = month_and_year_before(h.results, month)
            half = len(found) // 2
            for last, year in zip(found[:half], found[half:], strict=True):
                rows.append(
                    ComparisonRow(
                        **head,
                        name=last.name,
                        unit=unit_of(last.name),
                        value=finite(last.value),
                        month_before=finite(last.earlier),
                        month_change_ratio=finite(last.change_ratio),
                        month_change_reason=last.why_not,
                        year_before=finite(year.earlier),
                        year_change_ratio=finite(year.change_ratio),
                        year_change_reason=year.why_not,
                    )
                )
    return rows


def quota_rows(histories: Iterable[History], lang: str) -> list[QuotaRow]:
    """One row a measure and month, of the twelve months that end with it."""
    return [
        _quota_row(head, position, lang)
        for h in histories
        for month, head in h.heads()
        for position in quota_positions(h.institution, h.results, month.plus(1))
    ]


def _quota_row(head: Mapping[str, Any], p: QuotaPosition, lang: str) -> QuotaRow:
    quota = p.quota
    return QuotaRow(
        **head,
        measure=p.measure,
        unit=p.unit,
        value=finite(p.value),
        months=p.months,
        guide=quota.guide if quota else None,
        base=quota.base if quota else None,
        constraint=quota.constraint if quota else None,
        grade=cast(Grade | None, p.grade),
        level=quota.level if quota else "",
        zone=quota.zone if quota else "",
        source=quota.source if quota else "",
        valid_from=quota.valid_from if quota else None,
        finding=p.finding.code if p.finding else "",
        why=why_no_grade(p.finding, lang) if p.finding else "",
    )


def survey_field_rows(histories: Iterable[History]) -> list[SurveyFieldRow]:
    """One row a field and month, of the twelve months that end with it."""
    return [
        SurveyFieldRow(
            **head,
            **shares_fields(r.shares),
            field=r.id,
            label_zh=r.zh,
            label_en=r.en,
            unit=r.unit,
            value=finite(r.value) if isinstance(r.value, int | float) else None,
            text=r.value if isinstance(r.value, str) else "",
            months=r.months,
        )
        for h in histories
        for month, head in h.heads()
        for r in survey_rows(h.institution, h.results, month.plus(1))
    ]


def peer_rows(
    asked: Mapping[str, Institution], everybody: Iterable[Institution], known: Iterable[Value]
) -> list[PeerRow]:
    """One row a figure, institution and month. `known` are everybody's AMONG_PEERS of months that
    are over; a use known for too little of its time is nobody's measure."""
    kind = {i.id: i.building_type for i in everybody}
    least = processing_settings().comparison.least_known_ratio
    values: dict[tuple[str, str, str], dict[str, float | None]] = {}
    for v in known:
        if v.missing <= 1.0 - least and v.institution in kind:
            group = values.setdefault((v.month, kind[v.institution], v.name), {})
            group[v.institution] = finite(v.value)
    rows = []
    for (month, _, name), group in sorted(values.items(), key=lambda pair: pair[0][0]):
        for institution in group.keys() & asked.keys():
            found = peer_position(institution, name, group)
            if found is not None:
                rows.append(
                    PeerRow(
                        **place_fields(asked[institution]),
                        month=month,
                        name=name,
                        unit=unit_of(name),
                        value=found.value,
                        median=found.median,
                        percentile_ratio=found.percentile,
                        peers=found.peers,
                    )
                )
    return sorted(rows, key=lambda r: (r.institution, r.month, AMONG_PEERS.index(r.name)))


By = Literal["city", "district", "kind"]


class TotalRow(Row):
    """One figure of all institutions of a group together, and how much of it is known.

    A sum is of those whose value is known: with `institutions_known` below `institutions`, or a
    missing share, it is a least one.
    """

    month: str = Field(description="Local calendar month.", examples=["2026-09"])
    by: By = Field(description="What the groups are: city (one), district or kind.")
    group: str = Field(description="District code, kind of institution, or empty for the city.")
    name: str = Field(description=f"Name of the figure; {UNITS}.")
    unit: str = Field(description="Unit of value.", examples=["kWh"])
    value: float | None = Field(description="The sum, in `unit`; null: of nobody known.")
    institutions: int = Field(description="Institutions of the group that have this figure.")
    institutions_known: int = Field(description="Those of them whose value is known.")
    institutions_registered: int = Field(
        description="Institutions of the group in service in that month."
    )
    closed: int = Field(description="Those of `institutions` whose month is closed.")
    measured_share: float | None = number_field(
        "Share of the time measured, mean over `institutions`", "1"
    )
    estimated_share: float | None = number_field("Share estimated, same mean", "1")
    missing_share: float | None = number_field("Share missing, same mean", "1")


def total_rows(
    values: Iterable[Value], institutions: Mapping[str, Institution], by: By
) -> list[TotalRow]:
    """One row a month, group and figure of COMPARED, in that order. `values` are of whole
    institutions; those that are not among `institutions` are left out."""
    group_of = {i.id: _group(i, by) for i in institutions.values()}
    found: dict[tuple[str, str, str], list[Value]] = defaultdict(list)
    for v in values:
        if v.institution in group_of:
            found[v.month, group_of[v.institution], v.name].append(v)
    registered = {
        (month, group): in_service(
            [i for i in institutions.values() if group_of[i.id] == group], Month.parse(month)
        )
        for month, group in {(m, g) for m, g, _ in found}
    }
    rows = [
        _total_row(month, by, group, name, those, registered[month, group])
        for (month, group, name), those in found.items()
    ]
    return sorted(rows, key=lambda r: (r.month, r.group, COMPARED.index(r.name)))


def _total_row(
    month: str, by: By, group: str, name: str, values: list[Value], registered: int
) -> TotalRow:
    known = [v.value for v in values if v.value is not None]
    return TotalRow(
        month=month,
        by=by,
        group=group,
        name=name,
        unit=unit_of(name),
        value=finite(sum(known)) if known else None,
        institutions=len(values),
        institutions_known=len(known),
        institutions_registered=registered,
        closed=sum(v.revision > 0 for v in values),
        **shares_fields(Shares.mean(values)),
    )


def _group(institution: Institution, by: By) -> str:
    if by == "district":
        return institution.district_code
    return institution.building_type if by == "kind" else ""


def in_service(institutions: Iterable[Institution], month: Month) -> int:
    """How many of them are in service in the month, or were for a part of it."""
    first = month.first_day
    return sum(first <= (i.in_service_until or date.max) for i in institutions)
