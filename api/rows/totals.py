"""Rows of sums over institutions: of the city, its districts, its kinds of institutions."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Literal

from pydantic import Field

from api.rows.base import UNITS, Row, finite, number_field, unit_of
from domain.calendar import Month
from domain.figures.names import COMPARED
from domain.places import Institution
from store.ledger.answers import Value

By = Literal["city", "district", "kind"]
ADDED_UP = COMPARED
"""What institutions have each, and have together."""


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
    """One row a month, group and figure of ADDED_UP, in that order. `values` are of whole
    institutions; those that are not among `institutions` are left out."""
    group_of = {i.id: _group(i, by) for i in institutions.values()}
    found: dict[tuple[str, str, str], list[Value]] = defaultdict(list)
    for v in values:
        if v.institution in group_of:
            found[v.month, group_of[v.institution], v.name].append(v)
    registered = {
        (month, group): _in_service(institutions.values(), group_of, group, Month.parse(month))
        for month, group in {(m, g) for m, g, _ in found}
    }
    rows = [
        _row(month, by, group, name, those, registered[month, group])
        for (month, group, name), those in found.items()
    ]
    return sorted(rows, key=lambda r: (r.month, r.group, ADDED_UP.index(r.name)))


def _row(
    month: str, by: By, group: str, name: str, values: list[Value], registered: int
) -> TotalRow:
    known = [v.value for v in values if v.value is not None]
    count = len(values)
    return TotalRow(
        month=month,
        by=by,
        group=group,
        name=name,
        unit=unit_of(name),
        value=finite(sum(known)) if known else None,
        institutions=count,
        institutions_known=len(known),
        institutions_registered=registered,
        closed=sum(v.revision > 0 for v in values),
        measured_share=sum(v.measured for v in values) / count,
        estimated_share=sum(v.estimated for v in values) / count,
        missing_share=sum(v.missing for v in values) / count,
    )


def _group(institution: Institution, by: By) -> str:
    if by == "district":
        return institution.district_code
    return institution.building_type if by == "kind" else ""


def _in_service(
    institutions: Iterable[Institution], group_of: Mapping[str, str], group: str, month: Month
) -> int:
    first = month.first_day
    return sum(
        group_of[i.id] == group and first <= (i.in_service_until or date.max) for i in institutions
    )
