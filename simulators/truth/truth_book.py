"""``truth.parquet`` and ``truth.json``: what was true, and which faults happened."""

import json
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa

from domain.calendar import Month, to_ms
from domain.places import Contract
from simulators.devices.block import FaultRecord, TruthDays
from simulators.scenarios import Scenario
from simulators.truth.parquet_pieces import ParquetPieces

_TRUTH = pa.schema(
    [
        ("institution", pa.string()),
        ("subject", pa.string()),
        ("name", pa.string()),
        ("month", pa.string()),
        ("day", pa.date32()),
        ("value", pa.float64()),
    ]
)
_TRUTHS_AT_ONCE = 2_000
_MONTHS_IN_JSON = 100_000


class TruthBook(ParquetPieces):
    """Collects the truth: days and months go to ``truth.parquet`` as they come, so memory
    stays small; `finish` writes ``truth.json``.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "truth.parquet", _TRUTH)
        self._folder = folder
        self._waiting: list[TruthDays] = []
        self._months: list[dict[str, object]] = []
        self._too_many = False
        self.faults: list[FaultRecord] = []
        self.bad_messages: dict[str, int] = defaultdict(int)
        self.extra_messages: dict[str, int] = defaultdict(int)

    def count_bad(self, kind: str) -> None:
        """A deliberately bad message was acknowledged."""
        self.bad_messages[kind] += 1

    def count_extra(self, kind: str) -> None:
        """A message that carries no new good reading was acknowledged."""
        self.extra_messages[kind] += 1

    def add(self, truth: Iterable[TruthDays]) -> None:
        self._waiting += [t for t in truth if len(t.per_day)]
        if len(self._waiting) >= _TRUTHS_AT_ONCE:
            self._flush()

    def finish(self, about: dict[str, object]) -> None:
        """Write ``truth.json``; a truth of very many months leaves them to the Parquet file."""
        self._flush()
        body = {
            **about,
            "bad_messages": dict(self.bad_messages),
            "extra_messages": dict(self.extra_messages),
            "faults": [f.as_dict() for f in self.faults],
            "months": self._months,
        }
        text = json.dumps(body, indent=1, ensure_ascii=False)
        (self._folder / "truth.json").write_text(text, encoding="utf-8")

    def _flush(self) -> None:
        months = [t for t in self._waiting if len(t.per_day) == len(t.month.days())]
        if self._waiting:
            self._writer.write_table(_day_rows(self._waiting))
        if months:
            self._writer.write_table(_month_rows(months))
        self._too_many |= len(self._months) + len(months) > _MONTHS_IN_JSON
        if self._too_many:
            self._months.clear()
        else:
            self._months += [
                {
                    "institution": t.institution,
                    "subject": t.subject,
                    "name": t.name,
                    "month": str(t.month),
                    "value": _month_value(t),
                }
                for t in months
            ]
        self._waiting = []


def _month_value(truth: TruthDays) -> float:
    """Sums of amounts, means of means."""
    whole = truth.per_day.mean() if "_mean_" in truth.name else truth.per_day.sum()
    return round(float(whole), 6)


def _month_rows(months: list[TruthDays]) -> pa.Table:
    return pa.table(
        [
            [t.institution for t in months],
            [t.subject for t in months],
            [t.name for t in months],
            [str(t.month) for t in months],
            pa.nulls(len(months), pa.date32()),
            [_month_value(t) for t in months],
        ],
        schema=_TRUTH,
    )


def _day_rows(truths: list[TruthDays]) -> pa.Table:
    sizes = [len(t.per_day) for t in truths]

    def repeated(words: list[str]) -> pa.Array:
        return pa.array(np.repeat(np.array(words, dtype=object), sizes), pa.string())

    days = [d for t in truths for d in _days(t.month)[: len(t.per_day)]]
    values = np.concatenate([t.per_day for t in truths]) if truths else np.zeros(0)
    return pa.table(
        [
            repeated([t.institution for t in truths]),
            repeated([t.subject for t in truths]),
            repeated([t.name for t in truths]),
            repeated([str(t.month) for t in truths]),
            pa.array(days, pa.date32()),
            pa.array(values, pa.float64()),
        ],
        schema=_TRUTH,
    )


def _days(month: Month) -> list[object]:
    return list(month.days())


def about(scenario: Scenario, readings: int) -> dict[str, object]:
    """What ``truth.json`` says of a scenario beside its months."""
    return {
        "scenario": scenario.name,
        "seed": scenario.seed,
        "now": scenario.now.isoformat(),
        "now_ms": to_ms(scenario.now),
        "sent_readings": readings,
        "untimed_devices": sorted(scenario.untimed),
        "contracts": [_contract(c) for c in scenario.contracts()],
    }


def _contract(contract: Contract) -> dict[str, object]:
    return {
        "id": contract.id,
        "institution": contract.institution,
        "reporting_start": contract.reporting_start.isoformat(),
        "carriers": [c.value for c in contract.carriers],
    }
