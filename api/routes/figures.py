"""What was computed: every figure with its evidence, and views for each trade."""

from collections.abc import Collection, Iterable
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import StringConstraints

from api.access.needs import NEEDS_READ
from api.access.seen import BackendDep
from api.dependencies import Backend
from api.query import PageDep
from api.rows.figures import (
    USE_CARRIERS,
    ConsumptionRow,
    DayRow,
    FigureRow,
    consumption_wanted,
    day_rows,
    figures_wanted,
)
from api.rows.indicators import (
    COST_NAMES,
    INDICATOR_NAMES,
    CostRow,
    IndicatorRow,
    cost_rows,
    indicator_rows,
)
from api.rows.quality import FactorRow, factor_rows
from api.rows.savings import (
    SAVINGS_NAMES,
    PortfolioRow,
    SavingsRow,
    portfolio_rows,
    savings_rows,
)
from api.rows.solar import PV_NAMES, PvRow, pv_rows
from api.rows.waste import WASTE_NAMES, WasteRow, waste_rows
from api.standing_results import PartResultsDep, ResultsDep
from api.tables.route import OwnResultsRoute
from domain.places import Carrier
from processing.savings.portfolio import Kind
from processing.savings.portfolio import Per as SumPer

router = APIRouter(
    route_class=OwnResultsRoute, prefix="/v1", tags=["results"], dependencies=[NEEDS_READ]
)

NamesDep = Annotated[
    list[Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,64}$")]] | None,
    Query(alias="name", description="Only figures of these names (see /v1/figure-names)."),
]
SubjectDep = Annotated[
    str | None,
    Query(description="Only this device, contract/carrier or stream; '' is the institution."),
]
Per = Literal["institution", "meter", "all"]


def _given(values: list[str] | None) -> list[str]:
    """A filter's values; an empty one (a dashboard variable without a choice) asks for all."""
    return [v for v in values or [] if v]


def _seen(given: list[str], backend: Backend, there: Iterable[str]) -> Collection[str] | None:
    """Those of a filter's values that may be seen; None for all, where all may."""
    if backend.sees_all:
        return given or None
    return {one for one in there if not given or one in given}


@router.get("/figures", response_model=list[FigureRow])
def figures(
    query: ResultsDep, page: PageDep, name: NamesDep = None, subject: SubjectDep = None
) -> Response:
    """Every figure with its evidence · 全部结果及其依据."""
    return page.answer(query.figure_lines(figures_wanted(name or (), subject), name))


@router.get("/days")
def days(
    query: ResultsDep, page: PageDep, name: NamesDep = None, subject: SubjectDep = None
) -> list[DayRow]:
    """Day values behind the figures · 逐日值."""
    return page.cut(day_rows(query.read(name, days=True), name or (), subject))


@router.get("/factors")
def factors(query: ResultsDep, page: PageDep) -> list[FactorRow]:
    """Dated factors the figures were computed with · 所用系数."""
    return page.cut(factor_rows(query.read()))


@router.get("/consumption", response_model=list[ConsumptionRow])
def consumption(
    query: ResultsDep,
    page: PageDep,
    carrier: Annotated[list[Carrier] | None, Query(description="Only these.")] = None,
    name: NamesDep = None,
    per: Annotated[Per, Query(description="Totals of institutions, single meters, or all.")] = (
        "institution"
    ),
) -> Response:
    """Monthly use by carrier · 月度用能用水."""
    wanted = consumption_wanted(carrier or (), name or (), per)
    return page.answer(query.figure_lines(wanted, USE_CARRIERS))


@router.get("/consumption/days")
def consumption_days(
    query: ResultsDep,
    page: PageDep,
    carrier: Annotated[list[Carrier] | None, Query(description="Only these.")] = None,
    per: Annotated[Per, Query(description="Totals of institutions, single meters, or all.")] = (
        "institution"
    ),
) -> list[DayRow]:
    """Daily use by carrier · 逐日用能用水."""
    names = [n for n, c in USE_CARRIERS.items() if not carrier or c in carrier]
    return page.cut(day_rows(query.read(names, days=True), names, None, per))


@router.get("/savings")
def savings(
    backend: BackendDep,
    query: PartResultsDep,
    page: PageDep,
    contract: Annotated[list[str] | None, Query(description="Only these contracts.")] = None,
    carrier: Annotated[list[Carrier] | None, Query(description="Only these carriers.")] = None,
) -> list[SavingsRow]:
    """Avoided energy with its interval, by contract and carrier · 节能量及区间."""
    asked = _seen(_given(contract), backend, (c.id for c in backend.in_part.contracts))
    return page.cut(savings_rows(query.read(SAVINGS_NAMES), asked, carrier or ()))


@router.get("/savings/portfolio")
def savings_portfolio(
    backend: BackendDep,
    query: PartResultsDep,
    page: PageDep,
    period: Annotated[Kind, Query(description="Each month, or the year up to it.")] = "month",
    vendor: Annotated[list[str] | None, Query(description="Only contracts of these.")] = None,
    contract: Annotated[list[str] | None, Query(description="Only these contracts.")] = None,
    carrier: Annotated[list[Carrier] | None, Query(description="Only these carriers.")] = None,
    per: Annotated[SumPer, Query(description="One sum, or one a vendor or bundle.")] = "all",
) -> list[PortfolioRow]:
    """What contracts saved together, with the interval of the sum · 多个合同合计节能量."""
    vendors, ids = _given(vendor), _given(contract)
    asked = {
        c.id: c
        for c in backend.in_part.contracts
        if (not vendors or c.vendor in vendors) and (not ids or c.id in ids)
    }
    read = query.read(SAVINGS_NAMES)
    return page.cut(portfolio_rows(read, asked, period, carrier or (), per=per))


@router.get("/pv")
def pv(
    backend: BackendDep,
    query: PartResultsDep,
    page: PageDep,
    system: Annotated[list[str] | None, Query(description="Only these PV systems.")] = None,
) -> list[PvRow]:
    """Rooftop PV by month · 光伏月度结果."""
    asked = _seen(_given(system), backend, backend.in_part.device_by_id)
    return page.cut(pv_rows(query.read(PV_NAMES), backend.in_part, asked))


@router.get("/waste")
def waste(query: ResultsDep, page: PageDep) -> list[WasteRow]:
    """Sorted waste by stream and month · 垃圾分类月度结果."""
    return page.cut(waste_rows(query.read(WASTE_NAMES)))


@router.get("/costs")
def costs(query: ResultsDep, page: PageDep) -> list[CostRow]:
    """Electricity and its cost by tariff period · 分时电量与电费."""
    return page.cut(cost_rows(query.read(COST_NAMES)))


@router.get("/indicators")
def indicators(query: ResultsDep, page: PageDep) -> list[IndicatorRow]:
    """Standard coal, CO₂, cost, out of hours, per area and head · 折标煤、碳排放与人均等指标."""
    return page.cut(indicator_rows(query.read(INDICATOR_NAMES)))
