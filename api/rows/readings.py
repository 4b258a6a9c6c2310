"""Rows of raw readings and of their series."""

from datetime import datetime
from typing import Literal

import pandas as pd
from pydantic import Field

from api.rows.base import Row
from domain.places import AnyDevice
from domain.quantities import QUANTITIES, DeviceClass


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
