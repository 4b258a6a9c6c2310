"""Bills are read, sorted out, and laid over days so that their sums stay what they were."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import ConfigError
from processing.savings.inputs.bills import (
    bill_weather,
    bills_of_days,
    bills_of_table,
    days_of_bills,
    is_bills,
    laid_over,
    usable_bills,
)


def months(use: float = 300.0, first: str = "2023-01-01", count: int = 12) -> pd.DataFrame:
    starts = pd.date_range(first, periods=count, freq="MS")
    ends = starts + pd.offsets.MonthBegin()
    return pd.DataFrame({"start": starts, "end": ends, "use": use, "estimated": False})


def test_bad_bills_are_told_and_estimated_ones_merged() -> None:
    table = months().assign(use=lambda b: 10.0 * (b.end - b.start).dt.days)
    table.loc[2, "estimated"] = True  # March is estimated: it goes with April
    table.loc[6, "end"] = table.loc[6, "start"] + pd.Timedelta(days=10)
    table.loc[9, "use"] = np.nan
    good, findings = usable_bills(table)
    assert len(good) == 9 and (good.parts == 2).sum() == 1
    merged = good[good.parts == 2].iloc[0]
    assert merged.use == pytest.approx(610) and (merged.end - merged.start).days == 61
    assert {f.code for f in findings} == {"savings_bill_length", "savings_bill_unknown"}


def test_months_and_dates_are_the_same_bills() -> None:
    by_month = bills_of_table(pd.DataFrame({"month": ["2023-01", "2023-02"], "kwh": [1, 2]}))
    by_date = bills_of_table(
        pd.DataFrame(
            {
                "start": ["2023-01-01", "2023-02-01"],
                "end": ["2023-02-01", "2023-03-01"],
                "use": [1, 2],
            }
        )
    )
    pd.testing.assert_frame_equal(by_month, by_date, check_dtype=False)
    assert is_bills(by_date) and not is_bills(pd.DataFrame({"ts": [], "kwh": []}))
    flagged = bills_of_table(pd.DataFrame({"month": ["2023-01"], "use": [1], "estimated": ["是"]}))
    assert flagged.estimated.tolist() == [True]


@pytest.mark.parametrize(
    "table",
    [
        {"month": ["2023-01"]},
        {"ts": [1], "use": [1]},
        {"month": ["January"], "use": [1]},
        {"start": ["2023-01-01"], "end": ["2023-01-01"], "use": [1]},
        {"start": ["2023-01-01", "2023-01-20"], "end": ["2023-02-01", "2023-03-01"], "use": [1, 2]},
    ],
)
def test_tables_that_are_no_bills_are_refused(table: dict[str, list[object]]) -> None:
    with pytest.raises(ConfigError):
        bills_of_table(pd.DataFrame(table))


def test_bills_of_two_buildings_may_lie_side_by_side() -> None:
    table = pd.DataFrame({"building": ["b", "a"], "month": ["2023-01"] * 2, "use": [3, 4]})
    found = bills_of_table(table)
    assert found[["building", "use"]].to_numpy().tolist() == [["a", 4.0], ["b", 3.0]]
    days = days_of_bills(found)
    assert days.groupby("building").use.sum().to_dict() == pytest.approx({"a": 4.0, "b": 3.0})
    assert (days.hours == 24).all() and len(days) == 62


def test_a_month_with_many_days_missing_has_no_use() -> None:
    days = pd.DataFrame({"use": 2.0}, index=pd.date_range("2023-01-01", "2023-02-28"))
    days.loc["2023-01-05":"2023-01-06", "use"] = np.nan  # type: ignore[misc]
    days.loc["2023-02-05":"2023-02-07", "use"] = np.nan  # type: ignore[misc]
    found = bills_of_days(days).use
    assert found[0] == pytest.approx(62.0) and np.isnan(found[1])


def test_short_gaps_of_weather_are_bridged_and_long_ones_not() -> None:
    t = pd.Series(np.arange(20.0), index=pd.date_range("2023-01-01", periods=20))
    t.iloc[[3, 4, 5]] = np.nan
    t.iloc[10:14] = np.nan
    found = bill_weather(t)
    assert found.iloc[3:6].tolist() == pytest.approx([3.0, 4.0, 5.0])
    assert found.iloc[10:14].isna().all()


@settings(max_examples=50)
@given(st.lists(st.floats(0, 100), min_size=59, max_size=59), st.floats(0, 1e6))
def test_laid_over_days_a_bill_stays_its_sum(would: list[float], use: float) -> None:
    days = pd.Series(would, index=pd.date_range("2023-01-01", periods=59))
    bills = months(use, count=3)  # March has no weather
    found = laid_over(bills, days)
    assert float(found[:31].sum()) == pytest.approx(use)
    assert float(found[31:].sum()) == pytest.approx(use)
    gap = laid_over(bills, days.where(days.index != "2023-01-07"))
    assert gap[:31].isna().all() and gap[31:].notna().all()
