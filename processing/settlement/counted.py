"""How much of a saving counts, by its verdict and the agreement's rules."""

from dataclasses import dataclass
from typing import Literal

from domain.contracts.terms import Rules
from domain.figures import Verdict

How = Literal["counts", "waits", "nothing", "unknown", "not_permitted"]


@dataclass(frozen=True, slots=True)
class Counted:
    """`energy_kwh` counts, or waits for its contract year; 0 where nothing does."""

    how: How
    energy_kwh: float = 0.0


def counted(
    rules: Rules,
    saved_kwh: float | None,
    interval_kwh: tuple[float | None, float | None],
    verdict: Verdict | None,
    known_ratio: float,
    is_permitted: bool = True,
) -> Counted:
    """What counts of a saving.

    Of one that is proven, be it an increase, the point estimate or, where the agreement says so,
    the bound nearest to zero; of another what `not_proven` says. Unknown: too few days are known. What may not be used for settlement
    waits for its contract year where one that is not proven does, and else never counts.
    """
    if saved_kwh is None or known_ratio < float(rules.minimum_known_ratio) - 1e-9:
        return Counted("unknown")
    if not is_permitted and rules.not_proven == "wait":
        return Counted("waits", saved_kwh)
    if not is_permitted:
        return Counted("not_permitted")
    if verdict in ("proven", "proven_increase"):
        rule = rules.proven_counts
    elif rules.not_proven == "wait":
        return Counted("waits", saved_kwh)
    elif rules.not_proven == "nothing":
        return Counted("nothing")
    else:
        rule = rules.not_proven
    if rule == "point":
        return Counted("counts", saved_kwh)
    return Counted("counts", _nearest_zero(*interval_kwh))


def _nearest_zero(low_kwh: float | None, high_kwh: float | None) -> float:
    if low_kwh is not None and low_kwh > 0:
        return low_kwh
    if high_kwh is not None and high_kwh < 0:
        return high_kwh
    return 0.0
