"""The meter tree: virtual meters, balances and energy items."""

from datetime import date

import numpy as np
import pytest

from domain.calendar import HOUR_MS
from domain.places import Carrier, Meter
from processing.curves.days import day_edges
from processing.curves.meter_use import MeterUse
from processing.curves.registers import use_curve
from processing.use.meter_tree import balance_figures, item_figures, virtual_periods
from processing.use.month_use import Period, month_use

EDGES = day_edges(date(2025, 6, 1), date(2025, 7, 1), "Asia/Shanghai")


def meter(name: str, parent: str = "", **more: object) -> Meter:
    base = {"carrier": Carrier.ELECTRICITY, "register": "energy_import_kwh", "institution": "i"}
    return Meter(id=name, parent=parent, **(base | more))  # type: ignore[arg-type]


def period(name: str, per_hour: float, first_hour: int = 0) -> Period:
    at = np.arange(EDGES[0] + first_hour * HOUR_MS, EDGES[-1] + 1, HOUR_MS)
    curve = use_curve(at, per_hour * np.arange(at.size))
    use = MeterUse(
        name,
        "electricity_use_kwh",
        Carrier.ELECTRICITY,
        True,
        HOUR_MS,
        6 * HOUR_MS,
        curve,
        int(EDGES[0]),
    )
    return month_use(use, EDGES, int(EDGES[-1]))


def test_a_virtual_meter_is_the_sum_of_its_parts_and_may_have_virtual_parts() -> None:
    meters = [
        meter("a"),
        meter("b"),
        meter("rest", formula=(("a", 1.0), ("b", -1.0))),
        meter("double", formula=(("rest", 2.0),)),
    ]
    found = virtual_periods(meters, [period("a", 10.0), period("b", 4.0)])
    assert [p.subject for p in found] == ["rest", "double"]
    assert found[0].whole.use[0] == pytest.approx(6.0 * 720)
    assert found[1].days.use == pytest.approx([12.0 * 24] * 30)
    assert set(found[0].days.code) == {"measured"}


def test_a_virtual_meter_is_unknown_where_a_part_is() -> None:
    meters = [meter("a"), meter("b"), meter("sum", formula=(("a", 1.0), ("b", 1.0)))]
    (found,) = virtual_periods(meters, [period("a", 10.0), period("b", 4.0, first_hour=48)])
    assert np.isnan(found.days.use[:2]).all()
    assert found.days.use[2:] == pytest.approx([14.0 * 24] * 28)
    assert found.whole.missing[0] == pytest.approx(1 / 30)
    assert virtual_periods(meters, [period("a", 10.0)]) == []


@pytest.mark.parametrize(
    ("subs", "ratio", "finding"), [((6.0, 3.0), 0.1, False), ((6.0, 6.0), -0.2, True)]
)
def test_a_main_is_balanced_against_its_subs(
    subs: tuple[float, float], ratio: float, finding: bool
) -> None:
    meters = [meter("main"), meter("a", "main"), meter("b", "main")]
    periods = [period("main", 10.0), period("a", subs[0]), period("b", subs[1])]
    (figure,) = balance_figures(meters, periods)
    assert figure.subject == "main"
    assert figure.value == pytest.approx(ratio)
    assert bool(figure.findings) == finding


def test_a_sub_meter_that_is_absent_leaves_the_balance_unknown() -> None:
    meters = [meter("main"), meter("a", "main"), meter("b", "main")]
    (figure,) = balance_figures(meters, [period("main", 10.0), period("a", 6.0)])
    assert figure.value is None


def test_items_sum_the_meters_that_carry_their_code() -> None:
    meters = [meter("a", item_code="01B1A"), meter("b", item_code="01B1A"), meter("c")]
    figures = item_figures(meters, [period("a", 1.0), period("b", 2.0), period("c", 9.0)])
    assert [(f.subject, f.value) for f in figures] == [("01B1A", pytest.approx(3.0 * 720))]
