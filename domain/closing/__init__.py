"""What is looked at before a month is closed, and waivers: a check that it does not pass is let go,
by a named person with a reason."""

from dataclasses import dataclass, field
from datetime import date, datetime

from domain.access import name_problem
from domain.calendar import Month
from domain.errors import ConfigError
from domain.findings import Finding


@dataclass(frozen=True, slots=True)
class CheckRule:
    """A dated rule: more than `most` is told, and keeps the month open where it `blocks`."""

    code: str
    most: float
    blocks: bool
    valid_from: date
    source: str


@dataclass(frozen=True, slots=True)
class Check:
    """A check that a month does not pass, by its `code` in `config/tables/closing.toml`: what it is
    about, `given` where `most` may be, or the finding that it is."""

    code: str
    subject: str
    blocks: bool
    given: float = 0.0
    most: float = 0.0
    finding: Finding | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """One check of one institution's month, let go. It is never taken back, and holds for what
    the month is restated to as well: the check is told each time, with who let it go.

    Raises ConfigError without a reason, or for a name that cannot stand under it.
    """

    institution: str
    month: Month
    code: str
    by: str
    reason: str
    at: datetime

    def __post_init__(self) -> None:
        if problem := name_problem(self.by):
            raise ConfigError(problem)
        if not self.reason.strip():
            raise ConfigError(
                f"a waiver of {self.code} needs its reason: it is printed beside the month"
            )
