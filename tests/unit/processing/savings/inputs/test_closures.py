"""Closures that use shows: found where they are, and none where there are none."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from processing.savings.inputs.closures import Closure, closures_in
from tests.school import school, spells, types, year


def found(table: pd.DataFrame) -> list[Closure]:
    days = pd.DatetimeIndex(table.index)
    kinds = types(days)
    off = np.array([kinds[d] != "working" for d in days.date])
    holiday = np.array([kinds[d] == "holiday" for d in days.date])
    use, warmth = (table[c].to_numpy(dtype=np.float64) for c in ("use", "temperature_c"))
    return closures_in(days, use, warmth, off, holiday)


@pytest.mark.parametrize("seed", range(3))
def test_planted_closures_are_found_with_their_days(seed: int) -> None:
    closures = found(school(seed))
    assert len(closures) == len(spells())
    for closure, spell in zip(closures, spells(), strict=True):
        assert (
            abs((closure.start - spell.start).days) <= 3
        )  # days off on both sides are not told apart
        assert abs((closure.end - spell.end).days) <= 3
        assert closure.like_rest


@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_found_where_nothing_was_closed(seed: int) -> None:
    assert found(school(seed, depth=0.0)) == []


def test_a_step_that_does_not_come_back_is_no_closure() -> None:
    table = school(0, depth=0.0)
    table.loc["2026-08-01":, "use"] *= 0.4  # type: ignore[misc]
    assert found(table) == []


def test_a_gap_is_no_closure() -> None:
    table = school(0, depth=0.0)
    table.loc["2025-03-01":"2025-05-01", "use"] = np.nan  # type: ignore[misc]
    assert found(table) == []
    assert found(table.assign(use=np.nan)) == []


def test_a_vacation_in_which_some_work_is_told_from_a_closure() -> None:
    table = school(0, depth=0.0)
    table.loc["2025-05-06":"2025-06-05", "use"] *= 0.55  # type: ignore[misc]
    (closure,) = found(table)
    assert not closure.like_rest and closure.ratio == pytest.approx(0.55, abs=0.03)
    assert closure.start <= date(2025, 5, 6) and closure.end >= date(2025, 6, 6)


def test_weeks_are_too_few_to_tell() -> None:
    assert found(year(school(0), 2025).iloc[:70]) == []
