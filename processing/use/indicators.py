"""Standard coal, CO₂ and the figures per area and per head, with dated factors.

The national calorific set and the Shandong quota set are two figures and are never mixed.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from config.factors import KWH_PER_MJ, electricity_region, factors
from domain.carriers import ELECTRICITY, ENERGY_USES, GAS_ENERGY, WATER
from domain.figures import FactorUse, Figure, Shares
from domain.findings import Finding
from domain.places import Institution, value_on
from processing.use.month_use import passed_on

NATIONAL = {name: use.coal for name, use in ENERGY_USES.items()}
SHANDONG = {name: use.quota_coal for name, use in ENERGY_USES.items() if use.quota_coal}
CO2 = {name: use.co2 for name, use in ENERGY_USES.items()}
"""Which factor each use is weighted with; that of electricity's CO₂ depends on the place."""
_PER_M3 = {"standard_coal.shandong.natural_gas", "co2.natural_gas"}
_PROVINCE = "37"


def indicator_figures(
    institution: Institution, totals: Mapping[str, Figure], day: date
) -> list[Figure]:
    """The indicators of a month from its institution totals (by figure name).

    Factors are those of the month's first `day`. Self-used PV is in none of the totals: carbon
    counts purchased electricity only. A total that is unknown, or a factor that is not in the
    tables, leaves the indicator unknown with a finding; a carrier nobody meters is not counted.
    """
    used = {n: f for n, f in totals.items() if n in NATIONAL}
    if not used and WATER.figure not in totals:
        return []
    national = weighted("standard_coal_kgce", used, NATIONAL, day)
    figures = [national, *_per_area_and_head(institution, national, day)] if used else []
    figures += _water_per_head(institution, totals, day)
    if used and is_shandong(institution):
        figures.append(_shandong(used, day))
    if used:
        figures.append(co2_figure("co2_kg", used, institution, day))
    return figures


def co2_figure(
    name: str, used: Mapping[str, Figure], institution: Institution, day: date
) -> Figure:
    """CO₂ of what is used at a place: the grid is the province's; where the national average
    stands in, a finding says so."""
    code = institution.district_code
    region = electricity_region(code, institution.timezone, day)
    grid = f"{ELECTRICITY.co2}.{region or 'unknown'}"
    stood_in = region == "cn" and ELECTRICITY.figure in used
    finding = (
        Finding("grid_factor_national", "info", "", {"district_code": code})
        if code
        else Finding("grid_factor_without_district", "info")
    )
    names = CO2 | {ELECTRICITY.figure: grid}
    return weighted(name, used, names, day, (finding,) if stood_in else ())


def is_shandong(institution: Institution) -> bool:
    """Whether the Shandong quota set holds there."""
    return institution.district_code.startswith(_PROVINCE)


def _shandong(used: Mapping[str, Figure], day: date) -> Figure:
    """Total energy as the quotas count it; the set has no coefficient for district cooling."""
    counted = {n: f for n, f in used.items() if n in SHANDONG}
    left_out = sorted(set(used) - set(counted))
    findings = tuple(Finding("coal_carrier_left_out", "info", "", {"carrier": n}) for n in left_out)
    return weighted("standard_coal_shandong_kgce", counted, SHANDONG, day, findings)


def weighted(
    name: str,
    used: Mapping[str, Figure],
    names: Mapping[str, str],
    day: date,
    findings: tuple[Finding, ...] = (),
) -> Figure:
    """Σ use × factor, with shares weighted by what each carrier adds.

    A use that is unknown, or a factor that is not in the tables, leaves the figure unknown;
    its findings say why: the use's own where it has some. A factor of a year that was over for
    more than a year is named.
    """
    parts: list[tuple[float, Shares]] = []
    applied: list[FactorUse] = []
    problems = list(findings)
    for use, figure in sorted(used.items()):
        chain = _factors_for(use, names[use], day)
        if chain is None:
            problems.append(Finding("factor_missing", "warning", "", {"factor": names[use]}))
            continue
        problems += passed_on(figure.findings)
        applied += [f for f in chain if f not in applied]
        if figure.value is None:
            unknown = Finding("total_unknown", "warning", "", {"carrier": use})
            problems += _why_apart(figure) or (unknown,)
            continue
        parts.append((figure.value * _product(chain), figure.shares))
    complete = bool(parts) and len(parts) == len(used)
    if complete:
        problems += [old for f in applied for old in _old(f, day)]
    return Figure(
        name=name,
        value=sum(p for p, _ in parts) if complete else None,
        shares=Shares.weighted(parts) if complete else Shares.none(),
        method="use-times-dated-factor/1",
        factors=tuple(applied),
        findings=tuple(problems),
    )


def _old(factor: FactorUse, day: date) -> Iterator[Finding]:
    """A finding for a factor that describes a year long over."""
    year, old_from = factors().data_year(factor), factors().old_from(factor)
    if year is not None and old_from is not None and day >= old_from:
        yield Finding("factor_old", "info", "", {"factor": factor.name, "data_year": year})


def _why_apart(figure: Figure) -> tuple[Finding, ...]:
    return tuple(f for f in figure.findings if f.code.startswith("heating_"))


def _factors_for(use: str, name: str, day: date) -> list[FactorUse] | None:
    wanted = [name]
    if use == GAS_ENERGY.figure and name in _PER_M3:
        wanted.append("calorific.natural_gas")
    found = [factors().on(n, day) for n in wanted]
    return None if None in found else [f for f in found if f is not None]


def _product(chain: Sequence[FactorUse]) -> float:
    """What one unit of use counts for; energy per m³ turns metered kWh back into volume."""
    if len(chain) == 1:
        return chain[0].value
    return chain[0].value / (chain[1].value * KWH_PER_MJ)


def _per_area_and_head(institution: Institution, coal: Figure, day: date) -> list[Figure]:
    area = value_on(institution.floor_area_m2, day)
    heads = value_on(institution.headcount, day)
    return [
        *ratio("energy_per_area_kgce_per_m2", coal, area),
        *ratio("energy_per_head_kgce", coal, heads),
    ]


def _water_per_head(
    institution: Institution, totals: Mapping[str, Figure], day: date
) -> list[Figure]:
    water = totals.get(WATER.figure)
    heads = value_on(institution.headcount, day)
    return [] if water is None else ratio("water_per_head_m3", water, heads)


def ratio(name: str, figure: Figure, divisor: float | None) -> list[Figure]:
    """The figure over a dated area or headcount; none where the registry has none."""
    if not divisor:
        return []
    value = None if figure.value is None else figure.value / divisor
    return [
        Figure(
            name=name,
            value=value,
            shares=figure.shares,
            method="total-over-registry/1",
            factors=figure.factors,
            findings=(*passed_on(figure.findings), *_why_apart(figure)),
        )
    ]
