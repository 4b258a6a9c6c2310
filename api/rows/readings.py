"""Rows of raw readings and of their series."""

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import Field

from api.rows.base import Row
from domain.calendar import from_ms, local_day, local_midnight, to_ms
from domain.places import AnyDevice
from domain.quantities import QUANTITIES, DeviceClass
from store.readings.port import SeriesArrays


def unit_of_quantity(quantity: str) -> str:
    """The unit of a quantity; "1" for one that is not in the table (stored by an older version)."""
    return QUANTITIES[quantity].unit if quantity in QUANTITIES else "1"


class SeriesRow(Row):
    device: str = Field(description="Device id.")
    device_class: DeviceClass | Literal[""] = Field(description="meter, pv, bin or weather.")
    institution: str = Field(description="Institution id.")
    quantity: str = Field(description="What is reported; /v1/quantities has the meanings.")
    unit: str = Field(description="Unit of the values.")
    readings: int = Field(description="Readings stored.")
    first_at: datetime = Field(description="First reading, UTC.")
    last_at: datetime = Field(description="Last reading, UTC.")


def series_row(
    device: str,
    quantity: str,
    readings: int,
    first_at: pd.Timestamp,
    last_at: pd.Timestamp,
    known: AnyDevice | None,
) -> SeriesRow:
    """One series of the store; `known` is the device where the registry has it."""
    return SeriesRow(
        device=device,
        quantity=quantity,
        unit=unit_of_quantity(quantity),
        readings=int(readings),
        device_class=known.device_class if known else "",
        institution=known.institution if known else "",
        first_at=first_at.to_pydatetime(),
        last_at=last_at.to_pydatetime(),
    )


class ReadingRow(Row):
    device: str = Field(description="Device id.")
    quantity: str = Field(description="What is reported.")
    at: datetime = Field(description="Instant of the reading, UTC.")
    value: float = Field(description="The value as the device reported it, in `unit`.")
    unit: str = Field(description="Unit of the value.")


def reading_rows(frame: pd.DataFrame) -> list[ReadingRow]:
    """One row a reading of a store's frame."""
    columns = zip(frame["device"], frame["quantity"], frame["at"], frame["value"], strict=True)
    return [
        ReadingRow(device=d, quantity=q, at=at.to_pydatetime(), value=v, unit=unit_of_quantity(q))
        for d, q, at, v in columns
    ]


class SummaryRow(Row):
    device: str = Field(description="Device id.")
    quantity: str = Field(description="What is reported.")
    unit: str = Field(description="Unit of the values.")
    start_at: datetime = Field(description="Start of the span, UTC.")
    end_at: datetime = Field(description="End of the span, UTC, excluded.")
    readings: int = Field(description="Readings in the span; there is no row for none.")
    minimum: float = Field(description="Least value, in `unit`.")
    minimum_at: datetime = Field(description="When it was first there, UTC.")
    maximum: float = Field(description="Greatest value, in `unit`.")
    maximum_at: datetime = Field(description="When it was first there, UTC.")
    mean: float = Field(
        description="Mean of the readings, each counting once however long it held, in `unit`."
    )
    first: float = Field(description="First value of the span, in `unit`.")
    last: float = Field(description="Last value of the span, in `unit`.")


def summary_rows(found: SeriesArrays, every_s: int | None, timezone: str) -> Iterator[SummaryRow]:
    """A row a span of a series that has readings; `every_s` None: local days of the zone, else
    spans of so many seconds since the epoch."""
    if not found.at_ms.size:
        return
    edges = _days_ms(found, timezone) if every_s is None else _spans_ms(found, every_s * 1000)
    unit = unit_of_quantity(found.series.quantity)
    first = np.searchsorted(found.at_ms, edges[:-1])
    ends = np.searchsorted(found.at_ms, edges[1:])
    for k, (i, j) in enumerate(zip(first, ends, strict=True)):
        at_ms, value = found.at_ms[i:j], found.value[i:j]
        if not value.size:
            continue
        low, high = int(value.argmin()), int(value.argmax())
        yield SummaryRow(
            device=found.series.device,
            quantity=found.series.quantity,
            unit=unit,
            start_at=from_ms(int(edges[k])),
            end_at=from_ms(int(edges[k + 1])),
            readings=value.size,
            minimum=value[low],
            minimum_at=from_ms(int(at_ms[low])),
            maximum=value[high],
            maximum_at=from_ms(int(at_ms[high])),
            mean=value.mean(),
            first=value[0],
            last=value[-1],
        )


def _spans_ms(found: SeriesArrays, every_ms: int) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """The edges of the spans that hold readings, and those after each."""
    starts = np.unique(found.at_ms // every_ms * every_ms)
    return np.unique(np.concatenate([starts, starts + every_ms]))


def _days_ms(found: SeriesArrays, timezone: str) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    day = local_day(from_ms(int(found.at_ms[0])), timezone)
    last = local_day(from_ms(int(found.at_ms[-1])), timezone)
    days = pd.date_range(day, last + pd.Timedelta(days=1), freq="D")
    return np.array([to_ms(local_midnight(d.date(), timezone)) for d in days], dtype=np.int64)
