"""What would prove the saving that a contract expects: the meter of the whole, a sub-meter, or a test.

A saving S of a whole that uses U is s = S / U of it, and q times less of equipment with a share q of the
load: s / q. A baseline of the equipment proves from p of its use on, as that of the whole does of U
(IPMVP, retrofit isolation; the equipment is taken to run as steadily as the whole, which nobody knows
before it is metered). So a sub-meter proves S where s / q ≥ p: where it holds at most q = s / p of the
load. It must hold at least s / m, where m is the most that measures of the kind save of equipment.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, sqrt
from typing import Literal

from scipy import stats

from domain.places import Measure
from processing.savings.doubts.limits import largest_saving
from processing.savings.intervals import POWER, Calibration, promised_half_width, provable_ratio
from processing.savings.models.frozen import FrozenModel

Answer = Literal["unknown", "enough", "submeter", "test", "baseline", "none"]
"""``unknown``: nobody said what is expected. ``enough``: the present meters prove it. ``submeter``: one
of equipment would; ``test``: only an on/off test would. ``baseline``: the baseline's own findings
withhold every verdict. ``none``: nothing of these."""

DAYS_PER_YEAR = 365.0
SPELL_DAYS = 7
"""A device is left on, or off, for a week: so each spell has every day of the week."""
FEWEST_PAIRS, MOST_PAIRS = 4, 26
"""Pairs of a spell on and one off: at least seven switches, at most a year of weeks."""
SAMPLE_PRECISION_RATIO = 0.10
SAMPLE_CV_RATIO = 0.5
"""Of devices that are not known yet: FEMP M&V Guidelines 4.0 (2015), sampling; the usual first guess."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What proves a saving of `expected_ratio` of a year's use, and what does not.

    `provable_ratio` is the smallest saving that the present boundary proves (None: none),
    `half_width_ratio` its interval, both of `year_kwh`. A sub-meter that holds between `least_share`
    and `most_share` of the load would prove it; its interval would be `half_width_ratio` of what it
    holds. `switching_days`: of an on/off test of the whole, in spells of a week; None: more than a
    year. `sample`: how many of many alike devices stand for all, to 10 %.
    """

    answer: Answer
    year_kwh: float
    half_width_ratio: float
    provable_ratio: float | None
    confidence: float
    expected_ratio: float | None = None
    least_share: float | None = None
    most_share: float | None = None
    switching_days: int | None = None
    sample: int = 0

    @property
    def expected_kwh(self) -> float | None:
        return None if self.expected_ratio is None else self.expected_ratio * self.year_kwh

    def half_width_kwh(self, share: float) -> float:
        """The half-width of a year at a sub-meter that holds a share of the load."""
        return self.half_width_ratio * share * self.year_kwh


def proof_of(
    model: FrozenModel,
    calibration: Calibration,
    expected_ratio: float | None,
    confidence: float = 0.90,
    *,
    measures: Sequence[Measure] = (),
    isolated: bool = False,
) -> Proof:
    """What would prove a saving of `expected_ratio` of the use that the model is about.

    `isolated`: that is a sub-meter's already (option B), and a smaller one is not proposed.
    """
    provable = provable_ratio(model, calibration, confidence)
    known = provable < float("inf")
    half = promised_half_width(model, calibration, confidence)
    proof = Proof(
        answer="unknown" if model.terms else "baseline",
        year_kwh=model.mean_per_day * DAYS_PER_YEAR,
        half_width_ratio=half,
        provable_ratio=provable if known else None,
        confidence=confidence,
        expected_ratio=expected_ratio,
        sample=sample_size(confidence),
    )
    if expected_ratio is None or not model.terms:
        return proof
    if not known:
        return replace(proof, answer="baseline")
    if expected_ratio >= provable:
        return replace(proof, answer="enough")
    days = switching_days(model, expected_ratio, confidence)
    proof = replace(proof, answer="none" if days is None else "test", switching_days=days)
    least = expected_ratio / largest_saving(model.carrier, "B", measures, model.baseline_end)
    most = expected_ratio / provable
    if isolated or least > most:
        return proof
    return replace(proof, answer="submeter", least_share=least, most_share=most)


def switching_days(model: FrozenModel, ratio: float, confidence: float) -> int | None:
    """How many days of weekly switching show a difference of `ratio` of the mean in POWER of cases.

    Two samples of k weekly means each: (t_conf + t_power)·s·√(2/k) ≤ ratio, where s is the scatter of
    a week beside the model, of days with the residuals' autocorrelation. None beyond a year of weeks.
    Source: the sample size of a two-sample t test.
    """
    rho = min(max(model.autocorrelation, 0.0), 0.9)
    week = model.cvrmse_ratio * sqrt((1 + rho) / (1 - rho) / SPELL_DAYS)
    for pairs in range(FEWEST_PAIRS, MOST_PAIRS + 1):
        freedom = 2 * pairs - 2
        t = stats.t.ppf((1 + confidence) / 2, freedom) + stats.t.ppf(POWER, freedom)
        if float(t) * week * sqrt(2 / pairs) <= ratio:
            return 2 * SPELL_DAYS * pairs
    return None


def sample_size(
    confidence: float,
    of: int | None = None,
    precision_ratio: float = SAMPLE_PRECISION_RATIO,
    cv_ratio: float = SAMPLE_CV_RATIO,
) -> int:
    """How many alike devices to meter so that their mean is known to `precision_ratio`; `of` is how
    many there are (None: very many).

    n = (z·cv / precision)², of a few n / (1 + n / N). Source: FEMP M&V Guidelines 4.0 (2015), sampling.

    >>> sample_size(0.90), sample_size(0.90, of=50)
    (68, 29)
    """
    z = float(stats.norm.ppf((1 + confidence) / 2))
    many = (z * cv_ratio / precision_ratio) ** 2
    return ceil(many if of is None else many / (1 + many / of))
