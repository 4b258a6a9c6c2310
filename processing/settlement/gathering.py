"""The inputs of an agreement's months, from what was computed for its institutions."""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial

from domain.calendar import Month, months_between
from domain.carriers import EXPORT
from domain.contracts.statement import FigureRef, SettlementError
from domain.contracts.years import contract_year, is_last, is_last_of_year, year_start
from domain.figures import Figure, MonthResult
from domain.figures.subjects import OfContract
from domain.figures.uses import UseRule, permitted_uses, rules_on
from domain.places import Contract, Dated, Institution, value_on
from processing.settlement.inputs import CarrierSaving, MonthInputs, PvMonth

NAMES = (
    "avoided_energy_kwh",
    "avoided_energy_contract_year_kwh",
    "avoided_energy_year_to_date_kwh",
    "counterfactual_kwh",
    "observed_kwh",
    "electricity_period_kwh",
    "pv_self_use_kwh",
    EXPORT.figure,
)
"""The figures a settlement rests on; of these the days count too."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands for a month: a closed revision, or (0) what was computed of an open one."""

    result: MonthResult
    revision: int
    digest: str


def months_of(
    members: Sequence[Contract],
    institutions: Mapping[str, Institution],
    standing: Mapping[tuple[str, Month], Standing],
    last: Month,
    uses: Sequence[UseRule] = (),
) -> list[MonthInputs]:
    """Every month of an agreement from its first to `last`.

    `members` are its contracts, one an institution, in force over the same days; `uses` the dated
    rules of what may be settled by (none: anything may). Raises SettlementError where a month of a member was never computed.
    """
    one = members[0]
    end = last.plus(1)
    return [
        _month(members, institutions, standing, m, uses)
        for m in months_between(Month.of(one.reporting_start), end)
        if one.reporting_end is None or m.first_day < one.reporting_end
    ]


def _month(
    members: Sequence[Contract],
    institutions: Mapping[str, Institution],
    standing: Mapping[tuple[str, Month], Standing],
    month: Month,
    uses: Sequence[UseRule],
) -> MonthInputs:
    one = members[0]
    savings: list[CarrierSaving] = []
    roofs: list[PvMonth] = []
    may_settle = partial(_may_settle, rules_on(uses, month.first_day))
    for contract in members:
        there = standing.get((contract.institution, month))
        if there is None:
            raise SettlementError(
                "never_computed",
                f"{contract.institution} {month} was never computed: run `civicmeter process "
                f"--month {month}`, and close it",
                institution=contract.institution,
                month=str(month),
            )
        savings += [_saving(contract, str(c), there, may_settle) for c in contract.carriers]
        roofs.append(_roof(contract, there, may_settle))
    start = max(month.first_day, one.reporting_start)
    places = [institutions[c.institution] for c in members]
    return MonthInputs(
        month=month,
        start=start,
        end=min(month.end_day, one.reporting_end or date.max),
        year=contract_year(one, month),
        last_of_year=is_last_of_year(one, month),
        last_of_all=is_last(one, month),
        savings=tuple(savings),
        pv=tuple(roofs),
        area_m2=_sum_on([p.floor_area_m2 for p in places], start),
        headcount=_sum_on([p.headcount for p in places], start),
    )


def _may_settle(rules: Sequence[UseRule], figure: Figure) -> bool:
    return not rules or "settlement" in permitted_uses(figure, rules)


def _saving(
    contract: Contract, carrier: str, there: Standing, may_settle: Callable[[Figure], bool]
) -> CarrierSaving:
    subject = str(OfContract(contract.id, carrier))
    figures = {f.name: f for f in there.result.figures if f.subject == subject}
    month = figures.get("avoided_energy_kwh")
    of_year = figures.get(_year_figure(contract, there.result.month, figures))
    year = of_year if of_year and may_settle(of_year) else None
    return CarrierSaving(
        contract=contract.id,
        carrier=carrier,
        saved_kwh=month.value if month else None,
        low_kwh=month.low if month else None,
        high_kwh=month.high if month else None,
        confidence=month.confidence or contract.confidence if month else None,
        verdict=month.verdict if month else None,
        known_ratio=_known(month),
        is_permitted=month is None or month.value is None or may_settle(month),
        by_day=_by_day(there.result, subject),
        period_ratios=_periods(there.result) if carrier == "electricity" else {},
        year_saved_kwh=year.value if year else None,
        year_low_kwh=year.low if year else None,
        year_high_kwh=year.high if year else None,
        year_verdict=year.verdict if year else None,
        year_known_ratio=_known(year),
        rests_on=tuple(_ref(there, f) for f in (month, of_year) if f is not None),
    )


def _year_figure(contract: Contract, month: Month, there: Container[str]) -> str:
    """The figure of the contract year. Only contracts that pay have it; for terms that are being
    tried that of the calendar year serves, where the two are the same."""
    name = "avoided_energy_contract_year_kwh"
    calendar = max(date(month.year, 1, 1), contract.reporting_start)
    if name not in there and year_start(contract, month) == calendar:
        return "avoided_energy_year_to_date_kwh"
    return name


def _known(figure: Figure | None) -> float:
    return 0.0 if figure is None else 1.0 - figure.shares.missing


def _by_day(result: MonthResult, subject: str) -> dict[date, float]:
    """What was avoided on each day of which both the counterfactual and the use are known."""
    known: dict[str, dict[date, float]] = {"counterfactual_kwh": {}, "observed_kwh": {}}
    for v in result.days:
        if v.subject == subject and v.name in known and v.value is not None:
            known[v.name][v.day] = v.value
    expected, observed = known.values()
    return {d: expected[d] - observed[d] for d in expected if d in observed}


def _periods(result: MonthResult) -> dict[str, float]:
    return {
        f.subject: f.value
        for f in result.figures
        if f.name == "electricity_period_kwh" and f.value is not None
    }


def _roof(contract: Contract, there: Standing, may_settle: Callable[[Figure], bool]) -> PvMonth:
    """The self-use of all its systems, and what the institution as a whole fed in."""
    used = [f for f in there.result.figures if f.name == "pv_self_use_kwh"]
    fed = [f for f in there.result.figures if f.name == EXPORT.figure and not f.subject]
    return PvMonth(
        contract=contract.id,
        self_use_kwh=_sum(used, may_settle),
        export_kwh=_sum(fed, may_settle),
        rests_on=tuple(_ref(there, f) for f in (*used, *fed)),
    )


def _sum(figures: Iterable[Figure], may_settle: Callable[[Figure], bool]) -> float | None:
    values = [f.value if may_settle(f) else None for f in figures]
    return None if not values or None in values else sum(v for v in values if v is not None)


def _sum_on(histories: Sequence[tuple[Dated, ...]], day: date) -> Decimal | None:
    values = [value_on(h, day) for h in histories]
    if None in values:
        return None
    return sum((Decimal(repr(v)) for v in values if v is not None), Decimal(0))


def _ref(there: Standing, figure: Figure) -> FigureRef:
    result = there.result
    return FigureRef(
        result.institution, result.month, there.revision, there.digest, figure.name, figure.subject
    )
