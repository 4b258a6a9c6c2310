"""`civicmeter statement reproduce --readings`: down to what meters said."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from civicmeter.wiring.issuing import issue
from civicmeter.wiring.pipeline import open_pipeline
from config.settings import Settings
from domain.calendar import DAY_MS, Month, days_between, local_midnight, to_ms
from domain.places import Carrier, Contract, Institution, Meter, Term
from domain.readings import Reading
from domain.registry import Registry
from processing.months.job import process
from tests.command_line import run

FIRST, LAST = Month(2023, 1), Month(2024, 2)
MONTHS = [Month(2024, 1), LAST]
HALL = Institution("hall", "市政府", "Town hall", calendar="weekdays", building_type="A")
METER = Meter(
    id="hall-main", institution="hall", carrier=Carrier.ELECTRICITY, register="energy_import_kwh"
)
CONTRACT = Contract(
    "retrofit",
    "hall",
    "改造",
    "Retrofit",
    "shared",
    FIRST.first_day,
    MONTHS[0].first_day,
    MONTHS[0].first_day,
    payment_terms=(
        Term("vendor_share", "0.6", "1"),
        Term("price", "0.80", "electricity"),
        Term("not_proven", "point"),
    ),
)
NOW = datetime(2024, 3, 20, tzinfo=UTC)
MISSED = to_ms(local_midnight(LAST.first_day, HALL.timezone)) + 9 * DAY_MS
"""A reading of February that comes later."""


def _readings() -> list[Reading]:
    days = days_between(FIRST.first_day, LAST.plus(1).first_day)
    start = to_ms(local_midnight(FIRST.first_day, HALL.timezone))
    use = [
        (200.0 if d.weekday() < 5 else 60.0) * (0.7 if d >= MONTHS[0].first_day else 1)
        for d in days
    ]
    value, found = 0.0, [Reading("hall-main", "energy_import_kwh", start, 0.0)]
    for k, kwh in enumerate(use, 1):
        value += kwh
        found.append(Reading("hall-main", "energy_import_kwh", start + k * DAY_MS, value))
    return found


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """January and February settled; one reading of February is missing."""
    with open_pipeline(Settings(data=tmp_path / "data")) as pipeline:
        pipeline.save_registry(Registry((HALL,), (), (METER,), (CONTRACT,)))
        pipeline.store.write([r for r in _readings() if r.at_ms != MISSED])
        results = list(process(pipeline.store, pipeline.ledger, months=MONTHS, now=NOW))
        assert any(f.name == "avoided_energy_kwh" and f.value for r in results for f in r.figures)
        for month in MONTHS:
            pipeline.ledger.close("hall", month, signed_by="Li")
            issue(pipeline, "retrofit", month, "Li Wei")
    return tmp_path / "data"


def _reproduce(data: Path) -> int:
    return run("statement", "reproduce", "retrofit", "2024-02", "--readings", "--data", data)


def test_the_months_come_to_the_same_from_readings(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _reproduce(data) == 0, capsys.readouterr()
    said = capsys.readouterr().out
    assert said.count("computed again from readings, the same") == 2


def test_a_reading_that_came_since_is_seen_and_changes_nothing(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    late = next(r for r in _readings() if r.at_ms == MISSED)
    with open_pipeline(Settings(data=data)) as pipeline:
        before = pipeline.ledger.statuses()
        pipeline.store.write([late._replace(value=late.value - 50.0)])
    assert _reproduce(data) == 1
    told = capsys.readouterr()
    assert "2024-01 r1: computed again from readings, the same" in told.out
    assert "2024-02 r1" in told.out and "by what is stored now, signed was" in told.out
    assert "1 of 2 months come to something else" in told.err
    with open_pipeline(Settings(data=data)) as pipeline:
        assert pipeline.ledger.statuses() == before, "nothing is kept of it"
