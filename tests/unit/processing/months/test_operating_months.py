"""A school under contract: its months rest on its calendar, and a change of that changes no closed one."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from domain.calendar import Month, local_midnight, to_ms
from domain.figures import Figure, MonthResult
from domain.operating import OperatingSpell
from domain.places import Carrier, Contract, Institution, Meter, WeatherStation
from domain.readings import Reading
from domain.registry import Registry
from processing.months.job import process
from processing.savings.models.frozen import FrozenModel
from processing.savings.models.operated import FACTOR
from store.ledger.port import Ledger
from store.opening import open_ledger
from store.readings.sqlite import SqliteReadingStore
from tests.school import school, spells

NOW = datetime(2025, 5, 10, 4, 0, tzinfo=UTC)
PLACE = Institution("school", "学校", "School", weather_device="sky", operation=spells())
REGISTRY = Registry(
    (PLACE,),
    (),
    (
        Meter(
            id="power",
            institution="school",
            carrier=Carrier.ELECTRICITY,
            register="energy_import_kwh",
            expected_interval_s=86_400,
        ),
        WeatherStation(id="sky", institution="school", expected_interval_s=86_400),
    ),
    (
        Contract(
            "led",
            "school",
            "改造",
            "Retrofit",
            "shared",
            date(2024, 1, 1),
            date(2025, 1, 1),
            date(2025, 1, 1),
        ),
    ),
)
JANUARY, FEBRUARY, APRIL = (Month(2025, m) for m in (1, 2, 4))


class Place:
    def __init__(self, folder: Path) -> None:
        self.store = SqliteReadingStore(folder / "readings.db")
        self.ledger: Ledger = open_ledger(f"sqlite:///{folder / 'ledger.db'}")
        self.ledger.save_registry(REGISTRY.check())
        table = school(0)[:"2025-05-08"]  # type: ignore[misc]
        days = [*pd.DatetimeIndex(table.index).date, date(2025, 5, 9)]
        at = [to_ms(local_midnight(d, PLACE.timezone)) for d in days]
        total = np.concatenate([[0.0], np.cumsum(table["use"].to_numpy())])
        self.store.write(
            [
                Reading("power", "energy_import_kwh", t, float(v))
                for t, v in zip(at, total, strict=True)
            ]
        )
        warmth = zip(at, table["temperature_c"], strict=False)
        self.store.write(
            [
                Reading("sky", "outdoor_temperature_c", t + h * 3_600_000, float(v))
                for t, v in warmth
                for h in range(24)
            ]
        )

    def process(self) -> dict[Month, MonthResult]:
        return {r.month: r for r in process(self.store, self.ledger, months=None, now=NOW)}

    def operate(self, *operation: OperatingSpell) -> None:
        self.ledger.save_registry(
            replace(REGISTRY, institutions=(replace(PLACE, operation=operation),))
        )


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    made.store.close()
    made.ledger.close_connections()


def avoided(result: MonthResult) -> Figure:
    return next(f for f in result.figures if f.name == "avoided_energy_kwh")


def test_the_calendar_is_with_the_figures_and_the_baseline(place: Place) -> None:
    results = place.process()
    (record,) = [m for m in place.ledger.models("school") if m.kind == "baseline"]
    model = FrozenModel.from_json(record.json)
    assert model.by_calendar and model.operating.days("closed") == sum(
        (s.end - s.start).days for s in spells()[:2]
    )
    for month, closed in ((JANUARY, 21), (FEBRUARY, 15), (APRIL, 0)):
        figure = avoided(results[month])
        (factor,) = [f for f in figure.factors if f.name == FACTOR]
        assert factor.value == closed and model.operating.digest[:12] in factor.source
        assert figure.method == "daily-baseline/4"
        ratio = next(f for f in results[month].figures if f.name == "avoided_energy_ratio")
        assert abs(ratio.value or 1.0) < 0.15, "nothing was saved"


def test_a_change_of_the_calendar_waits_for_somebody_where_a_month_is_closed(place: Place) -> None:
    place.process()
    for month in (FEBRUARY, APRIL):
        place.ledger.close("school", month, signed_by="Wang Fang")
    before = {m: place.ledger.results("school", m, m.plus(1)) for m in (FEBRUARY, APRIL)}
    frozen = place.ledger.models("school")
    moved = replace(spells()[2], end=date(2025, 2, 9))
    place.operate(*spells()[:2], moved, *spells()[3:])
    place.process()
    for month in (FEBRUARY, APRIL):
        assert place.ledger.results("school", month, month.plus(1)) == before[month]
    waits = place.ledger.pending("school", FEBRUARY)
    assert waits is not None
    (factor,) = [f for f in avoided(waits).factors if f.name == FACTOR]
    assert factor.value == 8
    assert place.ledger.models("school") == frozen
