"""What is said of a figure's name: the row of the registry of figures, and how it is read."""

from dataclasses import dataclass
from typing import Literal

from domain.subjects import SubjectKind

Group = Literal["use", "saving", "indicator", "pv", "waste", "other"]
Table = Literal["pv", "waste", "indicators", "costs", "readings", "savings"]
Adds = Literal["no", "time", "places", "both"]
FigureKind = Literal["amount", "ratio", "count", "temperature"]

GROUPS: tuple[Group, ...] = ("use", "saving", "indicator", "pv", "waste", "other")
"""The groups in the order of a report's tables."""


@dataclass(frozen=True, slots=True)
class FigureName:
    """What a figure name means, in both languages, with its unit as people write it.

    `group` is where it stands in a report's tables, `subjects` what it may be about. `adds` says
    whether its months add up to a year and its institutions to a city.
    """

    name: str
    unit: str
    zh: str
    en: str
    group: Group
    subjects: tuple[SubjectKind, ...]
    adds: Adds = "no"

    @property
    def adds_over_time(self) -> bool:
        return self.adds in ("time", "both")

    @property
    def adds_over_places(self) -> bool:
        return self.adds in ("places", "both")

    @property
    def kind(self) -> FigureKind:
        return kind_of(self.name)

    def label(self, lang: str) -> str:
        """What it is called."""
        return self.zh if lang == "zh" else self.en


def kind_of(name: str) -> FigureKind:
    """How a figure is read: a share of something, a count, a temperature or an amount. Its name
    ends in its unit, so this holds for names that are not in the table, too.

    >>> kind_of("out_of_hours_use_ratio"), kind_of("co2_kg")
    ('ratio', 'amount')
    """
    if name.endswith("_ratio") or name.startswith("pv_performance_ratio"):
        return "ratio"
    if name.endswith("_count"):
        return "count"
    return "temperature" if name.endswith("_c") else "amount"
