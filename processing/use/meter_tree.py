"""The meter tree: virtual meters, balances of mains against their sub-meters, energy items."""

from collections.abc import Mapping, Sequence

import numpy as np

from config.processing import BalanceRules, processing_settings
from domain.carriers import ELECTRICITY, FIGURE_OF_REGISTER
from domain.figures import Figure, Shares
from domain.findings import Finding
from domain.places import Meter
from domain.subjects import OfItem
from processing.curves.curve import GridUse, mean_shares
from processing.use.month_use import Period, passed_on, shares_of, value_or_none

VIRTUAL_METHOD = "virtual-meter/1"


def virtual_periods(meters: Sequence[Meter], real: Sequence[Period]) -> list[Period]:
    """The use of each virtual meter whose parts are all there; a part may be virtual itself.

    Unknown wherever a part is. The shares are means over the parts.
    """
    known: dict[tuple[str, str], Period] = {(p.subject, p.name): p for p in real}
    found = []
    for meter in (m for m in meters if m.formula):
        name = FIGURE_OF_REGISTER.get(meter.register, "")
        parts = [(known.get((part, name)), factor) for part, factor in meter.formula]
        periods = [(p, f) for p, f in parts if p is not None]
        findings = tuple(
            Finding("virtual_part_missing", "warning", meter.id, {"part": part})
            for (part, _), (p, _) in zip(meter.formula, parts, strict=True)
            if p is None
        )
        if findings or not periods:
            continue
        width = min(len(p.days) for p, _ in periods)
        days = _combined([(p.days, f) for p, f in periods if len(p.days) >= width], width)
        whole = _combined([(p.whole, f) for p, f in periods], min(len(p.whole) for p, _ in periods))
        told = passed_on(f for p, _ in periods for f in p.findings)
        period = Period(name, meter.id, days, whole, tuple(told))
        known[(meter.id, name)] = period
        found.append(period)
    return found


def _combined(parts: Sequence[tuple[GridUse, float]], width: int) -> GridUse:
    use = np.sum([g.use[:width] * f for g, f in parts], axis=0)
    mean = mean_shares([g for g, _ in parts], np.ones((len(parts), width)))
    code = np.select(
        [~np.isfinite(use), mean["missing"] > 0, mean["estimated"] < 0.05],
        ["missing", "partial", "measured"],
        default="interpolated",
    )
    return GridUse(use=use, code=code.astype(object), **mean)


def balance_figures(
    meters: Sequence[Meter], periods: Sequence[Period], rules: BalanceRules | None = None
) -> list[Figure]:
    """(main − Σ sub-meters) / main for each meter that has sub-meters of its own kind.

    Sub-meters that read more than their main by over `excess_ratio` are a finding: a wrong
    multiplier, a wrong place in the tree, or a broken meter.
    """
    rules = rules or processing_settings().balance
    value = {(p.subject, p.name): p for p in periods}
    figures = []
    for meter in meters:
        name = FIGURE_OF_REGISTER.get(meter.register, "")
        subs = [
            m for m in meters if m.parent == meter.id and FIGURE_OF_REGISTER.get(m.register) == name
        ]
        if not subs or (meter.id, name) not in value:
            continue
        below = [value[(m.id, name)] for m in subs if (m.id, name) in value]
        if below:
            figures.append(_balance(value[(meter.id, name)], below, len(subs) - len(below), rules))
    return figures


def _balance(main: Period, below: Sequence[Period], absent: int, rules: BalanceRules) -> Figure:
    total = value_or_none(main.whole.use)
    parts = [value_or_none(p.whole.use) for p in below]
    known = [v for v in parts if v is not None]
    ratio = None
    if total and len(known) == len(parts) and not absent:
        ratio = (total - sum(known)) / total
    findings = passed_on(f for p in (main, *below) for f in p.findings)
    if ratio is not None and ratio < -rules.excess_ratio:
        numbers = {"pct": round(-100 * ratio, 1)}
        findings.append(Finding("submeters_exceed_main", "warning", main.subject, numbers))
    all_shares = [shares_of(p.whole) for p in (main, *below)]
    return Figure(
        name="meter_balance_ratio",
        subject=main.subject,
        value=ratio,
        shares=Shares.mean_unmeasured(all_shares, first="missing"),
        method="main-minus-subs/1",
        findings=tuple(findings),
    )


def item_figures(meters: Sequence[Meter], periods: Sequence[Period]) -> list[Figure]:
    """Electricity by MOHURD energy item: the sum of the meters that carry its code."""
    item_of: Mapping[str, str] = {m.id: m.item_code for m in meters if m.item_code}
    groups: dict[str, list[Period]] = {}
    for period in periods:
        if period.name == ELECTRICITY.figure and period.subject in item_of:
            groups.setdefault(item_of[period.subject], []).append(period)
    figures = []
    for code, group in sorted(groups.items()):
        values = [value_or_none(p.whole.use) for p in group]
        known = [v for v in values if v is not None]
        shares = [shares_of(p.whole) for p in group]
        figures.append(
            Figure(
                name="energy_item_kwh",
                subject=str(OfItem(code)),
                value=sum(known) if len(known) == len(values) else None,
                shares=Shares.mean_unmeasured(shares, first="missing"),
                method="sum-of-item-meters/1",
                findings=tuple(passed_on(f for p in group for f in p.findings)),
            )
        )
    return figures
