"""A figure: one monthly number with its evidence."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol

from domain.calendar import Month
from domain.figures.names import subject_of
from domain.figures.subjects import Subject
from domain.findings import Finding

Verdict = Literal["proven", "not_proven", "proven_increase"]
Unmeasured = Literal["estimated", "missing"]


@dataclass(frozen=True, slots=True)
class FactorUse:
    """A dated factor a figure was computed with, e.g. the grid's CO₂ per kWh. Printed as it stands
    in a cell: name = value unit (from day)."""

    name: str
    value: float
    unit: str
    source: str
    valid_from: date

    def __str__(self) -> str:
        return f"{self.name} = {self.value:g} {self.unit} (from {self.valid_from})"


class Shared(Protocol):
    """What has shares as fields of its own: Shares, and rows of a city's figures."""

    @property
    def measured(self) -> float: ...

    @property
    def estimated(self) -> float: ...

    @property
    def missing(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Shares:
    """How much of a figure's time was measured, estimated and missing; they sum to 1.

    All arithmetic of shares is here. Signed months hold every digit of them, so the ways to the
    same share that end in other last digits are told apart, and each figure keeps its own.
    """

    measured: float
    estimated: float
    missing: float

    @classmethod
    def none(cls) -> "Shares":
        """Nothing is there."""
        return cls(0.0, 0.0, 1.0)

    @classmethod
    def full(cls) -> "Shares":
        """All of it was measured."""
        return cls(1.0, 0.0, 0.0)

    @classmethod
    def known(cls, measured: float) -> "Shares":
        """Of what is measured or missing, and never estimated."""
        return cls(measured, 0.0, 1.0 - measured)

    @classmethod
    def rest(cls, **two: float) -> "Shares":
        """The third share is what two leave, never less than 0; taken off in the order given.

        >>> Shares.rest(missing=0.25, estimated=0.5)
        Shares(measured=0.25, estimated=0.5, missing=0.25)
        """
        left = 1.0
        for share in two.values():
            left -= share
        (third,) = {"measured", "estimated", "missing"} - two.keys()
        return cls(**two, **{third: max(left, 0.0)})

    @classmethod
    def mean(cls, parts: Sequence[Shared]) -> "Shares":
        """The mean of each share, every part counting alike. Of no parts nothing is there."""
        if not parts:
            return cls.none()
        return cls(*(sum(shares) / len(parts) for shares in _columns(parts)))

    @classmethod
    def mean_unmeasured(cls, parts: Sequence["Shares"], *, first: Unmeasured) -> "Shares":
        """As `mean`, but measured is what the means of the others leave, `first` taken off first.
        There is at least one part."""
        _, estimated, missing = (sum(shares) / len(parts) for shares in _columns(parts))
        if first == "missing":
            return cls.rest(missing=missing, estimated=estimated)
        return cls.rest(estimated=estimated, missing=missing)

    @classmethod
    def weighted(cls, parts: Sequence[tuple[float, "Shares"]]) -> "Shares":
        """The mean of (weight, shares); each counts alike where the weights sum to nothing.
        There is at least one part."""
        total = sum(weight for weight, _ in parts)
        weights = [w / total for w, _ in parts] if total > 0 else [1 / len(parts)] * len(parts)
        pairs = list(zip(weights, (s for _, s in parts), strict=True))
        return cls.rest(
            estimated=sum(w * s.estimated for w, s in pairs),
            missing=sum(w * s.missing for w, s in pairs),
        )

    @classmethod
    def of_span(cls, parts: Sequence["Shares"], count: int) -> "Shares":
        """Of a span of `count` equal parts of which only `parts` are known; the others are
        missing."""
        measured = estimated = 0.0
        for part in parts:
            measured += part.measured / count
            estimated += part.estimated / count
        return cls.rest(measured=measured, estimated=estimated)

    @classmethod
    def together(cls, parts: Sequence["Shares"]) -> "Shares":
        """As `mean_unmeasured` with missing first, but part by part: each adds what it is of
        all."""
        missing = estimated = 0.0
        for part in parts:
            missing += part.missing / len(parts)
            estimated += part.estimated / len(parts)
        return cls.rest(missing=missing, estimated=estimated)


def _columns(parts: Sequence[Shared]) -> tuple[list[float], list[float], list[float]]:
    return (
        [s.measured for s in parts],
        [s.estimated for s in parts],
        [s.missing for s in parts],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number of one institution and month, with its evidence.

    `name` is a key of FIGURE_NAMES. `subject` is what it is about, as a `Subject` is written:
    empty for the institution; `about` reads it. `value` None means: it could not be said (the findings say why);
    missing is never zero. `low` and `high` bound the value at `confidence` where an interval
    exists. `method` names how it was computed, with a version.
    """

    name: str
    subject: str = ""
    value: float | None
    shares: Shares
    method: str
    low: float | None = None
    high: float | None = None
    confidence: float | None = None
    verdict: Verdict | None = None
    factors: tuple[FactorUse, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def about(self) -> Subject:
        return subject_of(self.name, self.subject)


@dataclass(frozen=True, slots=True, kw_only=True)
class DayValue:
    """One local day of one series behind the figures, for charts and for audit.

    `name` and `subject` as in Figure. `quality` is a code of `domain.quality`.
    """

    day: date
    name: str
    subject: str
    value: float | None
    quality: str
    low: float | None = None
    high: float | None = None

    @property
    def about(self) -> Subject:
        return subject_of(self.name, self.subject)


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthResult:
    """Everything computed for one institution and month."""

    institution: str
    month: Month
    figures: tuple[Figure, ...]
    days: tuple[DayValue, ...] = ()
    findings: tuple[Finding, ...] = ()
    models: tuple[str, ...] = ()
    """Digests of the frozen baseline models used (see the ledger's models)."""
