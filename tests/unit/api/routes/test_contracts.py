"""Contracts over HTTP: what is registered of them, and what would prove what they expect."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient

from config.working_days import day_types
from domain.models import ModelRecord
from domain.places import Carrier, Measure
from processing.savings.engine import fit_baseline
from store.ledger.sql.ledger import SqlLedger
from store.readings.sqlite import SqliteReadingStore
from tests.api_sample import CAMPUS

LIGHTS = Measure(date(2023, 1, 1), "lighting", Carrier.ELECTRICITY, "LED")


def record() -> ModelRecord:
    days = pd.date_range("2022-01-01", "2022-12-31", freq="D")
    rng = np.random.default_rng(1)
    use = 1000 * rng.normal(1, 0.04, len(days))
    daily = pd.DataFrame(
        {"use": use, "temperature_c": 12 + rng.normal(0, 5, len(days))}, index=days
    )
    model = fit_baseline(daily, day_types=day_types(list(days.date), "cn"))
    return ModelRecord(
        digest=model.digest,
        institution=CAMPUS,
        contract="dy-saving",
        kind="baseline",
        carrier="electricity",
        json=model.to_json(),
        fitted_at=datetime(2023, 1, 2, tzinfo=UTC),
    )


@pytest.fixture
def client(
    own_sample: tuple[SqliteReadingStore, SqlLedger], serve_own: Callable[..., TestClient]
) -> TestClient:
    ledger = own_sample[1]
    registry = ledger.registry()
    contracts = (replace(registry.contracts[0], measures=(LIGHTS,), expected_saving_ratio=0.04),)
    ledger.save_registry(replace(registry, contracts=contracts))
    return serve_own()


def test_what_was_done_and_how_it_is_settled_is_in_the_row(client: TestClient) -> None:
    (row,) = client.get("/v1/contracts").json()
    assert row["measures"] == "2023-01-01 lighting electricity LED"
    assert (row["claim"], row["expected_saving_ratio"]) == ("yearly", 0.04)


def test_a_contract_is_told_which_sub_meter_it_needs(
    client: TestClient, own_sample: tuple[SqliteReadingStore, SqlLedger]
) -> None:
    assert client.get("/v1/contracts/proof").json() == [], "no baseline is frozen yet"
    own_sample[1].save_model(record())
    (row,) = client.get("/v1/contracts/proof").json()
    assert (row["contract"], row["carrier"], row["answer"]) == (
        "dy-saving",
        "electricity",
        "submeter",
    )
    assert row["expected_saving_kwh"] == pytest.approx(0.04 * row["year_kwh"])
    assert row["provable_saving_kwh"] > row["expected_saving_kwh"]
    assert 0 < row["submeter_least_share"] < row["submeter_most_share"] < 1
    assert row["submeter_half_width_kwh"] < row["half_width_kwh"]
    assert "sub-meter" in row["en_text"] and "分项计量" in row["zh_text"]
    assert client.get("/v1/contracts/proof?institution=nobody").status_code in (200, 404)
    assert all(not isinstance(v, dict | list) for v in row.values())
