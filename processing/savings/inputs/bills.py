"""Bills and monthly data: as a table, usable or not, and laid over the days they are about.

A bill is a row of start, end (naive local dates, the end excluded), use (NaN: missing) and perhaps
estimated (an estimated read at its end).
"""

from typing import Any

import numpy as np
import pandas as pd

from domain.errors import ConfigError
from domain.findings import Finding
from processing.curves.curve import Floats
from processing.savings.inputs.sufficiency import rules

KEYS = ["fuel", "building"]


def is_bills(table: pd.DataFrame) -> bool:
    """Whether a table holds bills, or months, and not hours."""
    return {"start", "end"} <= set(table) or "month" in table


def bills_of_table(table: pd.DataFrame) -> pd.DataFrame:
    """Bills by fuel and building, in the order of their start.

    `table` has start and end (dates, end excluded) or month (``2026-03``), use or kwh, and perhaps
    building (default ``""``), fuel (``electricity``) and estimated (no). Raises ConfigError for
    another shape, bills that overlap or such that end before they start.
    """
    amount = next((n for n in ("use", "kwh") if n in table), None)
    if amount is None or not is_bills(table):
        raise ConfigError(
            "a table of bills needs columns start and end (or month) and use; it has "
            + ", ".join(map(str, table.columns))
        )
    try:
        if "start" in table and "end" in table:
            dates = (pd.to_datetime(table[c], format="ISO8601") for c in ("start", "end"))
            start, end = (d.dt.normalize() for d in dates)
        else:
            start = pd.to_datetime(table["month"].astype(str), format="%Y-%m")
            end = start + pd.offsets.MonthBegin()
        use = table[amount].astype(float)
    except (ValueError, TypeError) as error:
        raise ConfigError(
            f"the bills cannot be read ({error}): write dates as 2026-03-01, months as 2026-03"
        ) from error
    bills = pd.DataFrame(
        {
            "fuel": table["fuel"].astype(str) if "fuel" in table else "electricity",
            "building": table["building"].astype(str) if "building" in table else "",
            "start": start,
            "end": end,
            "use": use,
            "estimated": _flags(table["estimated"]) if "estimated" in table else False,
        }
    ).sort_values([*KEYS, "start"], ignore_index=True)
    last = bills.groupby(KEYS)["end"].shift()
    wrong = (bills["end"] <= bills["start"]) | (last > bills["start"]) | bills["start"].isna()
    wrong |= bills["end"].isna()
    if wrong.any():
        first = bills[wrong].iloc[0]
        raise ConfigError(
            f"the bill of {first['building'] or 'the building'} from {first['start']} to "
            f"{first['end']} overlaps the one before or ends before it starts: `end` is the day "
            "after its last"
        )
    return bills


def _flags(column: pd.Series) -> pd.Series:
    words = column.astype(str).str.strip().str.lower()
    return words.isin({"1", "1.0", "true", "yes", "y", "是"})


def bills_of_days(daily: pd.DataFrame) -> pd.DataFrame:
    """Calendar months of daily use (column use, indexed by local date), as bills.

    A month of which a day in ten or more is missing has no use; otherwise missing days count as
    its mean day.
    """
    most = rules()["bill_days_missing_max_ratio"]
    rows = []
    for month, use in daily["use"].groupby(pd.DatetimeIndex(daily.index).to_period("M")):
        days = int(month.days_in_month)
        known = int(use.notna().sum())
        enough = days - known < most * days
        total = float(use.sum()) / known * days if enough else np.nan
        rows.append((month.start_time, (month + 1).start_time, total, False))
    return pd.DataFrame(rows, columns=["start", "end", "use", "estimated"])


def days_of_bills(bills: pd.DataFrame) -> pd.DataFrame:
    """Bills by fuel and building as the placebo test's daily table: each day its bill's mean.

    Columns as of `rollup.daily_use`: every day of a bill counts as 24 known hours.
    """
    days = [
        pd.date_range(s, e, inclusive="left")
        for s, e in zip(bills["start"], bills["end"], strict=True)
    ]
    lengths = [len(d) for d in days]
    table = bills.loc[bills.index.repeat(lengths), KEYS].reset_index(drop=True)
    table["day"] = np.concatenate([d.to_numpy() for d in days]) if days else pd.DatetimeIndex([])
    table["use"] = np.repeat((bills["use"] / lengths).to_numpy(dtype=np.float64), lengths)
    known = table["use"].notna()
    return table.assign(hours=np.where(known, 24, 0), zeros=np.where(table["use"] == 0, 24, 0))


def usable_bills(bills: pd.DataFrame) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """Bills that may be fitted, by CalTRACK's rules, and what was merged or left out.

    An estimated bill is merged with the next up to 70 days; bills shorter than 25 or longer than
    35 days (70 when merged) are left out, each with a finding.
    """
    limit = rules()
    merged = _merged(bills.sort_values("start"), limit["estimated_bill_merge_days_max"])
    most = np.where(
        merged["parts"] > 1, limit["estimated_bill_merge_days_max"], limit["bill_days_max"]
    )
    days = days_of(merged)
    wrong = (days < limit["bill_days_min"]) | (days > most)
    unknown = merged["use"].isna() & ~wrong
    found: list[Finding] = []
    if wrong.any():
        found.append(Finding("savings_bill_length", numbers={"bills": int(wrong.sum())}))
    if unknown.any():
        found.append(Finding("savings_bill_unknown", numbers={"bills": int(unknown.sum())}))
    return merged[~wrong & ~unknown].reset_index(drop=True), tuple(found)


def days_of(bills: pd.DataFrame) -> Floats:
    """How many days each bill spans."""
    spans = pd.to_datetime(bills["end"]) - pd.to_datetime(bills["start"])
    days: Floats = spans.dt.days.to_numpy().astype(np.float64)
    return days


def _merged(bills: pd.DataFrame, longest: float) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for bill in bills.assign(estimated=bills.get("estimated", False)).to_dict("records"):
        row: dict[str, Any] = {str(k): v for k, v in bill.items()} | {"parts": 1}
        last = rows[-1] if rows else None
        follows = last is not None and last["estimated"] and last["end"] == row["start"]
        if last is not None and follows and (row["end"] - last["start"]).days <= longest:
            use, parts = last["use"] + row["use"], last["parts"] + 1
            rows[-1] = row | {"start": last["start"], "use": use, "parts": parts}
        else:
            rows.append(row)
    return pd.DataFrame(rows, columns=["start", "end", "use", "estimated", "parts"])


def bill_weather(temperature_c: pd.Series) -> pd.Series:
    """Daily means with gaps of up to some days interpolated: one such day is nothing to a month."""
    days = temperature_c.astype(float).asfreq("D")
    gap = days.isna()
    run = gap.groupby((~gap).cumsum()).transform("sum")
    short = run <= rules()["bill_temperature_gap_max_d"]
    filled: pd.Series = days.where(~gap | ~short, days.interpolate(limit_area="inside"))
    return filled


def laid_over(bills: pd.DataFrame, counterfactual: pd.Series) -> pd.Series:
    """The bills' use by day, each in the shares of its days' counterfactual.

    So sums over whole bills are the bills, and a saving that is a share is that share every day:
    no day of it was measured. NaN outside of known bills, and where a bill's counterfactual is not
    known as a whole.
    """
    use = pd.Series(np.nan, index=counterfactual.index)
    for start, end, total in zip(bills["start"], bills["end"], bills["use"], strict=True):
        days = pd.date_range(start, end, inclusive="left")
        would = counterfactual.reindex(days)
        if would.isna().any():
            continue
        whole = float(would.sum())
        share = would / whole if whole > 0 else pd.Series(1 / len(days), index=days)
        use[days] = share * total
    return use
