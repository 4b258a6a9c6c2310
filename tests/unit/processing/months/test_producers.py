"""Every figure has one producer, which makes what it says; adding one is a row and a file."""

import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from domain.adjustments import Adjustment, Decision
from domain.calendar import Month, to_ms
from domain.carriers import METERED
from domain.figures.kinds import FigureName
from domain.figures.names import FIGURE_NAMES
from domain.places import (
    Bin,
    Carrier,
    Contract,
    Dated,
    Institution,
    Meter,
    PvSystem,
    Term,
    WasteStream,
    WeatherStation,
)
from domain.registry import Registry
from processing.months.baselines import savings_tracks
from processing.months.month import PRODUCERS, month_parts, month_result
from processing.months.producer import Part
from processing.months.site import Site, build_site, wanted_series
from processing.savings.track import SavingsTrack

ROOT = Path(__file__).parents[4]
HOUR_MS = 3_600_000
FIRST, NOW = datetime(2022, 12, 31, 16, tzinfo=UTC), datetime(2025, 2, 10, 4, tzinfo=UTC)
SINCE = date(2020, 1, 1)
METERS = {
    m.register: Meter(id=m.register, institution="hall", carrier=m.carrier, register=m.register)
    for m in METERED
    if not m.outward
}
MAIN = METERS["energy_import_kwh"]
PV = PvSystem(id="roof", institution="hall", capacity_kwp=100.0, grid_meter=MAIN.id)
SKY = WeatherStation(id="sky", institution="hall")
BINS = tuple(
    Bin(id=f"bin-{s.value}", institution="hall", stream=s)
    for s in (WasteStream.FOOD, WasteStream.RESIDUAL)
)
LIFTS = Meter(
    id="lifts",
    institution="hall",
    carrier=Carrier.ELECTRICITY,
    register=MAIN.register,
    parent=MAIN.id,
    item_code="01B00",
)
REST = Meter(
    id="rest",
    institution="hall",
    carrier=Carrier.ELECTRICITY,
    register=MAIN.register,
    parent=MAIN.id,
    formula=((MAIN.id, 1.0), (LIFTS.id, -1.0)),
)
REGISTRY = Registry(
    institutions=(
        Institution(
            id="hall",
            name_zh="厅",
            name_en="Hall",
            district_code="370502",
            weather_device=SKY.id,
            floor_area_m2=(Dated(SINCE, 5000.0),),
            headcount=(Dated(SINCE, 200.0),),
            heating_season=((11, 15), (3, 16)),
        ),
    ),
    devices=(*METERS.values(), LIFTS, REST, PV, SKY, *BINS),
    contracts=(
        Contract(
            id="led",
            institution="hall",
            name_zh="改造",
            name_en="Retrofit",
            form="shared",
            payment_terms=(Term("vendor_share", "0.5", "1"), Term("price", "0.7", "electricity")),
            baseline_start=date(2023, 1, 1),
            baseline_end=date(2024, 1, 1),
            reporting_start=date(2024, 1, 1),
        ),
    ),
).check()
APPROVED = Adjustment(
    institution="hall",
    contract="led",
    carrier="electricity",
    start=date(2024, 6, 1),
    end=date(2025, 1, 1),
    formula="24",
    reason="an extension",
    evidence="plan.pdf",
    evidence_sha256="0" * 64,
    author="Wang",
    entered_at=NOW,
    decisions=(Decision("approved", "Li", NOW),),
)
MONTHS = (Month(2023, 7), Month(2024, 1), Month(2024, 12), Month(2025, 1), Month(2025, 2))
"""Before the contract, in and out of the heating season, after a year of it, and running."""


def samples() -> dict[tuple[str, str], tuple[np.ndarray, np.ndarray]]:
    """What everything at the hall says by the hour for two years: a place that has it all."""
    at = np.arange(to_ms(FIRST), to_ms(NOW) + 1, HOUR_MS, dtype=np.int64)
    rng = np.random.default_rng(3)
    hour = (at // HOUR_MS + 8) % 24
    warm = 13 - 13 * np.cos(2 * np.pi * at / (365.25 * 24 * HOUR_MS)) + rng.normal(0, 1, at.size)
    sun = np.where((hour > 6) & (hour < 18), 700.0 * np.sin((hour - 6) * np.pi / 12), 0.0)
    busy = np.where((hour >= 8) & (hour < 18), 60.0, 20.0) + rng.normal(0, 1, at.size)
    per_hour = {
        (MAIN.id, MAIN.register): busy + np.maximum(warm - 18, 0),
        (MAIN.id, "energy_export_kwh"): 0.02 * sun,
        (LIFTS.id, LIFTS.register): 0.1 * busy,
        (PV.id, "pv_energy_kwh"): 0.08 * sun,
        ("bin-food", "inspection_total_count"): hour == 10,
        ("bin-food", "inspection_correct_count"): (hour == 10) & (rng.random(at.size) < 0.9),
        **{(m.id, m.register): 1 + 0.01 * busy for m in METERS.values() if m is not MAIN},
    }
    found = {s: (at, np.round(100 + np.cumsum(v), 3)) for s, v in per_hour.items()}
    found |= {(b.id, "mass_kg"): (at, 10 + (at // HOUR_MS % 48) * 1.5) for b in BINS}
    states = {"outdoor_temperature_c": warm, "irradiance_w_per_m2": sun}
    found |= {(SKY.id, q): (at, v) for q, v in states.items()}
    found |= {
        (PV.id, "irradiance_w_per_m2"): (at, sun),
        (PV.id, "module_temperature_c"): (at, warm),
    }
    assert set(found) <= set(wanted_series(REGISTRY, REGISTRY.institutions[0]))
    return found


@cache
def site() -> Site:
    return build_site(REGISTRY, REGISTRY.institutions[0], samples())


@cache
def tracks() -> tuple[SavingsTrack, ...]:
    found, frozen = savings_tracks(site(), (), [APPROVED], NOW)
    assert {m.kind for m in frozen} == {"baseline", "typical_year"}
    return tuple(found)


@cache
def parts(month: Month) -> dict[str, Part]:
    return month_parts(site(), month, to_ms(NOW), tracks())


def test_every_figure_has_exactly_one_producer() -> None:
    declared = Counter(name for producer in PRODUCERS for name in producer.figures)
    assert declared == Counter(list(FIGURE_NAMES))
    assert len({p.name for p in PRODUCERS}) == len(PRODUCERS)


@pytest.mark.parametrize("producer", PRODUCERS, ids=lambda p: p.name)
def test_a_producer_makes_what_it_declares_and_nothing_else(producer: Any) -> None:
    made = [parts(month)[producer.name] for month in MONTHS]
    assert {f.name for part in made for f in part.figures} == set(producer.figures)
    assert {d.name for part in made for d in part.days} <= set(producer.figures)


def test_a_result_is_its_parts_in_order() -> None:
    for month in MONTHS:
        result, of = month_result(site(), month, to_ms(NOW), tracks()), parts(month).values()
        assert result.figures == tuple(f for part in of for f in part.figures)
        assert result.days == tuple(d for part in of for d in part.days)
        assert result.findings == tuple(f for part in of for f in part.findings)
        assert result.models == tuple(m for part in of for m in part.models)
    assert [f.code for f in parts(MONTHS[-1])["inputs"].findings] == ["month_running"]


def test_months_do_not_depend_on_now_once_they_are_over() -> None:
    month = Month(2024, 1)
    later = to_ms(NOW + timedelta(days=400))
    assert month_result(site(), month, later, tracks()) == month_result(
        site(), month, to_ms(NOW), tracks()
    )


def test_the_worked_example_of_contributing_is_a_row_and_a_file() -> None:
    """It is taken from the page and run beside the others, which stay as they are."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    row, file, listed = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    table: dict[str, Any] = {}
    source = (ROOT / "domain/figures/table.py").read_text(encoding="utf-8")
    head = "ROWS: tuple[FigureName, ...] = (\n"
    exec(source.replace(head, head + row), table)
    new = table["ROWS"][0]
    assert isinstance(new, FigureName) and new.name not in FIGURE_NAMES
    example: dict[str, Any] = {}
    exec(file, example)
    producer = example["PRODUCER"]
    assert listed.strip() == f"{producer.name}.PRODUCER,"
    assert producer.figures == (new.name,)
    month = Month(2024, 1)
    before = month_result(site(), month, to_ms(NOW), tracks())
    after = month_result(site(), month, to_ms(NOW), tracks(), (*PRODUCERS, producer))
    (figure,) = after.figures[len(before.figures) :]
    assert after.figures[:-1] == before.figures
    assert figure.name == new.name and figure.value == pytest.approx(19, abs=1)
