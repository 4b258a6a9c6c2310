"""Rows of savings: by contract, carrier and month, and of portfolios. Pure functions."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Literal

from pydantic import Field

from api.rows.base import EvidenceRow, Row, figure_field, finite, number_field
from api.rows.figures import uses_text
from api.rows.standing import Group, StandingResult, evidence_fields, groups_of, wide_fields
from domain.figures import Figure, Verdict
from domain.figures.names import COLUMNS
from domain.figures.subjects import OfContract
from domain.places import Carrier, Contract
from processing.savings.portfolio import Claim, Kind, Per, Portfolio, claims_of, portfolios

_WITH_INTERVAL = {
    "avoided_energy": "avoided_energy_kwh",
    "avoided_energy_nominal": "avoided_energy_nominal_kwh",
    "avoided_energy_unadjusted": "avoided_energy_unadjusted_kwh",
    "avoided_energy_year_to_date": "avoided_energy_year_to_date_kwh",
    "normalised_saving": "normalised_saving_kwh",
}
_VERDICT_OF = ("avoided_energy_unadjusted", "avoided_energy_year_to_date", "normalised_saving")
SAVINGS_NAMES = COLUMNS["savings"]


def _low(name: str) -> Any:
    return figure_field(name, "Lower bound at `confidence`.")


def _high(name: str) -> Any:
    return figure_field(name, "Upper bound at `confidence`.")


_VERDICT = "proven, not_proven, or proven_increase (more was used)."


class SavingsRow(EvidenceRow):
    """With approved adjustments, `counterfactual_kwh` and `avoided_energy_kwh` have them in."""

    contract: str = Field(description="Contract id.")
    carrier: str = Field(description="Carrier whose savings these are.")
    counterfactual_kwh: float | None = figure_field("counterfactual_kwh")
    observed_kwh: float | None = figure_field("observed_kwh")
    avoided_energy_kwh: float | None = figure_field("avoided_energy_kwh")
    avoided_energy_low_kwh: float | None = _low("avoided_energy_kwh")
    avoided_energy_high_kwh: float | None = _high("avoided_energy_kwh")
    avoided_energy_nominal_low_kwh: float | None = _low("avoided_energy_nominal_kwh")
    avoided_energy_nominal_high_kwh: float | None = _high("avoided_energy_nominal_kwh")
    avoided_energy_ratio: float | None = figure_field("avoided_energy_ratio")
    confidence: float | None = number_field("Confidence of the interval, 0 to 1", "1")
    verdict: Verdict | None = Field(None, description=_VERDICT)
    permitted_uses: str = Field(
        "", description="What `avoided_energy_kwh` may be used for, as in /v1/figures."
    )
    adjustments: str = Field(
        "", description="Numbers of the non-routine adjustments that are in, by ', '."
    )
    adjustment_kwh: float | None = figure_field("adjustment_kwh", "0: there are none.")
    avoided_energy_unadjusted_kwh: float | None = figure_field("avoided_energy_unadjusted_kwh")
    avoided_energy_unadjusted_low_kwh: float | None = _low("avoided_energy_unadjusted_kwh")
    avoided_energy_unadjusted_high_kwh: float | None = _high("avoided_energy_unadjusted_kwh")
    avoided_energy_unadjusted_verdict: Verdict | None = Field(None, description=_VERDICT)
    avoided_energy_year_to_date_kwh: float | None = figure_field("avoided_energy_year_to_date_kwh")
    avoided_energy_year_to_date_low_kwh: float | None = _low("avoided_energy_year_to_date_kwh")
    avoided_energy_year_to_date_high_kwh: float | None = _high("avoided_energy_year_to_date_kwh")
    avoided_energy_year_to_date_verdict: Verdict | None = Field(None, description=_VERDICT)
    normalised_saving_kwh: float | None = figure_field(
        "normalised_saving_kwh", "Once twelve months are reported."
    )
    normalised_saving_low_kwh: float | None = _low("normalised_saving_kwh")
    normalised_saving_high_kwh: float | None = _high("normalised_saving_kwh")
    normalised_saving_verdict: Verdict | None = Field(None, description=_VERDICT)
    normalised_conditions: str = Field(
        "", description="The years of weather that make the typical year."
    )


def savings_rows(
    standing: Iterable[StandingResult],
    contracts: Collection[str] | None = None,
    carriers: Sequence[str] = (),
) -> list[SavingsRow]:
    """One row a contract, carrier and month; `contracts`: of these only."""
    rows = []
    for s in standing:
        for subject, group in groups_of(s, SAVINGS_NAMES):
            if not isinstance(subject, OfContract):
                continue
            of_these = contracts is None or subject.contract in contracts
            if of_these and (not carriers or subject.carrier in carriers):
                rows.append(_savings_row(s, subject, group))
    return rows


def _savings_row(s: StandingResult, of: OfContract, group: Group) -> SavingsRow:
    avoided = group.get("avoided_energy_kwh")
    whole = _with_nothing_adjusted(group, avoided)
    bounds: dict[str, Any] = {}
    for short, name in _WITH_INTERVAL.items():
        figure = whole.get(name)
        bounds[f"{short}_low_kwh"] = finite(figure.low) if figure else None
        bounds[f"{short}_high_kwh"] = finite(figure.high) if figure else None
        if short in _VERDICT_OF:
            bounds[f"{short}_verdict"] = figure.verdict if figure else None
    normalised = group.get("normalised_saving_kwh")
    names = [n for n in SAVINGS_NAMES if n in SavingsRow.model_fields]
    return SavingsRow(
        **s.head,
        **evidence_fields(avoided.shares if avoided else None, group.values()),
        contract=of.contract,
        carrier=of.carrier,
        **wide_fields(whole, names) | _nothing_added(group, avoided),
        **bounds,
        confidence=avoided.confidence if avoided else None,
        verdict=avoided.verdict if avoided else None,
        permitted_uses=uses_text(avoided, s.result.month),
        adjustments=_adjustments(avoided),
        normalised_conditions="; ".join(f.source for f in normalised.factors) if normalised else "",
    )


def _with_nothing_adjusted(group: Group, avoided: Figure | None) -> Group:
    """Without adjustments, the figure without them is the same."""
    if avoided is None or "adjustment_kwh" in group:
        return group
    return {**group, "avoided_energy_unadjusted_kwh": avoided}


def _nothing_added(group: Group, avoided: Figure | None) -> dict[str, float]:
    none = "adjustment_kwh" not in group and avoided is not None and avoided.value is not None
    return {"adjustment_kwh": 0.0} if none else {}


def _adjustments(avoided: Figure | None) -> str:
    found = [f for f in avoided.findings if f.code == "savings_adjusted"] if avoided else []
    return str(found[0].numbers.get("numbers", "")) if found else ""


class PortfolioRow(Row):
    """The sum of contracts' savings in a month (or the year to date), with its interval.

    The errors of two buildings are taken as correlated by `correlation`, which is that of their peers
    in the same period where contracts have a control group; those of one building's
    carriers as one. What two contracts measure both is counted once.
    """

    month: str = Field(description="Local calendar month.", examples=["2019-03"])
    period: Kind = Field(description="month, or year_to_date: from 1 January to its end.")
    vendor: str = Field(description="Vendor; empty: all contracts asked for.")
    bundle: str = Field(description="Contracts proven together; empty: all contracts asked for.")
    carrier: Carrier | Literal["all"] = Field(description="Carrier, or all.")
    confidence: float = number_field("Level of the interval, 0 to 1", "1", ...)
    contracts: int = Field(description="Contracts in the sum.")
    contracts_unknown: int = Field(description="Contracts whose saving could not be said.")
    contracts_overlapping: int = Field(
        description="Contracts left out because another one measures the same use."
    )
    contracts_flagged: int = Field(
        description="Contracts in the sum with a serious finding; nothing is proven by them."
    )
    counterfactual_kwh: float | None = figure_field("counterfactual_kwh", "Of a month only.")
    observed_kwh: float | None = figure_field("observed_kwh", "Of a month only.")
    avoided_energy_kwh: float | None = figure_field("avoided_energy_kwh")
    avoided_energy_low_kwh: float | None = _low("avoided_energy_kwh")
    avoided_energy_high_kwh: float | None = _high("avoided_energy_kwh")
    verdict: Verdict | None = Field(None, description=_VERDICT)
    correlation: float = number_field("Correlation of two buildings' errors", "1", ...)
    method: str = Field(description="How it was summed, with a version.")


def portfolio_rows(
    standing: Iterable[StandingResult],
    contracts: Mapping[str, Contract],
    kind: Kind,
    carriers: Sequence[str] = (),
    *,
    per: Per = "all",
) -> list[PortfolioRow]:
    """One row a month, carrier and confidence, and vendor or bundle where asked; the sum of all carriers
    where there are several."""
    claims: list[Claim] = []
    for s in standing:
        claims += claims_of(s.result, contracts, kind)
    wanted = [c for c in claims if not carriers or c.carrier in carriers]
    return [_portfolio_row(p, kind) for p in portfolios(wanted, per=per)]


def _portfolio_row(p: Portfolio, kind: Kind) -> PortfolioRow:
    return PortfolioRow(
        month=str(p.month),
        period=kind,
        vendor=p.vendor,
        bundle=p.bundle,
        carrier=Carrier(p.carrier) if p.carrier else "all",
        confidence=p.confidence,
        contracts=p.contracts,
        contracts_unknown=p.unknown,
        contracts_overlapping=p.overlapping,
        contracts_flagged=p.flagged,
        counterfactual_kwh=finite(p.counterfactual),
        observed_kwh=finite(p.observed),
        avoided_energy_kwh=finite(p.avoided),
        avoided_energy_low_kwh=finite(p.low),
        avoided_energy_high_kwh=finite(p.high),
        verdict=p.verdict,
        correlation=p.correlation,
        method="correlated-sum/2",
    )
