"""What is looked at before a month is closed, and waivers: a check that it does not pass is let go,
by a named person with a reason."""

import json
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256

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

    @property
    def fact(self) -> str:
        """What it said, as one line of JSON, numbers to six digits: what a waiver is of. Another
        gap, or another finding of the kind, is another fact."""
        said: dict[str, object] = {
            "code": self.code,
            "subject": self.subject,
            "given": _plain(self.given),
        }
        if self.finding is not None:
            numbers = {k: _plain(v) for k, v in self.finding.numbers.items()}
            said |= {"finding": self.finding.code, "numbers": numbers}
        return json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """What one check of one institution's month said, let go. It is never taken back, and holds as
    long as the check says the same (`fact`, as `Check.fact`), for what the month is restated to as
    well. Without a fact, of before waivers had one, it stands where it stood and lets nothing go.

    Raises ConfigError without a reason, or for a name that cannot stand under it.
    """

    institution: str
    month: Month
    code: str
    by: str
    reason: str
    at: datetime
    fact: str = ""

    @property
    def fact_sha256(self) -> str:
        return sha256(self.fact.encode()).hexdigest()

    def __post_init__(self) -> None:
        if problem := name_problem(self.by):
            raise ConfigError(problem)
        if not self.reason.strip():
            raise ConfigError(
                f"a waiver of {self.code} needs its reason: it is printed beside the month"
            )


def _plain(value: float | int | str) -> str:
    """A number as it is told: a sum done in another order is no other fact."""
    return value if isinstance(value, str) else f"{value:.6g}"
