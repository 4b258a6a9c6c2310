from dataclasses import replace
from datetime import date

import pytest

from domain.errors import ConfigError
from domain.places import Building, Carrier, Contract, Dated, Institution, Meter, PvSystem, value_on
from domain.registry import Registry

HALL = Institution("hall", "市政服务大厅", "Service hall")
METER = Meter(
    id="m1", institution="hall", carrier=Carrier.ELECTRICITY, register="energy_import_kwh"
)
GOOD = Registry(institutions=(HALL,), devices=(METER,))
CHILLER = Contract(
    "c1",
    "hall",
    "冷机",
    "Chiller",
    "shared",
    date(2022, 1, 1),
    date(2023, 1, 1),
    date(2023, 1, 1),
    option="B",
    meters=("m1",),
)


def test_a_registry_that_fits_together_is_itself() -> None:
    assert GOOD.check() is GOOD
    assert GOOD.meters("hall") == [METER] and GOOD.bins("hall") == []


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (replace(GOOD, institutions=(HALL, HALL)), "institution 'hall' is there 2 times"),
        (replace(GOOD, devices=(METER, METER)), "device 'm1' is there 2 times"),
        (replace(GOOD, institutions=()), "names institution 'hall'"),
        (replace(GOOD, devices=(replace(METER, building="x"),)), "names building 'x'"),
        (replace(GOOD, devices=(replace(METER, register="power_w"),)), "is not a register"),
        (replace(GOOD, devices=(replace(METER, parent="m9"),)), "names parent 'm9'"),
        (replace(GOOD, institutions=(replace(HALL, weather_device="w"),)), "weather device 'w'"),
        (
            replace(
                GOOD,
                devices=(PvSystem(id="p", institution="hall", capacity_kwp=1, grid_meter="g"),),
            ),
            "grid meter 'g'",
        ),
        *(
            (replace(GOOD, contracts=(contract,)), says)
            for contract, says in (
                (replace(CHILLER, meters=()), "names no meters"),
                (replace(CHILLER, option="C"), "write option B"),
                (replace(CHILLER, meters=("m9",)), "'m9', which is no meter of its institution"),
                (replace(CHILLER, carriers=(Carrier.HEAT,)), "whose electricity does not count"),
            )
        ),
        (
            replace(GOOD, buildings=(Building("b", "nobody", "楼", "Block"),)),
            "names institution 'nobody'",
        ),
    ],
)
def test_each_kind_of_mistake_is_named(broken: Registry, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        broken.check()


def test_a_contract_of_equipment_names_its_meters() -> None:
    assert replace(GOOD, contracts=(CHILLER,)).problems() == []


def test_all_mistakes_are_told_at_once() -> None:
    broken = replace(GOOD, institutions=(), devices=(METER, METER))
    assert len(broken.problems()) == 3


def test_a_dated_value_holds_from_its_day_on() -> None:
    history = (Dated(date(2024, 1, 1), 100.0), Dated(date(2025, 7, 1), 120.0))
    assert value_on(history, date(2023, 12, 31)) is None
    assert value_on(history, date(2025, 6, 30)) == 100.0
    assert value_on(history, date(2025, 7, 1)) == 120.0
