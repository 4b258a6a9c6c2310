"""Savings with and without adjustments, year to date, typical year; portfolios."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from fastapi.testclient import TestClient

from domain.calendar import Month
from domain.figures import FactorUse, Figure, MonthResult, Shares
from domain.findings import Finding
from store.ledger.sql.ledger import SqlLedger
from store.readings.sqlite import SqliteReadingStore
from tests import api_sample

SUBJECT = "dy-saving/electricity"
APRIL = api_sample.APRIL


def figure(name: str, value: float | None, half: float, verdict: str = "proven") -> Figure:
    bounds = (None, None) if value is None else (value - half, value + half)
    return Figure(
        name=name,
        subject=SUBJECT,
        value=value,
        low=bounds[0],
        high=bounds[1],
        confidence=0.9,
        verdict=verdict,
        shares=Shares(1.0, 0.0, 0.0),
        method="daily-baseline/2",
    )  # type: ignore[arg-type]


def adjusted_month() -> MonthResult:
    plain = api_sample.campus_month(APRIL)
    kept = [f for f in plain.figures if f.subject != SUBJECT]
    noted = Finding("savings_adjusted", "info", "", {"count": 2, "numbers": "3, 5", "amount": 700})
    typical = FactorUse("weather.typical_year", 13.2, "°C", "years of dy-wx", date(2022, 1, 1))
    return replace(
        plain,
        figures=(
            *kept,
            replace(figure("counterfactual_kwh", 44_000.0, 0), low=None, high=None),
            replace(figure("observed_kwh", 42_000.0, 0), low=None, high=None),
            replace(figure("avoided_energy_kwh", 2_000.0, 900), findings=(noted,)),
            replace(figure("adjustment_kwh", 700.0, 0), low=None, high=None, verdict=None),
            figure("avoided_energy_unadjusted_kwh", 1_300.0, 1_500, "not_proven"),
            figure("avoided_energy_year_to_date_kwh", 7_000.0, 2_000),
            replace(
                figure("normalised_saving_kwh", 24_000.0, 9_000),
                factors=(typical,),
                method="normalised-two-models/1",
            ),
        ),
    )


@pytest.fixture
def client(
    serve_own: Callable[..., TestClient], own_sample: tuple[SqliteReadingStore, SqlLedger]
) -> TestClient:
    own_sample[1].save_result(adjusted_month())
    return serve_own()


def test_a_row_shows_with_and_without_and_what_was_in(client: TestClient) -> None:
    (row,) = client.get("/v1/savings?start=2024-04").json()
    assert (row["avoided_energy_kwh"], row["avoided_energy_low_kwh"]) == (2000, 1100)
    assert (row["adjustment_kwh"], row["adjustments"]) == (700, "3, 5")
    assert row["avoided_energy_unadjusted_kwh"] == 1300
    assert row["avoided_energy_unadjusted_high_kwh"] == 2800
    assert (row["verdict"], row["avoided_energy_unadjusted_verdict"]) == ("proven", "not_proven")
    assert row["avoided_energy_year_to_date_kwh"] == 7000
    assert row["avoided_energy_year_to_date_low_kwh"] == 5000
    assert row["avoided_energy_year_to_date_verdict"] == "proven"
    assert (row["normalised_saving_kwh"], row["normalised_saving_high_kwh"]) == (24_000, 33_000)
    assert row["normalised_conditions"] == "years of dy-wx"
    assert row["method"] == "daily-baseline/2; normalised-two-models/1"


def test_without_adjustments_both_are_the_same_and_what_was_not_computed_is_null(
    client: TestClient,
) -> None:
    row = client.get("/v1/savings?start=2024-02&end=2024-03").json()[0]
    assert row["avoided_energy_unadjusted_kwh"] == row["avoided_energy_kwh"]
    assert row["avoided_energy_unadjusted_verdict"] == row["verdict"]
    assert (row["adjustment_kwh"], row["adjustments"]) == (0, "")
    assert row["normalised_saving_kwh"] is None
    assert row["avoided_energy_year_to_date_kwh"] is None


def test_a_portfolio_sums_contracts(client: TestClient) -> None:
    (row,) = client.get("/v1/savings/portfolio?start=2024-04").json()
    assert (row["contracts"], row["carrier"], row["vendor"]) == (1, "electricity", "")
    assert (row["avoided_energy_kwh"], row["verdict"]) == (2000, "proven")
    assert (row["counterfactual_kwh"], row["observed_kwh"]) == (44_000, 42_000)
    (year,) = client.get("/v1/savings/portfolio?start=2024-04&period=year_to_date").json()
    assert (year["avoided_energy_kwh"], year["avoided_energy_high_kwh"]) == (7000, 9000)
    assert year["counterfactual_kwh"] is None and year["period"] == "year_to_date"
    months = client.get("/v1/savings/portfolio?per=vendor&contract=dy-saving").json()
    assert [r["month"] for r in months] == ["2024-02", "2024-03", "2024-04"]
    assert client.get("/v1/savings/portfolio?vendor=nobody").json() == []
    assert client.get("/v1/savings/portfolio?carrier=heat").json() == []
    assert client.get("/v1/savings/portfolio?period=week").status_code == 422


def test_the_month_type_is_shown_as_text(client: TestClient) -> None:
    row = client.get("/v1/savings/portfolio?start=2024-04&format=csv").text.splitlines()[1]
    assert row.startswith(str(Month(2024, 4)))
