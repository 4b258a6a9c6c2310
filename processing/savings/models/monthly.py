"""Models for bills: variable-base degree days, and 2P–5P change points on the mean temperature.

Bills are fitted as use per day, weighted by their days. Which form, base temperatures and change
points are taken is decided by leaving out one bill at a time; slopes are never negative, and a
two-parameter line may rise or fall. Source: CalTRACK 3.x for degree days; Kissock, Haberl,
Claridge, "Inverse Modeling Toolkit", ASHRAE RP-1050, for 2P–5P.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from domain.errors import ConfigError
from domain.findings import Finding
from processing.savings.inputs.sufficiency import rules
from processing.savings.models.linear import Grams
from processing.savings.models.terms import Floats

FORMAT = "civicmeter-bills/1"
Family = Literal["degree-days", "change-point"]
FORMS: dict[Family, tuple[str, ...]] = {
    "degree-days": ("mean", "heating", "cooling", "both"),
    "change-point": ("mean", "2P", "3PH", "3PC", "4P", "5P"),
}
BASES_C = np.arange(8.0, 27.0, 1.0)
"""Base temperatures and change points tried, °C."""


@dataclass(frozen=True)
class BillModel:
    """A frozen bill model: level and slopes per day; a base is None where the slope is absent.

    `slope` is that of a 2P line on the mean temperature; `heating` and `cooling` are per °C·day
    below and above their bases. `cv_bill_ratio` is the error of bills left out, over the mean.
    """

    family: Family
    form: str
    level: float
    slope: float
    heating: float
    heating_base_c: float | None
    cooling: float
    cooling_base_c: float | None
    bills: int
    cv_bill_ratio: float
    cvrmse_ratio: float
    r_squared: float
    findings: tuple[Finding, ...] = ()

    def to_json(self) -> str:
        """Canonical JSON."""
        data = asdict(self) | {"format": FORMAT, "findings": [f.as_dict() for f in self.findings]}
        return json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> "BillModel":
        """Read back what `to_json` wrote. Raises ConfigError for anything else."""
        try:
            data = json.loads(text)
            if data.pop("format") != FORMAT:
                raise KeyError("format")
            return cls(**data | {"findings": tuple(Finding(**f) for f in data["findings"])})
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ConfigError(f"this is not a model of format {FORMAT} ({error!r})") from error

    def predict(self, bills: pd.DataFrame, temperature_c: pd.Series) -> Floats:
        """Use of each bill (columns start, end excluded); NaN where its weather is missing."""
        weather = [_weather(b, temperature_c) for b in bills[["start", "end"]].itertuples()]
        days = (bills["end"] - bills["start"]).dt.days.to_numpy(dtype=np.float64)
        out = np.empty(len(bills))
        for i, t in enumerate(weather):
            mean, degrees = float(np.mean(t)), self.family == "degree-days"
            at = t if degrees else np.array([mean])
            per_day = self.level + self.slope * mean
            if self.heating_base_c is not None:
                per_day += self.heating * float(np.maximum(self.heating_base_c - at, 0).mean())
            if self.cooling_base_c is not None:
                per_day += self.cooling * float(np.maximum(at - self.cooling_base_c, 0).mean())
            out[i] = max(per_day, 0.0) * days[i] if np.isfinite(mean) else np.nan
        return out


def usable_bills(bills: pd.DataFrame) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """Bills that may be fitted, by CalTRACK's rules, and what was merged or left out.

    `bills` has start, end (local dates, end excluded), use (NaN: missing) and optionally
    estimated. An estimated bill is merged with the next up to 70 days; bills shorter than 25 or
    longer than 35 days (70 when merged) are left out, each with a finding.
    """
    limit = rules()
    merged = _merged(bills.sort_values("start"), limit["estimated_bill_merge_days_max"])
    days = (merged["end"] - merged["start"]).dt.days
    most = np.where(
        merged["parts"] > 1, limit["estimated_bill_merge_days_max"], limit["bill_days_max"]
    )
    wrong = (days < limit["bill_days_min"]) | (days > most)
    unknown = merged["use"].isna() & ~wrong
    found: list[Finding] = []
    if wrong.any():
        found.append(Finding("savings_bill_length", numbers={"bills": int(wrong.sum())}))
    if unknown.any():
        found.append(Finding("savings_bill_unknown", numbers={"bills": int(unknown.sum())}))
    return merged[~wrong & ~unknown].reset_index(drop=True), tuple(found)


def _merged(bills: pd.DataFrame, longest: float) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for bill in bills.assign(estimated=bills.get("estimated", False)).to_dict("records"):
        row: dict[str, Any] = {str(k): v for k, v in bill.items()} | {"parts": 1}
        last = rows[-1] if rows else None
        follows = last is not None and last["estimated"] and last["end"] == row["start"]
        if last is not None and follows and (row["end"] - last["start"]).days <= longest:
            use, parts = last["use"] + row["use"], last["parts"] + 1
            rows[-1] = row | {"start": last["start"], "use": use, "parts": parts}
        else:
            rows.append(row)
    return pd.DataFrame(rows, columns=["start", "end", "use", "estimated", "parts"])


def fit_bills(
    bills: pd.DataFrame, temperature_c: pd.Series, family: Family = "degree-days"
) -> BillModel:
    """Fit bills (as `usable_bills` takes them) with daily mean temperatures by local date.

    Raises ConfigError when fewer than three bills are usable.
    """
    good, findings = usable_bills(bills)
    weather = [_weather(b, temperature_c) for b in good[["start", "end"]].itertuples()]
    known = np.array([bool(np.isfinite(t).all()) and len(t) > 0 for t in weather], dtype=bool)
    good, weather = good[known], [t for t, k in zip(weather, known, strict=True) if k]
    if len(good) < 3:
        raise ConfigError(
            f"{len(good)} usable bills are too few: give at least three, better twelve"
        )
    days: Floats = (good["end"] - good["start"]).dt.days.to_numpy().astype(np.float64)
    per_day: Floats = good["use"].to_numpy(dtype=np.float64) / days
    if len(good) < 12:
        findings = (*findings, Finding("savings_few_bills", numbers={"bills": len(good)}))
    candidates = [c for form in FORMS[family] for c in _candidates(form, family, weather)]
    tried = (_score(c, per_day, days) for c in candidates)
    scored = [s for s in tried if s is not None]
    best = _simplest_good(scored, per_day, days)
    mean = float(np.average(per_day, weights=days))
    residual = per_day - best["design"] @ best["beta"]
    squares = float(np.sum(days * residual**2))
    freedom = max(len(good) - best["design"].shape[1] - best["bends"], 1)
    spread = float(np.sum(days * (per_day - mean) ** 2))
    return BillModel(
        family,
        best["form"],
        **_named(best),
        bills=len(good),
        cv_bill_ratio=float(np.sqrt(best["left_out"] / days.sum())) / (abs(mean) or 1.0),
        cvrmse_ratio=float(np.sqrt(squares / days.mean() / freedom)) / (abs(mean) or 1.0),
        r_squared=1 - squares / spread if spread > 0 else 0.0,
        findings=findings,
    )


def _weather(bill: Any, temperature_c: pd.Series) -> Floats:
    """The daily temperatures of a bill's days; NaN for days without."""
    days = pd.date_range(bill.start, bill.end, freq="D", inclusive="left")
    values: Floats = temperature_c.reindex(days).to_numpy(dtype=np.float64)
    return values


def _candidates(form: str, family: Family, weather: Sequence[Floats]) -> list[dict[str, Any]]:
    """Designs of a form over its base temperatures: level first, then what the form adds."""
    mean = np.array([float(t.mean()) for t in weather])
    if form == "2P":
        x = np.column_stack([np.ones(len(mean)), mean])
        return [{"form": form, "design": x, "bends": 0, "bases": {}}]
    found = []
    for heating, cooling in _base_pairs(form, np.concatenate(list(weather))):
        parts = [np.ones(len(mean))]
        if heating is not None:
            parts.append(_beyond(weather, mean, family, heating, -1.0))
        if cooling is not None:
            parts.append(_beyond(weather, mean, family, cooling, 1.0))
        bases = {"heating": heating, "cooling": cooling}
        known = {k: v for k, v in bases.items() if v is not None}
        bends = len(set(known.values()))
        found.append(
            {"form": form, "design": np.column_stack(parts), "bends": bends, "bases": known}
        )
    return found


def _base_pairs(form: str, every_c: Floats) -> list[tuple[float | None, float | None]]:
    """The (heating, cooling) bases a form tries, where enough days lie beyond them."""
    enough = rules()["degree_day_days_min"]
    cold = [float(b) for b in BASES_C if (every_c < b).sum() >= enough]
    warm = [float(b) for b in BASES_C if (every_c > b).sum() >= enough]
    match form:
        case "heating" | "3PH":
            return [(b, None) for b in cold]
        case "cooling" | "3PC":
            return [(None, b) for b in warm]
        case "4P":
            return [(b, b) for b in cold if b in warm]
        case "both" | "5P":
            return [(h, c) for h in cold for c in warm if h < c]
    return [(None, None)]


def _beyond(
    weather: Sequence[Floats], mean: Floats, family: Family, base_c: float, sign: float
) -> Floats:
    """Degrees beyond a base per bill: the mean of its days', or that of its mean temperature."""
    if family == "degree-days":
        return np.array([float(np.maximum(sign * (t - base_c), 0).mean()) for t in weather])
    return np.maximum(sign * (mean - base_c), 0.0)


def _score(candidate: dict[str, Any], per_day: Floats, days: Floats) -> dict[str, Any] | None:
    """The candidate with coefficients and its error on left-out bills; None if unphysical."""
    x = candidate["design"]
    n, k = x.shape
    if n <= k + candidate["bends"]:
        return None
    grams = Grams.of(x, per_day, days, np.arange(n, dtype=np.intp), n, np.zeros(k))
    picks = np.arange(k)[None]
    beta = grams.without_base(k).coefficients(picks)[0, 0]
    slopes = beta[1:]
    if candidate["form"] == "4P":  # a 4P may rise on either side, as long as it bends upwards
        physical = slopes.sum() >= 0
    else:
        physical = candidate["form"] == "2P" or bool((slopes >= 0).all())
    if not physical:
        return None
    left_out = float(grams.left_out(picks, grams.without_base(k, blocks=True))[1][0])
    # A bend chosen by search is a parameter that leaving out one bill does not see.
    penalty = (n / max(n - candidate["bends"], 1)) ** 2
    return candidate | {"beta": beta, "left_out": left_out * penalty}


def _simplest_good(scored: list[dict[str, Any]], per_day: Floats, days: Floats) -> dict[str, Any]:
    """The simplest candidate about as good as the best at predicting left-out bills."""
    nought = 1e-9 * float(np.sum(days * per_day**2))
    limit = min(s["left_out"] for s in scored) * 1.02 + nought
    good = [s for s in scored if s["left_out"] <= limit]
    return min(good, key=lambda s: (s["design"].shape[1] + s["bends"], s["left_out"]))


def _named(best: dict[str, Any]) -> dict[str, Any]:
    """The coefficients by name."""
    beta, bases = list(best["beta"]), best["bases"]
    named = {"level": float(beta.pop(0)), "slope": 0.0, "heating": 0.0, "cooling": 0.0}
    if best["form"] == "2P":
        named["slope"] = float(beta.pop(0))
    for kind in ("heating", "cooling"):
        if kind in bases:
            named[kind] = float(beta.pop(0))
    return named | {
        "heating_base_c": float(bases["heating"]) if "heating" in bases else None,
        "cooling_base_c": float(bases["cooling"]) if "cooling" in bases else None,
    }
