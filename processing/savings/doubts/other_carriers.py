"""What the other carriers did meanwhile: one that rose took over, water that fell tells of people."""

from collections.abc import Iterator
from datetime import timedelta

from domain.findings import Finding
from processing.savings.doubts.case import Case, OtherCarrier, avoided_ratio, known
from processing.savings.doubts.limits import rules
from processing.savings.own_calibration import calibration_on

_WATER = "water"
_FEWEST = 20


def doubt(case: Case) -> Iterator[Finding]:
    """Only where a saving would be claimed, of the whole facility, on the days of the claim."""
    avoided = float((case.known["counterfactual"] - case.known["observed"]).sum())
    if case.low <= 0 or case.background.option == "B":
        return
    for other in case.background.others():
        days = known(other.days.reindex(case.known.index))
        if len(days) < _FEWEST:
            continue
        if other.carrier == _WATER:
            yield from _vacated(case, other)
        else:
            yield from _switched(case, other, avoided)


def _switched(case: Case, other: OtherCarrier, avoided: float) -> Iterator[Finding]:
    """The other carrier rose by a comparable energy, and by more than it wanders."""
    days = known(other.days.reindex(case.known.index))
    rise = float((days["observed"] - days["counterfactual"]).sum())
    if avoided_ratio(case.period) < rules()["switched_from_ratio"]:
        return
    calibration, n = calibration_on(other.model, case.end - timedelta(days=1)), len(days)
    due = days["counterfactual"].to_numpy(dtype=float)
    half = calibration.half_width_ratio(n, rules()["switched_confidence"])
    half *= calibration.scale(other.model, n, 0.0, 0)
    half *= float(calibration.reference(other.model, due).sum())
    if rise < max(rules()["switched_min_ratio"] * avoided, half):
        return
    contract = case.background.contract
    counted = contract is not None and other.carrier in contract.carriers
    percent = round(100 * rise / avoided, 1)
    yield Finding(
        f"savings_switched_to_{other.carrier}",
        "warning" if counted else "serious",
        numbers={"percent": percent, "rise": f"{rise:,.0f}"},
    )


def _vacated(case: Case, other: OtherCarrier) -> Iterator[Finding]:
    """Water fell beside the energy: fewer people, or a part of the building is left."""
    days = other.days.reindex(case.known.index)
    fell = avoided_ratio(days)
    if fell < rules()["vacated_min_ratio"]:
        return
    clear = case.background.adjustments
    numbers = {"percent": round(100 * fell, 1)}
    yield Finding("savings_water_fell_too", "warning" if clear else "serious", numbers=numbers)
