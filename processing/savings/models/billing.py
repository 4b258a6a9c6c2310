"""The model of bills: variable-base degree days, fitted on use per day weighted by the bills' days.

Which slopes and base temperatures are taken is decided by leaving out one bill at a time; neither
the level nor a slope is negative. It is frozen as the daily model is, and predicts days by the same
code: the sum of a bill's days is the bill. Source: CalTRACK 3.x.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from domain.findings import Finding
from processing.savings.inputs.bills import days_of, usable_bills
from processing.savings.inputs.sufficiency import (
    fit_findings,
    length_findings,
    months_unseen,
    rules,
    unseen_findings,
)
from processing.savings.models.frozen import BILLING_FORMAT, FrozenModel, empty_model
from processing.savings.models.linear import Grams
from processing.savings.models.terms import Floats, Term

BASES_C = np.arange(8.0, 27.0, 1.0)
"""Base temperatures tried, °C."""
LEAST_BILLS = 3
"""With fewer, there is no model."""
USUAL_BILLS = 12


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A form with its base temperatures: the columns after the level, as terms and per bill."""

    terms: tuple[Term, ...]
    design: Floats

    @property
    def parameters(self) -> int:
        """Coefficients, and the bases that were searched for."""
        return 2 * len(self.terms) - 1


@dataclass(frozen=True, slots=True)
class _Fitted:
    candidate: _Candidate
    beta: Floats
    left_out: float
    """Squared error of left-out bills, times their days, and a little for each base searched for."""


def fit_bills(
    bills: pd.DataFrame, temperature_c: pd.Series, carrier: str, start: date, end: date
) -> FrozenModel:
    """Fit and freeze the bills of a baseline period [start, end), as `usable_bills` takes them.

    `temperature_c` is the daily mean by local date, NaN where unknown; a bill with such a day is
    not fitted. Thin data gives findings on the model, not an error; with fewer than LEAST_BILLS
    usable bills the model predicts nothing.
    """
    good, findings = usable_bills(bills)
    weather = [
        _weather(s, e, temperature_c) for s, e in zip(good["start"], good["end"], strict=True)
    ]
    known = np.array([bool(np.isfinite(t).all()) for t in weather], dtype=bool)
    if not known.all():
        numbers = {"bills": int((~known).sum())}
        findings = (*findings, Finding("savings_bill_weather", numbers=numbers))
    good, weather = good[known], [t for t, k in zip(weather, known, strict=True) if k]
    if len(good) < LEAST_BILLS:
        return empty_model(carrier, start, end, None, BILLING_FORMAT)
    days: Floats = days_of(good)
    per_day: Floats = good["use"].to_numpy(dtype=np.float64) / days
    if len(good) < USUAL_BILLS:
        findings = (*findings, Finding("savings_few_bills", numbers={"bills": len(good)}))
    best = _best(_candidates(weather), per_day, days)
    mean = float(np.average(per_day, weights=days))
    divisor = abs(mean) or 1.0
    residual = per_day - best.candidate.design @ best.beta
    squares = float(np.sum(days * residual**2))
    spread = float(np.sum(days * (per_day - mean) ** 2))
    freedom = max(len(good) - best.candidate.parameters, 1)
    left_out = float(np.sqrt(best.left_out / days.sum())) / divisor
    cvrmse = float(np.sqrt(squares / days.mean() / freedom)) / divisor
    r_squared = 1 - squares / spread if spread > 0 else 0.0
    felt = np.concatenate(weather)
    unseen = months_unseen(_days_within(good))
    return FrozenModel(
        carrier=carrier,
        baseline_start=start,
        baseline_end=end,
        terms=tuple(dict(t) for t in best.candidate.terms),
        coefficients=tuple(float(b) for b in best.beta),
        memory_share=0.0,
        memory_days=1.0,
        parameters=best.candidate.parameters,
        days_used=int(days.sum()),
        mean_per_day=mean,
        cv_day_ratio=left_out,
        cv_month_ratio=left_out,
        cvrmse_ratio=cvrmse,
        r_squared=r_squared,
        autocorrelation=0.0,
        temperature_low_c=float(felt.min()),
        temperature_high_c=float(felt.max()),
        findings=(
            *length_findings(start, end, int(days.sum())),
            *findings,
            *unseen_findings(unseen),
            *fit_findings(cvrmse, r_squared, "bills"),
        ),
        months_unseen=unseen,
        bias_ratio=-float(np.sum(days * residual)) / (float(np.sum(days * per_day)) or 1.0),
        format=BILLING_FORMAT,
        bills=len(good),
    )


def _days_within(bills: pd.DataFrame) -> pd.DatetimeIndex:
    spans = zip(bills["start"], bills["end"], strict=True)
    days = [d for s, e in spans for d in pd.date_range(s, e, inclusive="left")]
    return pd.DatetimeIndex(days)


def _weather(start: pd.Timestamp, end: pd.Timestamp, temperature_c: pd.Series) -> Floats:
    """The daily temperatures of a bill's days; NaN for days without."""
    days = pd.date_range(start, end, freq="D", inclusive="left")
    values: Floats = temperature_c.reindex(days).to_numpy(dtype=np.float64)
    return values


def _candidates(weather: Sequence[Floats]) -> list[_Candidate]:
    """Every form over the bases beyond which enough days lie: level, heating, cooling, both."""
    every_c = np.concatenate(list(weather))
    enough = rules()["degree_day_days_min"]
    heating: list[Term | None] = [None]
    heating += [
        {"kind": "heating", "at_c": float(b)} for b in BASES_C if (every_c < b).sum() >= enough
    ]
    cooling: list[Term | None] = [None]
    cooling += [
        {"kind": "cooling", "at_c": float(b)} for b in BASES_C if (every_c > b).sum() >= enough
    ]
    slopes = {id(t): _degrees(t, weather) for t in (*heating, *cooling) if t is not None}
    found = []
    for cold in heating:
        for warm in cooling:
            if cold is not None and warm is not None and cold["at_c"] >= warm["at_c"]:
                continue
            terms = [t for t in (cold, warm) if t is not None]
            columns = [np.ones(len(weather)), *(slopes[id(t)] for t in terms)]
            found.append(_Candidate(({"kind": "level"}, *terms), np.column_stack(columns)))
    return found


def _degrees(term: Term, weather: Sequence[Floats]) -> Floats:
    """Degrees beyond the base, the mean of each bill's days."""
    sign = 1.0 if term["kind"] == "cooling" else -1.0
    return np.array([float(np.maximum(sign * (t - term["at_c"]), 0).mean()) for t in weather])


def _best(candidates: Sequence[_Candidate], per_day: Floats, days: Floats) -> _Fitted:
    """The simplest candidate about as good as the best at predicting left-out bills."""
    tried = (_fitted(c, per_day, days) for c in candidates)
    fitted = [f for f in tried if f is not None]
    nought = 1e-9 * float(np.sum(days * per_day**2))
    limit = min(f.left_out for f in fitted) * 1.02 + nought
    good = [f for f in fitted if f.left_out <= limit]
    return min(good, key=lambda f: (f.candidate.parameters, f.left_out))


def _fitted(candidate: _Candidate, per_day: Floats, days: Floats) -> _Fitted | None:
    """The candidate with coefficients and its error on left-out bills; None if unphysical."""
    x = candidate.design
    n, k = x.shape
    if n <= candidate.parameters and k > 1:
        return None
    grams = Grams.of(x, per_day, days, np.arange(n, dtype=np.intp), n, np.zeros(k))
    picks = np.arange(k)[None]
    beta = grams.without_base(k).coefficients(picks)[0, 0]
    if k > 1 and (beta < 0).any():
        return None
    left_out = float(grams.left_out(picks, grams.without_base(k, blocks=True))[1][0])
    # A base chosen by search is a parameter that leaving out one bill does not see.
    penalty = (n / max(n - (k - 1), 1)) ** 2
    return _Fitted(candidate, beta, left_out * penalty)
