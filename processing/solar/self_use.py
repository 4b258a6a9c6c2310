"""Self-use and self-sufficiency of PV behind one connection, and the gross load."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.figures import Figure, Shares
from domain.findings import Finding
from processing.use.month_use import Period, shares_of, value_or_none


@dataclass(frozen=True, slots=True)
class Balance:
    """A month's sums around the grid meter, kWh; None where unknown."""

    generation_kwh: float | None
    export_kwh: float | None
    import_kwh: float | None
    shares: Shares


def self_use_kwh(balance: Balance) -> float | None:
    """Generation not exported. None when either is unknown or they contradict each other."""
    if balance.generation_kwh is None or balance.export_kwh is None:
        return None
    rest = balance.generation_kwh - balance.export_kwh
    if rest < -0.02 * balance.generation_kwh:
        return None
    return max(rest, 0.0)


def self_use_figures(systems: Sequence[tuple[str, Period]], balance: Balance) -> list[Figure]:
    """Self-use, self-use rate and self-sufficiency of the systems behind one connection.

    Export cannot be told apart by system: each has the same self-use rate. Self-sufficiency is
    the system's self-use over all self-use plus purchase.
    """
    total = self_use_kwh(balance)
    findings: tuple[Finding, ...] = ()
    if total is None and balance.generation_kwh is not None and balance.export_kwh is not None:
        numbers = {
            "export_kwh": round(balance.export_kwh, 1),
            "generation_kwh": round(balance.generation_kwh, 1),
        }
        findings = (Finding("pv_export_above_generation", "warning", "", numbers),)
    generation = balance.generation_kwh
    rate = total / generation if total is not None and generation else None
    figures = []
    for system, period in systems:
        own = value_or_none(period.whole.use)
        used = None if rate is None or own is None else own * rate
        sufficiency = None
        if used is not None and total is not None and balance.import_kwh is not None:
            need = total + balance.import_kwh
            sufficiency = used / need if need > 0 else None
        values = {
            "pv_self_use_kwh": used,
            "pv_self_use_ratio": rate,
            "pv_self_sufficiency_ratio": sufficiency,
        }
        figures += [
            Figure(
                name=name,
                subject=system,
                value=value,
                shares=balance.shares,
                method="generation-minus-export/1",
                findings=findings,
            )
            for name, value in values.items()
        ]
    return figures


def balance_of(generated: Sequence[Period], exported: Sequence[Period], bought: Period) -> Balance:
    """The sums of a month; one that any meter does not know is unknown."""
    parts = [shares_of(p.whole) for p in (*generated, *exported, bought)]
    return Balance(
        generation_kwh=_sum_or_none(generated),
        export_kwh=_sum_or_none(exported),
        import_kwh=value_or_none(bought.whole.use),
        shares=Shares.mean_unmeasured(parts, first="missing"),
    )


def _sum_or_none(periods: Sequence[Period]) -> float | None:
    values = [value_or_none(p.whole.use) for p in periods]
    known = [v for v in values if v is not None]
    return sum(known) if len(known) == len(values) else None


def gross_load_figure(balance: Balance) -> Figure:
    """What the place used in all: import + PV − export."""
    bought, generated = balance.import_kwh, balance.generation_kwh
    exported, load = balance.export_kwh, None
    if bought is not None and generated is not None and exported is not None:
        load = bought + generated - exported
    return Figure(
        name="gross_load_kwh",
        value=load,
        shares=balance.shares,
        method="import-plus-pv-minus-export/1",
    )
