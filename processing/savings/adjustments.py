"""Non-routine adjustments: what a person says changed, beside the routine figure, never hidden.

avoided = counterfactual ± adjustment − observed (IPMVP; GB/T 28750). Every adjustment has a
reason, a formula, evidence and an approver; every figure exists with and without it.
"""

import ast
import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from domain.adjustments import Adjustment
from domain.errors import ConfigError
from domain.findings import Finding
from domain.judge import quoted
from domain.registry.plausible import LARGEST_AMOUNT
from processing.savings.assessment import Estimate, SavingsAssessment, beside
from processing.savings.models.terms import Floats

_AN_ORDINARY_DAY = {"counterfactual": np.array([1234.5]), "temperature_c": np.array([11.3])}
VARIABLES = tuple(_AN_ORDINARY_DAY)
_LONGEST_FORMULA = 300
_OPERATORS: dict[type, Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
_FUNCTIONS: dict[str, Callable[..., Any]] = {"max": np.maximum, "min": np.minimum}


@cache
def formula_tree(formula: str) -> ast.expr:
    """A formula as a tree: kWh to add to the counterfactual of a day.

    A number (``-120``) or an expression of `counterfactual` and `temperature_c` with + - * /,
    max and min, such as ``0.08 * counterfactual`` or ``3.5 * max(18 - temperature_c, 0)``. No
    number in it, and nothing it gives on an ordinary day, is beyond LARGEST_AMOUNT.
    Raises ConfigError for anything else.
    """
    try:
        if len(formula) > _LONGEST_FORMULA:
            raise ValueError(f"longer than {_LONGEST_FORMULA} characters")
        tree = ast.parse(formula.strip(), mode="eval").body
        with np.errstate(all="ignore"):
            tried = _evaluate(tree, _AN_ORDINARY_DAY)
        if not np.isfinite(tried).all():
            raise ValueError("it gives no finite number")
        if (np.abs(tried) > LARGEST_AMOUNT).any():
            raise ValueError(f"it gives more than {LARGEST_AMOUNT:,.0f} kWh a day")
    except (SyntaxError, ValueError, ArithmeticError, RecursionError, MemoryError) as error:
        raise ConfigError(
            f"the formula {formula[:80]!r} cannot be read ({error}): use numbers, + - * /, "
            f"max, min and {', '.join(VARIABLES)}"
        ) from error
    return tree


def per_day(adjustment: Adjustment, days: pd.DataFrame) -> Floats:
    """The kWh it adds on each of the days (columns of VARIABLES); 0 outside start and end.

    NaN where the formula needs what is not known that day, or gives more than LARGEST_AMOUNT.
    """
    values = {name: days[name].to_numpy(dtype=np.float64) for name in VARIABLES}
    with np.errstate(all="ignore"):
        amount = np.broadcast_to(
            _evaluate(formula_tree(adjustment.formula), values), len(days)
        ).astype(np.float64)
    amount = np.where(np.abs(amount) <= LARGEST_AMOUNT, amount, np.nan)
    inside = np.asarray(days.index >= pd.Timestamp(adjustment.start))
    if adjustment.end is not None:
        inside &= np.asarray(days.index < pd.Timestamp(adjustment.end))
    return np.where(inside, amount, 0.0)


def _evaluate(node: ast.expr, values: dict[str, Floats]) -> Any:
    """Arithmetic only: nothing else of the language is reachable from a formula."""
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            if not -LARGEST_AMOUNT <= number <= LARGEST_AMOUNT:
                raise ValueError(f"{quoted(number)} is beyond {LARGEST_AMOUNT:,.0f}")
            return np.float64(number)
        case ast.Name(id=name) if name in values:
            return values[name]
        case ast.UnaryOp(op=op, operand=operand) if type(op) in _OPERATORS:
            return _OPERATORS[type(op)](_evaluate(operand, values))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _OPERATORS[type(op)](_evaluate(left, values), _evaluate(right, values))
        case ast.Call(func=ast.Name(id=name), args=[one, two], keywords=[]) if name in _FUNCTIONS:
            return _FUNCTIONS[name](_evaluate(one, values), _evaluate(two, values))
    raise ValueError(f"{ast.unparse(node)} is not allowed")


@dataclass(frozen=True)
class BothWays:
    """A period assessed with the adjustments and without them.

    `entries` are the approved adjustments that touch the assessed days. Without any, `adjusted`
    is `routine` itself.
    """

    routine: SavingsAssessment
    adjusted: SavingsAssessment
    entries: tuple[Adjustment, ...]

    def period(self, start: date, end: date, looks: int = 1) -> "WithAndWithout":
        """Both estimates of the local days from `start` to `end` (excluded); `looks` as in
        `SavingsAssessment.period`."""
        adjusted = self.adjusted.period(start, end, looks)
        routine = self.routine.period(start, end, looks) if self.entries else adjusted
        return WithAndWithout(adjusted, routine, self._amount(start, end), self.entries)

    def _amount(self, start: date, end: date) -> float:
        """What the adjustments add on the days that count (both observed and modelled)."""
        if not self.entries:
            return 0.0
        index = self.adjusted.days.index
        inside = (index >= pd.Timestamp(start)) & (index < pd.Timestamp(end))
        days = self.adjusted.days[inside]
        added = days["counterfactual"] - self.routine.days["counterfactual"][inside]
        return float(added[days["observed"].notna() & added.notna()].sum())


@dataclass(frozen=True, slots=True)
class WithAndWithout:
    """The same period with the adjustments and without; `amount` is what they add."""

    adjusted: Estimate
    routine: Estimate
    amount: float
    entries: tuple[Adjustment, ...]


def both_ways(seen: SavingsAssessment, adjustments: Iterable[Adjustment]) -> BothWays:
    """The assessment beside itself with the approved adjustments that touch its days."""
    index = pd.DatetimeIndex(seen.days.index)
    first, last = (index[0].date(), index[-1].date()) if len(index) else (date.max, date.min)
    entries = tuple(
        a
        for a in adjustments
        if a.status == "approved" and a.start <= last and (a.end is None or a.end > first)
    )
    return BothWays(seen, adjust(seen, entries), entries)


def adjust(seen: SavingsAssessment, adjustments: Sequence[Adjustment]) -> SavingsAssessment:
    """The assessment with the adjusted counterfactual, never below nought.

    How steadily the building ran, which sets part of the interval's width, is judged with the
    adjustments in: a step that is explained is not unsteadiness. An amount somebody states has no
    width of its own.
    """
    if not adjustments:
        return seen
    total = np.sum([per_day(a, seen.days) for a in adjustments], axis=0)
    routine = seen.days["counterfactual"]
    days = seen.days.assign(counterfactual=np.maximum(routine + total, 0.0), routine=routine)
    background = replace(seen.background, adjustments=tuple(adjustments))
    return beside(seen.model, days, seen.confidence, seen.calibration, background)


def finding(both: WithAndWithout) -> Finding:
    """The finding that goes with an adjusted figure: how many, which, how much."""
    numbers: dict[str, float | int | str] = {
        "count": len(both.entries),
        "numbers": ", ".join(str(a.number) for a in both.entries),
        "amount": round(both.amount, 1),
    }
    return Finding("savings_adjusted", "info", numbers=numbers)
