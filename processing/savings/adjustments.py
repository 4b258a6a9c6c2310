"""Non-routine adjustments: what a person says changed, beside the routine figure, never hidden.

avoided = counterfactual ± adjustment − observed (IPMVP; GB/T 28750). Every adjustment has a
reason, a formula, evidence and an approver; every figure exists with and without it.
"""

import ast
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from domain.errors import ConfigError
from domain.findings import Finding
from processing.savings.engine import Estimate, SavingsAssessment, beside
from processing.savings.terms import Floats

VARIABLES = ("counterfactual", "temperature_c")
_OPERATORS: dict[type, Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
_FUNCTIONS: dict[str, Callable[..., Any]] = {"max": np.maximum, "min": np.minimum}


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A change of the counterfactual from `start` to `end` (local dates, end excluded or None).

    `formula` gives the amount to add per day, in the unit of the use: a number (``-120``) or
    an expression of `counterfactual` and `temperature_c` such as ``0.08 * counterfactual`` or
    ``3.5 * max(18 - temperature_c, 0)``. `evidence` names a file, `evidence_sha256` its digest.
    Raises ConfigError when something is missing or the formula cannot be read.
    """

    start: date
    end: date | None
    formula: str
    reason: str
    evidence: str
    approver: str
    entered_on: date
    evidence_sha256: str = ""
    tree: ast.expr = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name in ("reason", "evidence", "approver"):
            if not getattr(self, name).strip():
                raise ConfigError(f"an adjustment needs its {name}: nobody can check it otherwise")
        if self.end is not None and self.end <= self.start:
            raise ConfigError(f"the adjustment from {self.start} ends before it starts")
        try:
            tree = ast.parse(self.formula.strip(), mode="eval").body
            _evaluate(tree, dict.fromkeys(VARIABLES, np.ones(1)))
        except (SyntaxError, ValueError, ZeroDivisionError) as error:
            raise ConfigError(
                f"the formula {self.formula!r} cannot be read ({error}): use numbers, + - * /, "
                f"max, min and {', '.join(VARIABLES)}"
            ) from error
        object.__setattr__(self, "tree", tree)

    def per_day(self, days: pd.DataFrame) -> Floats:
        """The amount for each of the days (columns of VARIABLES); 0 outside start and end."""
        values = {name: days[name].to_numpy(dtype=np.float64) for name in VARIABLES}
        amount = np.broadcast_to(_evaluate(self.tree, values), len(days))
        inside = np.asarray(days.index >= pd.Timestamp(self.start))
        if self.end is not None:
            inside &= np.asarray(days.index < pd.Timestamp(self.end))
        return np.where(inside, amount, 0.0)


def _evaluate(node: ast.expr, values: dict[str, Floats]) -> Any:
    """Arithmetic only: nothing else of the language is reachable from a formula."""
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return float(number)
        case ast.Name(id=name) if name in values:
            return values[name]
        case ast.UnaryOp(op=op, operand=operand) if type(op) in _OPERATORS:
            return _OPERATORS[type(op)](_evaluate(operand, values))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _OPERATORS[type(op)](_evaluate(left, values), _evaluate(right, values))
        case ast.Call(func=ast.Name(id=name), args=[one, two], keywords=[]) if name in _FUNCTIONS:
            return _FUNCTIONS[name](_evaluate(one, values), _evaluate(two, values))
    raise ValueError(f"{ast.unparse(node)} is not allowed")


@dataclass(frozen=True, slots=True)
class WithAndWithout:
    """The same period with the adjustments and without; `amount` is what they add."""

    adjusted: Estimate
    routine: Estimate
    amount: float


def adjust(seen: SavingsAssessment, adjustments: Sequence[Adjustment]) -> SavingsAssessment:
    """The assessment with the adjusted counterfactual; the uncertainty stays the routine one's."""
    total = sum((a.per_day(seen.days) for a in adjustments), np.zeros(len(seen.days)))
    days = seen.days.assign(counterfactual=np.maximum(seen.days["counterfactual"] + total, 0.0))
    return beside(seen.model, days, seen.confidence, seen.calibration)


def with_and_without(
    seen: SavingsAssessment, adjustments: Sequence[Adjustment], start: date, end: date
) -> WithAndWithout:
    """Both estimates of the local days from `start` to `end` (excluded)."""
    routine = seen.period(start, end)
    adjusted = adjust(seen, adjustments).period(start, end)
    return WithAndWithout(adjusted, routine, adjusted.counterfactual - routine.counterfactual)


def finding(both: WithAndWithout, adjustments: Sequence[Adjustment]) -> Finding:
    """The finding that goes with an adjusted figure."""
    numbers = {"count": len(adjustments), "amount": round(both.amount, 1)}
    return Finding("savings_adjusted", "info", numbers=numbers)
