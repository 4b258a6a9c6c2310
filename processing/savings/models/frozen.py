"""A frozen baseline model: coefficients as JSON, and the same prediction for ever."""

import hashlib
import json
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np

from domain.errors import ConfigError
from domain.findings import Finding
from domain.operating import Runs
from processing.savings.models.sun import Sun
from processing.savings.models.terms import Conditions, Floats, columns, felt_temperature_c

FORMAT = "civicmeter-baseline/3"
"""What this version writes."""
CALENDAR_FORMAT = "civicmeter-baseline/4"
"""What it writes of a model that uses an operating calendar: earlier versions cannot predict it."""
BILLING_FORMAT = "civicmeter-billing/1"
"""What it writes of a model of bills."""
FORMATS = (
    "civicmeter-baseline/1",
    "civicmeter-baseline/2",
    FORMAT,
    CALENDAR_FORMAT,
    BILLING_FORMAT,
)
"""What it reads: 1 had change points alone, 2 knew neither sun nor trend. All are predicted by the same code."""
Season = tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True)
class FrozenModel:
    """A fitted model, of days or of bills, with what its intervals and its report need.

    `terms` and `coefficients` make the prediction (energy per day, the unit of the use it was
    fitted on), never below zero; `memory_share`, `memory_days`
    and `sun` are of the felt temperature. `cv_day_ratio` and `cv_month_ratio` are the root mean square
    errors of days and of whole months that were left out of the fit, over the mean: the model's
    own honest error. `cvrmse_ratio` and `autocorrelation` (lag one) are of the residuals within
    the fit, for the nominal interval, and so is `parameters`, the best candidate's number of
    coefficients. `format` is that of the version that fitted it. `heating_season`
    is ((month, day), (month, day) excluded). `bills` is how many bills were fitted, None for a
    model of days; all errors of a model of bills are of bills, those "of days" too.
    `months_unseen` are the calendar months that the baseline knows nothing of. `bias_ratio` is what
    the model says of its own baseline beyond what was used, as a share of that; None of models
    that were frozen before it was kept. `operating` are the baseline's days that were closed or out
    of term by the operating calendar it was frozen with; `by_calendar` whether the terms use it.
    """

    carrier: str
    baseline_start: date
    baseline_end: date
    terms: tuple[dict[str, Any], ...]
    coefficients: tuple[float, ...]
    memory_share: float
    memory_days: float
    parameters: int
    days_used: int
    mean_per_day: float
    cv_day_ratio: float
    cv_month_ratio: float
    cvrmse_ratio: float
    r_squared: float
    autocorrelation: float
    temperature_low_c: float | None
    temperature_high_c: float | None
    heating_season: Season | None = None
    sun: Sun | None = None
    findings: tuple[Finding, ...] = field(default=())
    format: str = FORMAT
    bills: int | None = None
    months_unseen: tuple[int, ...] = ()
    bias_ratio: float | None = None
    operating: Runs = field(default_factory=Runs)
    by_calendar: bool = False

    def to_json(self) -> str:
        """Canonical JSON (sorted keys, no spaces, shortest exact floats)."""
        data = asdict(self) | {
            "baseline_start": self.baseline_start.isoformat(),
            "baseline_end": self.baseline_end.isoformat(),
            "findings": [f.as_dict() for f in self.findings],
            "operating": self.operating.as_dict() if self.operating else None,
            "by_calendar": self.by_calendar or None,
        }
        for name in ("sun", "bills", "months_unseen", "bias_ratio", "operating", "by_calendar"):
            if data[name] is None or data[name] == ():
                del data[name]  # as models were written that knew none: their digest stays
        return json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> "FrozenModel":
        """Read back what `to_json` wrote. Raises ConfigError for anything else."""
        try:
            data = json.loads(text)
            if data["format"] not in FORMATS:
                raise KeyError("format")
            season, sun = data["heating_season"], data.get("sun")
            return cls(
                **data
                | {
                    "baseline_start": date.fromisoformat(data["baseline_start"]),
                    "baseline_end": date.fromisoformat(data["baseline_end"]),
                    "terms": tuple(data["terms"]),
                    "coefficients": tuple(data["coefficients"]),
                    "heating_season": None
                    if season is None
                    else (tuple(season[0]), tuple(season[1])),
                    "sun": None
                    if sun is None
                    else Sun(sun["warms_c_per_100_w"], tuple(sun["of_year"])),
                    "months_unseen": tuple(data.get("months_unseen", ())),
                    "operating": Runs.from_dict(data.get("operating", {})),
                    "findings": tuple(Finding(**f) for f in data["findings"]),
                }
            )
        except (ValueError, KeyError, TypeError) as error:
            raise ConfigError(
                f"this is not a baseline model of format {' or '.join(FORMATS)} ({error!r}): fit it again with "
                "`civicmeter savings fit`, or read it with the version that wrote it"
            ) from error

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON, as hex."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    @property
    def needs_temperature(self) -> bool:
        return any(t["kind"] in ("heating", "cooling") for t in self.terms)

    def predict(self, on: Conditions) -> Floats:
        """Use per day under the conditions; NaN where a needed temperature is missing."""
        if not self.terms:
            return np.full(len(on.days), np.nan)
        table = columns(list(self.terms), self.as_felt(self.as_operated(on)))
        predicted: Floats = np.maximum(table @ np.array(self.coefficients), 0.0)
        return predicted

    def as_operated(self, on: Conditions) -> Conditions:
        """The conditions with the operating calendar, or without it where the model has no use
        for it."""
        return on.by_calendar if self.by_calendar else on.without_calendar

    def as_felt(self, on: Conditions) -> Conditions:
        """The conditions with the felt temperature, which the terms are about."""
        if not self.needs_temperature:
            return replace(on, temperature_c=np.zeros(len(on.days)))
        felt = felt_temperature_c(on, self.memory_share, self.memory_days, self.sun)
        return replace(on, temperature_c=felt)


def empty_model(
    carrier: str, start: date, end: date, season: Season | None, format: str = FORMAT
) -> FrozenModel:
    """The model of a meter without data: it predicts nothing and proves nothing."""
    return FrozenModel(
        carrier=carrier,
        baseline_start=start,
        baseline_end=end,
        terms=(),
        coefficients=(),
        memory_share=0.0,
        memory_days=1.0,
        parameters=0,
        days_used=0,
        mean_per_day=0.0,
        cv_day_ratio=0.0,
        cv_month_ratio=0.0,
        cvrmse_ratio=0.0,
        r_squared=0.0,
        autocorrelation=0.0,
        temperature_low_c=None,
        temperature_high_c=None,
        heating_season=season,
        findings=(Finding("savings_baseline_no_data", "serious"),),
        format=format,
        bills=0 if format == BILLING_FORMAT else None,
    )
