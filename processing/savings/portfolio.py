"""Portfolios: what many contracts saved together, from the figures of their months."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

import numpy as np

from domain.calendar import Month
from domain.errors import ConfigError
from domain.figures import Figure, MonthResult, Verdict
from domain.figures.subjects import OfContract
from domain.places import Contract
from processing.savings.intervals import shipped_calibration

Kind = Literal["month", "year_to_date"]
Per = Literal["all", "vendor", "bundle"]
"""What is summed: all that is asked for, the contracts of each vendor, or of each bundle."""
CORRELATION = "savings.correlation"
"""The factor of a figure that tells how far the errors of two buildings go together then."""
_NAMES: dict[str, str] = {
    "month": "avoided_energy_kwh",
    "year_to_date": "avoided_energy_year_to_date_kwh",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What one contract avoided of one carrier in a month or the year to date, in kWh.

    NaN where it could not be said. `flagged`: a serious finding stands, so it proves nothing.
    `correlation` with another building's error, as the peers of the period have it; None: the
    calibration's.
    """

    month: Month
    institution: str
    contract: str
    vendor: str
    bundle: str
    carrier: str
    option: str
    confidence: float
    counterfactual: float
    observed: float
    avoided: float
    low: float
    high: float
    flagged: bool
    correlation: float | None = None

    @property
    def known(self) -> bool:
        return bool(np.isfinite([self.avoided, self.low, self.high]).all())

    @property
    def half(self) -> float:
        return (self.high - self.low) / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Portfolio:
    """A sum of claims with its interval, kWh; `carrier` '' is all of them, `vendor` and `bundle`
    '' any.

    All numbers are NaN, and the verdict None, when no claim is known. Proven (or a proven
    increase) is only what the claims without serious findings prove too.
    """

    month: Month
    vendor: str
    bundle: str
    carrier: str
    confidence: float
    contracts: int
    unknown: int
    overlapping: int
    flagged: int
    counterfactual: float
    observed: float
    avoided: float
    low: float
    high: float
    verdict: Verdict | None
    correlation: float


def claims_of(result: MonthResult, contracts: Mapping[str, Contract], kind: Kind) -> list[Claim]:
    """The claims of a month's result; of contracts that are not given, none."""
    by_key = {(f.name, f.subject): f for f in result.figures}
    found = []
    for figure in result.figures:
        about = figure.about
        if figure.name != _NAMES[kind] or not isinstance(about, OfContract):
            continue
        contract = contracts.get(about.contract)
        if contract is None:
            continue
        of_month = kind == "month"
        found.append(
            Claim(
                month=result.month,
                institution=result.institution,
                contract=about.contract,
                vendor=contract.vendor,
                bundle=contract.bundle,
                carrier=about.carrier,
                option=contract.option,
                confidence=figure.confidence or contract.confidence,
                counterfactual=_value(by_key, "counterfactual_kwh", figure) if of_month else np.nan,
                observed=_value(by_key, "observed_kwh", figure) if of_month else np.nan,
                avoided=_number(figure.value),
                low=_number(figure.low),
                high=_number(figure.high),
                flagged=any(f.severity == "serious" for f in figure.findings),
                correlation=next((f.value for f in figure.factors if f.name == CORRELATION), None),
            )
        )
    return found


def _value(by_key: Mapping[tuple[str, str], Figure], name: str, like: Figure) -> float:
    found = by_key.get((name, like.subject))
    return _number(found.value if found else None)


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


def portfolios(claims: Iterable[Claim], *, per: Per = "all") -> list[Portfolio]:
    """The sums of claims by month, carrier and confidence, and by vendor or bundle where asked; and
    of all carriers together where there are several. Sorted by these."""

    def key(claim: Claim) -> tuple[Month, str, str, float]:
        vendor = claim.vendor if per == "vendor" else ""
        return claim.month, vendor, claim.bundle if per == "bundle" else "", claim.confidence

    found = []
    for of, group in groupby(sorted(claims, key=key), key):
        together = list(group)
        carriers = sorted({c.carrier for c in together})
        sums = [
            _sum(*of, carrier, [c for c in together if c.carrier == carrier])
            for carrier in carriers
        ]
        found += sums
        if len(sums) > 1:
            found.append(_sum(*of, "", together))
    return found


def _sum(
    month: Month,
    vendor: str,
    bundle: str,
    confidence: float,
    carrier: str,
    claims: Sequence[Claim],
) -> Portfolio:
    once = _counted_once(claims)
    known = [c for c in once if c.known]
    flagged = [c for c in known if c.flagged]
    avoided, half = _total(known)
    sound, sound_half = _total([c for c in known if not c.flagged])
    verdict: Verdict | None = "not_proven" if known else None
    # NaN compares as false: nothing is proven where there is nothing sound.
    if avoided - half > 0 and sound - sound_half > 0:
        verdict = "proven"
    elif avoided + half < 0 and sound + sound_half < 0:
        verdict = "proven_increase"
    return Portfolio(
        month=month,
        vendor=vendor,
        bundle=bundle,
        carrier=carrier,
        confidence=confidence,
        contracts=len(known),
        unknown=len(once) - len(known),
        overlapping=len(claims) - len(once),
        flagged=len(flagged),
        counterfactual=sum(c.counterfactual for c in known) if known else float("nan"),
        observed=sum(c.observed for c in known) if known else float("nan"),
        avoided=avoided,
        low=avoided - half,
        high=avoided + half,
        verdict=verdict,
        correlation=_correlation(claims),
    )


def _correlation(claims: Sequence[Claim]) -> float:
    """The largest of what their peers say of two buildings; what the calibration says of those
    without peers."""
    each = (
        shipped_calibration(c.carrier).correlation if c.correlation is None else c.correlation
        for c in claims
    )
    return max(each, default=0.0)


def _counted_once(claims: Sequence[Claim]) -> list[Claim]:
    """Of claims that measure the same use one: the whole building's before its equipment's, the
    first by id of several. Equipment alone is kept: two chillers are two uses."""
    found: list[Claim] = []
    whole: set[tuple[str, str]] = set()
    for claim in sorted(claims, key=lambda c: (c.option == "B", c.contract)):
        place = (claim.institution, claim.carrier)
        if place in whole:
            continue
        if claim.option != "B":
            whole.add(place)
        found.append(claim)
    return found


def _total(claims: Sequence[Claim]) -> tuple[float, float]:
    """The sum and its half-width: NaN without claims.

    Carriers are summed as if their errors were one: nobody has measured that they are not.
    """
    if not claims:
        return float("nan"), float("nan")
    half = 0.0
    for carrier in sorted({c.carrier for c in claims}):
        of_carrier = [c for c in claims if c.carrier == carrier]
        half += half_width_of_sum([c.half for c in of_carrier], _correlation(of_carrier))
    return sum(c.avoided for c in claims), half


def half_width_of_sum(halves: Sequence[float], correlation: float) -> float:
    """The half-width of a sum whose parts' errors are correlated (0 independent … 1 together).

    half² = Σh² + 2·ρ·Σ h_i·h_j. Raises ConfigError for another correlation.
    """
    if not 0 <= correlation <= 1:
        raise ConfigError(f"the correlation {correlation} must lie between 0 and 1")
    known = np.array(halves, dtype=np.float64)
    squares, total = float(np.sum(known**2)), float(known.sum())
    return float(np.sqrt(squares + correlation * (total**2 - squares)))
