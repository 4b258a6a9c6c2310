"""Statements of 300 contracts for a month: reckoned, issued, and written as PDF and XLSX.

Keys: `statements.month_s`, all of it (goal 60); of that `statements.issue_s` until the last one is in
the ledger, and `statements.papers_s` for 600 files by one worker. The twelfth month of 300 contracts
of their own institutions is issued, each saving divided among five tariff periods, on SQLite; eleven
months before it are issued already.
"""

import tempfile
from datetime import date
from pathlib import Path
from time import perf_counter

from civicmeter.wiring.issuing import issue
from civicmeter.wiring.pipeline import Pipeline, open_pipeline
from config.settings import Settings
from domain.calendar import Month
from domain.figures import DayValue, Figure, MonthResult, Shares
from domain.places import Contract, Institution, Term
from domain.registry import Registry
from reports.isolated import in_worker
from reports.statements.papers import PAPERS, PAPERS_PER_WORKER, paper_file, paper_of

CONTRACTS, MONTHS = 300, 12
FIRST = Month(2025, 1)
PRICES = {"sharp": "1.40", "peak": "1.19", "flat": "0.70", "valley": "0.21", "deep_valley": "0.07"}


def run() -> dict[str, float]:
    """Measure; see the module's docstring."""
    with (
        tempfile.TemporaryDirectory() as folder,
        open_pipeline(Settings(data=Path(folder))) as pipeline,
    ):
        return _measured(pipeline)


def _measured(pipeline: Pipeline) -> dict[str, float]:
    contracts = [_contract(k) for k in range(CONTRACTS)]
    places = tuple(
        Institution(c.institution, "市机关", "Office", building_type="A") for c in contracts
    )
    pipeline.save_registry(Registry(places, (), (), tuple(contracts)))
    last = FIRST.plus(MONTHS - 1)
    for contract in contracts:
        for k in range(MONTHS):
            pipeline.ledger.save_result(_result(contract, FIRST.plus(k), 3_000.0 + 100 * k))
            pipeline.ledger.close(contract.institution, FIRST.plus(k), signed_by="benchmark")
        for k in range(MONTHS - 1):
            issue(pipeline, contract.id, FIRST.plus(k), "benchmark")
    began = perf_counter()
    issued = [issue(pipeline, c.id, last, "benchmark") for c in contracts]
    issue_s = perf_counter() - began
    papers = (
        paper_of(pipeline.ledger, pipeline.registry, one, "zh", format)
        for one in issued
        for format in PAPERS
    )
    sizes = [len(made.content) for made in in_worker(paper_file, papers, PAPERS_PER_WORKER)]
    month_s = perf_counter() - began
    assert len(sizes) == CONTRACTS * len(PAPERS) and min(sizes) > 5_000
    return {
        "statements.month_s": month_s,
        "statements.issue_s": issue_s,
        "statements.papers_s": month_s - issue_s,
    }


def _contract(k: int) -> Contract:
    prices = [Term("price", value, f"electricity/{period}") for period, value in PRICES.items()]
    return Contract(
        id=f"retrofit-{k}",
        institution=f"i{k:04d}",
        name_zh="改造",
        name_en="Retrofit",
        form="shared",
        baseline_start=date(2023, 1, 1),
        baseline_end=date(2024, 1, 1),
        reporting_start=FIRST.first_day,
        payment_terms=(Term("vendor_share", "0.6", "1"), *prices),
    )


def _result(contract: Contract, month: Month, saved_kwh: float) -> MonthResult:
    full, of, days = Shares.full(), f"{contract.id}/electricity", month.days()
    daily = {"counterfactual_kwh": 300.0 + saved_kwh / len(days), "observed_kwh": 300.0}
    known = {name: value * len(days) for name, value in daily.items()}
    figures = [
        Figure(name=name, subject=of, value=value, shares=full, method="daily-baseline/3")
        for name, value in known.items()
    ]
    figures.append(
        Figure(
            name="avoided_energy_kwh",
            subject=of,
            value=saved_kwh,
            low=saved_kwh - 900.0,
            high=saved_kwh + 900.0,
            confidence=0.9,
            verdict="proven",
            shares=full,
            method="daily-baseline/3",
        )
    )
    figures += [
        Figure(
            name="electricity_period_kwh",
            subject=period,
            value=10.0 + k,
            shares=full,
            method="register/2",
        )
        for k, period in enumerate(PRICES)
    ]
    values = [
        DayValue(day=d, name=n, subject=of, value=v, quality="measured")
        for d in days
        for n, v in daily.items()
    ]
    return MonthResult(
        institution=contract.institution, month=month, figures=tuple(figures), days=tuple(values)
    )
