"""Closures that use shows are proposed in a workbook to look at and import."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from civicmeter.wiring.pipeline import open_pipeline
from config.settings import Settings
from config.working_days import day_types
from domain.calendar import DAY_MS, Month, days_between, local_midnight, to_ms
from domain.operating import OperatingSpell
from domain.places import Carrier, Contract, Institution, Meter
from domain.readings import Reading
from domain.registry import Registry
from registry.reading import read_xlsx
from tests.command_line import run

THIS = Month.of(datetime.now(UTC).date())
FIRST, END = THIS.plus(-14).first_day, THIS.first_day
SCHOOL = Institution("school", "学校", "School", calendar="weekdays")
QUIET = replace(SCHOOL, id="quiet")
CLOSED = OperatingSpell(THIS.plus(-9).first_day, THIS.plus(-8).first_day, "closed")
CONTRACT = Contract(
    "c1",
    "school",
    "改造",
    "Retrofit",
    "shared",
    FIRST,
    THIS.plus(-12).first_day,
    THIS.plus(-12).first_day,
)


def meter(place: str) -> Meter:
    return Meter(
        id=f"{place}-main",
        institution=place,
        carrier=Carrier.ELECTRICITY,
        register="energy_import_kwh",
    )


def readings(place: str, shut: bool) -> list[Reading]:
    days = days_between(FIRST, END)
    kinds = day_types(days, "weekdays", [CLOSED] if shut else [])
    use = [40.0 if d in kinds.states else 200.0 if kinds[d] == "working" else 60.0 for d in days]
    start = to_ms(local_midnight(FIRST, SCHOOL.timezone))
    value = np.concatenate([[0.0], np.cumsum(use)])
    return [
        Reading(f"{place}-main", "energy_import_kwh", start + k * DAY_MS, float(v))
        for k, v in enumerate(value)
    ]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    registry = Registry((SCHOOL, QUIET), (), (meter("school"), meter("quiet")), (CONTRACT,))
    with open_pipeline(Settings(data=tmp_path / "data")) as pipeline:
        pipeline.save_registry(registry)
        pipeline.store.write([*readings("school", True), *readings("quiet", False)])
    return tmp_path / "data"


def test_a_proposal_is_looked_at_imported_and_not_made_again(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "operation.xlsx"
    assert run("registry", "propose-operation", "--out", out, "--data", data) == 0
    assert "1 closures proposed" in capsys.readouterr().out
    assert run("registry", "propose-operation", "--out", out, "--data", data) == 2, (
        "nothing is written over"
    )
    proposed, problems = read_xlsx(out)
    assert not problems
    (place,) = proposed.institutions
    (spell,) = place.operation
    assert place.id == "school" and spell.kind == "closed" and "proposed" in spell.note
    assert abs(spell.start - CLOSED.start) <= timedelta(days=2)
    assert abs(spell.end - CLOSED.end) <= timedelta(days=2)
    assert run("registry", "import", out, "--data", data) == 0
    with open_pipeline(Settings(data=data)) as pipeline:
        assert pipeline.registry.institution_by_id["school"].operation == (spell,)
    capsys.readouterr()
    again = tmp_path / "again.xlsx"
    assert run("registry", "propose-operation", "--out", again, "--data", data) == 0
    assert "no closure is seen" in capsys.readouterr().out and not again.exists()


def test_an_institution_nobody_knows_is_told(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "o.xlsx"
    assert (
        run("registry", "propose-operation", "--out", out, "--institution", "x", "--data", data)
        == 2
    )
    assert "no institution 'x'" in capsys.readouterr().err
    assert (
        run("registry", "propose-operation", "--out", out, "--institution", "quiet", "--data", data)
        == 0
    )
    assert not out.exists()


def test_it_says_of_whom_nothing_is_known(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_pipeline(Settings(data=data)) as pipeline:
        registry = pipeline.registry
        empty = replace(SCHOOL, id="empty")
        pipeline.save_registry(replace(registry, institutions=(*registry.institutions, empty)))
    ask = ("registry", "propose-operation", "--out", tmp_path / "o.xlsx", "--data", data)
    assert run(*ask, "--institution", "empty") == 0
    told = capsys.readouterr()
    assert "of 1 of 1 institutions nothing is known" in told.err and "(empty)" in told.err
    assert "no closure is seen" not in told.out, "that would be known"
    assert run(*ask, "--institution", "quiet") == 0
    told = capsys.readouterr()
    assert "no closure is seen" in told.out and "nothing is known" not in told.err
    assert run(*ask) == 0
    told = capsys.readouterr()
    assert "1 closures proposed" in told.out and "1 of 3" in told.err
