"""The count that must come out: what was sent against what the store holds."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from domain.calendar import from_ms
from domain.readings import Series
from store.readings.port import ReadingStore


@dataclass(frozen=True, slots=True)
class Audit:
    """`readings` is what the store holds of the sent series. `lost` were sent and are not
    there; `duplicated` are there more than once; `altered` are there with another value.
    """

    readings: int
    lost: int
    duplicated: int
    altered: int

    def __add__(self, other: "Audit") -> "Audit":
        return Audit(
            self.readings + other.readings,
            self.lost + other.lost,
            self.duplicated + other.duplicated,
            self.altered + other.altered,
        )

    @property
    def clean(self) -> bool:
        return self.lost == self.duplicated == self.altered == 0


def audit(store: ReadingStore, sent_file: Path) -> Audit:
    """Compare by series and time; `sent_file` is the simulators' ``sent.parquet``.

    Reads back one series at a time, so memory stays that of the longest.
    """
    sent = pd.read_parquet(sent_file)
    total = Audit(0, 0, 0, 0)
    for (device, quantity), group in sent.groupby(["device", "quantity"], observed=True):
        at_ms = group["at_ms"].to_numpy(np.int64)
        span = from_ms(int(at_ms.min())), from_ms(int(at_ms.max()) + 1)
        stored = store.read([Series(str(device), str(quantity))], *span)
        stored_ms = stored["at"].astype("datetime64[ms, UTC]").astype(np.int64).to_numpy()
        total += compare(
            at_ms, group["value"].to_numpy(float), stored_ms, stored["value"].to_numpy(float)
        )
    return total


def compare(
    sent_ms: np.ndarray, sent_value: np.ndarray, stored_ms: np.ndarray, stored_value: np.ndarray
) -> Audit:
    """One series: times in ms and values, each in any order; a time sent twice counts once."""
    sent_ms, first = np.unique(sent_ms, return_index=True)
    sent_value = sent_value[first]
    there, where = np.unique(stored_ms, return_index=True)
    found = np.isin(sent_ms, there, assume_unique=True)
    at = np.searchsorted(there, sent_ms[found])
    altered = ~np.isclose(stored_value[where][at], sent_value[found], rtol=1e-12, atol=0)
    return Audit(
        readings=len(stored_ms),
        lost=int((~found).sum()),
        duplicated=len(stored_ms) - len(there),
        altered=int(altered.sum()),
    )
