"""What is compared: the truth of a scenario, and what a pipeline computed of it.

Plain results, so nothing here knows how they were computed: whoever wires a pipeline fills
`Results` from its store, ledger and API, or writes them into a folder.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from domain.errors import ConfigError


@dataclass(frozen=True)
class Computed:
    """One figure a pipeline computed; names and subjects as in `domain.figures`."""

    institution: str
    subject: str
    name: str
    month: str
    """``YYYY-MM``."""
    value: float | None
    measured: float = 1.0
    """Share of the month that was measured."""
    low: float | None = None
    high: float | None = None
    """The interval it is said to lie in, where one is given."""


@dataclass(frozen=True)
class Found:
    """A finding about a device, or something else of an institution, in a month; what cannot be
    told is ""."""

    device: str
    month: str
    code: str
    institution: str = ""


@dataclass(frozen=True)
class Results:
    """All that a pipeline says. `stored` has the columns of ``sent.parquet``."""

    stored: pa.Table
    figures: tuple[Computed, ...] = ()
    findings: tuple[Found, ...] = ()
    meter_months: int = 0
    """Meters times months looked at: what false findings are counted against."""


@dataclass(frozen=True)
class Truth:
    """A truth folder in memory."""

    sent: pa.Table
    """device, quantity and at_ms of every distinct good reading."""
    months: Mapping[tuple[str, str, str, str], float]
    """(institution, subject, name, month) → what was true."""
    faults: tuple[Mapping[str, Any], ...] = ()
    bad_messages: frozenset[str] = frozenset()
    """Kinds of deliberately bad messages that were sent."""


def read_truth(folder: Path) -> Truth:
    """Read a truth folder. Raises ConfigError when it is none."""
    try:
        about = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
        sent = pq.read_table(folder / "sent.parquet", columns=["device", "quantity", "at_ms"])
        rows = pq.read_table(folder / "truth.parquet", filters=pc.field("day").is_null())
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{folder} is no truth folder ({error}): make one with `civicmeter simulate run`"
        ) from error
    columns = (rows[c].to_pylist() for c in ("institution", "subject", "name", "month", "value"))
    months = {(i, s, n, m): v for i, s, n, m, v in zip(*columns, strict=True)}
    return Truth(sent, months, tuple(about["faults"]), frozenset(about.get("bad_messages", ())))


def read_results(folder: Path) -> Results:
    """Read results from ``stored.parquet`` and ``results.json``, whose keys ``figures`` and
    ``findings`` hold tables of the fields of Computed and Found, beside ``meter_months``.
    Raises ConfigError when they are not there or not so.
    """
    try:
        stored = pq.read_table(folder / "stored.parquet")
        content = json.loads((folder / "results.json").read_text(encoding="utf-8"))
        return Results(
            stored,
            tuple(Computed(**f) for f in content.get("figures", [])),
            tuple(Found(**f) for f in content.get("findings", [])),
            int(content.get("meter_months", 0)),
        )
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise ConfigError(
            f"{folder} holds no results ({error}): it needs stored.parquet and results.json"
        ) from error
