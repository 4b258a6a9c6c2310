"""Non-routine adjustments that somebody enters: checked, and which months they change."""

from collections.abc import Iterable
from datetime import date, datetime
from hashlib import sha256

from domain.adjustments import Adjustment, Decision
from domain.calendar import Month
from domain.errors import ConfigError
from domain.places import Contract
from domain.registry import Registry
from processing.savings.adjustments import formula_tree
from processing.savings.track import WINDOW_MONTHS

LARGEST_EVIDENCE_BYTES = 10 * 1024 * 1024


def contract_of(registry: Registry, contract_id: str) -> Contract:
    """A contract. Raises ConfigError when there is none."""
    for contract in registry.contracts:
        if contract.id == contract_id:
            return contract
    known = ", ".join(c.id for c in registry.contracts[:20]) or "none"
    raise ConfigError(f"no contract {contract_id!r}; there are: {known}")


def check_adjustment(
    registry: Registry, adjustment: Adjustment, content: bytes | None = None
) -> None:
    """Raises ConfigError when an adjustment does not fit its contract, its formula cannot be
    read, or the evidence's content has another digest than it says."""
    contract = contract_of(registry, adjustment.contract)
    if adjustment.institution != contract.institution:
        raise ConfigError(f"{contract.id} is a contract of {contract.institution}")
    if adjustment.carrier not in contract.carriers:
        offered = ", ".join(contract.carriers)
        raise ConfigError(f"{contract.id} counts {offered}, not {adjustment.carrier!r}")
    before = adjustment.end is not None and adjustment.end <= contract.reporting_start
    if before or (contract.reporting_end and adjustment.start >= contract.reporting_end):
        raise ConfigError(
            f"the adjustment lies outside the reporting period of {contract.id} "
            f"({contract.reporting_start} to {contract.reporting_end or 'now'}): it adjusts "
            "nothing there. A change within the baseline period needs another baseline"
        )
    formula_tree(adjustment.formula)
    if content is not None:
        _check_content(adjustment, content)


def _check_content(adjustment: Adjustment, content: bytes) -> None:
    if len(content) > LARGEST_EVIDENCE_BYTES:
        raise ConfigError(
            f"{adjustment.evidence} has {len(content):,} bytes and at most "
            f"{LARGEST_EVIDENCE_BYTES:,} are kept: keep the file yourself and give its digest"
        )
    if sha256(content).hexdigest() != adjustment.evidence_sha256:
        raise ConfigError(f"the SHA-256 given is not that of {adjustment.evidence}: leave it out")


def months_changed(adjustment: Adjustment, computed: Iterable[Month]) -> list[Month]:
    """The computed months an adjustment changes: its own, and the eleven after them, whose
    intervals are judged by the twelve months that end with each."""
    first = Month.of(adjustment.start)
    last = None
    if adjustment.end is not None:
        last = Month.of(adjustment.end).plus(WINDOW_MONTHS - 1)
    return [m for m in computed if m >= first and (last is None or m <= last)]


def approval(approver: str, at: datetime) -> tuple[Decision, ...]:
    """The decisions of an adjustment that is entered with its approver; none for ''."""
    return (Decision("approved", approver, at),) if approver.strip() else ()


def formula_of(
    start: date,
    end: date | None,
    *,
    formula: str | None = None,
    per_day_kwh: float | None = None,
    total_kwh: float | None = None,
) -> str:
    """The formula of an amount given in one of three ways. Raises ConfigError otherwise."""
    if sum(given is not None for given in (formula, per_day_kwh, total_kwh)) != 1:
        raise ConfigError("give the amount in one way: a formula, kWh a day, or kWh in total")
    if formula is not None:
        return formula.strip()
    if per_day_kwh is not None:
        return f"{per_day_kwh!r}"
    if end is None or end <= start:
        raise ConfigError("an amount in total needs the day it ends: give the end, or kWh a day")
    return f"{total_kwh!r} / {(end - start).days}"
