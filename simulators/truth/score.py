"""The scorecard: what a pipeline computed, against what the simulator knows to be true.

A pure function of `Truth` and `Results`.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from domain.carriers import USE_OF_FIGURE
from simulators.truth.fault_score import FaultScore, fault_score
from simulators.truth.readings_score import ReadingsScore, readings_score
from simulators.truth.results import Computed, Results, Truth

USE_NAMES = frozenset(USE_OF_FIGURE)
MEASURED_FROM = 0.98


@dataclass(frozen=True)
class Scorecard:
    """Errors are percent of the true total; None where there was nothing to compare."""

    readings: ReadingsScore
    use_error_pct: float | None
    savings_error_pct: float | None
    pv_error_pct: float | None
    waste_error_pct: float | None
    faults: FaultScore
    savings_interval_holds_pct: float | None = None
    """How often the interval given with a saving holds the true one."""
    compared: dict[str, int] = field(default_factory=dict)
    """How many figures each error and share comes from."""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def score(truth: Truth, results: Results) -> Scorecard:
    """Compare. Use counts only where at least 98 % of the month was measured."""
    groups = {
        "use": [f for f in results.figures if f.name in USE_NAMES and f.measured >= MEASURED_FROM],
        "savings": [f for f in results.figures if f.name == "avoided_energy_kwh"],
        "pv": [f for f in results.figures if f.name == "pv_generation_kwh"],
        "waste": [f for f in results.figures if f.name == "waste_mass_kg"],
    }
    errors, compared = {}, {}
    for name, figures in groups.items():
        errors[name], compared[name] = _error_pct(truth, figures)
    holds, compared["savings_interval"] = _holds_pct(truth, groups["savings"])
    return Scorecard(
        readings_score(truth.sent, results.stored),
        errors["use"],
        errors["savings"],
        errors["pv"],
        errors["waste"],
        fault_score(truth, results),
        holds,
        compared,
    )


def _error_pct(truth: Truth, figures: Iterable[Computed]) -> tuple[float | None, int]:
    """Sum of absolute errors over the true sum; a figure that was not given counts wholly."""
    wrong = whole = 0.0
    count = 0
    for figure in figures:
        true = _true(truth, figure)
        if true is None:
            continue
        count += 1
        whole += abs(true)
        wrong += abs(true if figure.value is None else figure.value - true)
    return (100 * wrong / whole if whole else None), count


def _holds_pct(truth: Truth, figures: Iterable[Computed]) -> tuple[float | None, int]:
    """How often an interval holds the truth, of those that were given."""
    held = [
        f.low <= true <= f.high
        for f in figures
        if (true := _true(truth, f)) is not None and f.low is not None and f.high is not None
    ]
    return (100 * sum(held) / len(held) if held else None), len(held)


def _true(truth: Truth, figure: Computed) -> float | None:
    return truth.months.get((figure.institution, figure.subject, figure.name, figure.month))
