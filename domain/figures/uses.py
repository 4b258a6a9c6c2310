"""What a figure may be used for, by dated rules over its shares, findings and verdict."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from domain.figures import Figure

Use = Literal["settlement", "reporting", "information"]
USES: tuple[Use, ...] = ("settlement", "reporting", "information")


@dataclass(frozen=True, slots=True, kw_only=True)
class UseRule:
    """What a figure needs for a use, from a day on: no more than these shares of its time missing
    and estimated, and no serious finding or no verdict of ``not_proven`` where these are not
    allowed. A figure without a verdict is not judged by it."""

    use: Use
    most_missing: float
    most_estimated: float
    serious: bool
    not_proven: bool
    valid_from: date
    source: str


def rules_on(rules: Iterable[UseRule], day: date) -> list[UseRule]:
    """The rule of each use that holds on a day: of several the one that began last."""
    valid = sorted((r for r in rules if r.valid_from <= day), key=lambda r: r.valid_from)
    by_use = {rule.use: rule for rule in valid}
    return [by_use[use] for use in USES if use in by_use]


def permitted_uses(figure: Figure, rules: Sequence[UseRule]) -> tuple[Use, ...]:
    """What a figure may be used for by rules of one day; a figure that could not be said: nothing.

    >>> from domain.figures import Shares
    >>> rule = UseRule(use="reporting", most_missing=0.1, most_estimated=0.5, serious=False,
    ...                not_proven=False, valid_from=date(2026, 1, 1), source="an example")
    >>> known = Figure(name="water_use_m3", value=8.0, shares=Shares.known(0.95), method="m/1")
    >>> permitted_uses(known, [rule])
    ('reporting',)
    """
    return tuple(rule.use for rule in rules if _is_fit(figure, rule))


def _is_fit(figure: Figure, rule: UseRule) -> bool:
    shares = figure.shares
    serious = any(f.severity == "serious" for f in figure.findings)
    return (
        figure.value is not None
        and shares.missing <= rule.most_missing + 1e-9
        and shares.estimated <= rule.most_estimated + 1e-9
        and (rule.serious or not serious)
        and (rule.not_proven or figure.verdict != "not_proven")
    )
