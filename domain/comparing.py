"""When two months may be compared, and what the change is: one rule for pages, API and reports."""

from domain.figures import Shares


def comparable(now: Shares, then: Shares, least_known_ratio: float) -> bool:
    """Whether both are known for so much of their time: a use that is only partly known would
    pass for a fall. The ratio is a setting (`[comparison]` of `config/tables/processing.toml`).

    Whoever compares months that may still run looks at that first: the shares of a running month
    are of its part that is over.
    """
    return min(1.0 - now.missing, 1.0 - then.missing) >= least_known_ratio


def change_ratio(
    value: float | None,
    shares: Shares,
    earlier: float | None,
    earlier_shares: Shares,
    least_known_ratio: float,
) -> float | None:
    """(value − earlier) / earlier, e.g. −0.05 for a twentieth less.

    None where either is unknown, they may not be compared, or the earlier one was nought.
    """
    if value is None or not earlier or not comparable(shares, earlier_shares, least_known_ratio):
        return None
    return (value - earlier) / earlier
