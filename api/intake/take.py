"""Stores what is good of a body, keeps the rest aside, and says what became of each row."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from pydantic import Field

from api.dependencies import Backend
from api.intake.judge import Judge, Limits
from api.intake.rows import PostedValue, RowError
from api.rows.base import Row
from config.texts import text
from domain.readings import Reading
from domain.registry import Registry
from store.ledger.port import AsideEntry

ROUTE = "POST /v1/readings"
MAX_REPORTED = 1_000
_BATCH = 10_000
_MAX_GROUPS = 1_000
"""Devices told apart in one body; further ones are kept aside together, under no name."""


class RefusedRow(Row):
    row: int = Field(description="Position in the body, from 1: line, or element of the array.")
    device: str = Field(description="Device named there.")
    quantity: str = Field(description="Quantity named there.")
    code: str = Field(description="Reason, a stable word.")
    reason: str = Field(description="Reason in words, by ?lang or Accept-Language.")


class Taken(Row):
    """What became of a body. stored + repeated + refused = received."""

    received: int = Field(description="Values in the body.")
    stored: int = Field(description="New readings stored.")
    repeated: int = Field(description="Stored before with the same value; nothing changed.")
    refused: int = Field(description="Kept aside; `rows` says why.")
    rows: list[RefusedRow] = Field(
        description=f"The values refused, one by one; the first {MAX_REPORTED:,}."
    )
    rows_left_off: int = Field(0, description="Refused values not listed in `rows`.")


@dataclass
class _Tally:
    lang: str
    received: int = 0
    stored: int = 0
    repeated: int = 0
    rows: list[RefusedRow] = field(default_factory=list)
    aside: dict[tuple[str, str], AsideEntry] = field(default_factory=dict)
    codes: Counter[str] = field(default_factory=Counter)

    def refuse(self, posted: PostedValue, error: RowError, now: datetime) -> None:
        reason = text("api", f"refused.{error.code}", self.lang, **error.values)
        self.codes[error.code] += 1
        if len(self.rows) < MAX_REPORTED:
            self.rows.append(
                RefusedRow(
                    row=posted.row,
                    device=posted.device,
                    quantity=posted.quantity,
                    code=error.code,
                    reason=reason,
                )
            )
        key = (error.code, posted.device[:200])
        if key not in self.aside and len(self.aside) >= _MAX_GROUPS:
            key = (error.code, "")
        before = self.aside.get(key)
        # The device's own words would fill the ledger: only names and numbers are kept.
        sample = f"{posted.device} {posted.quantity} {posted.at_ms} {posted.value}"
        self.aside[key] = AsideEntry(
            source=ROUTE,
            code=error.code,
            device=key[1],
            detail=text("api", f"refused.{error.code}", "en", **error.values)[:500],
            sample=sample.encode("utf-8", "replace")[:4096],
            count=before.count + 1 if before else 1,
            first_at=before.first_at if before else now,
            last_at=now,
        )

    def taken(self) -> Taken:
        refused = self.codes.total()
        return Taken(
            received=self.received,
            stored=self.stored,
            repeated=self.repeated,
            refused=refused,
            rows=self.rows,
            rows_left_off=refused - len(self.rows),
        )


def take(posted: Iterator[PostedValue], backend: Backend, limits: Limits, lang: str) -> Taken:
    """Store the good values of a body in batches and keep the others aside.

    A reading posted again changes nothing, so a body whose posting failed half-way
    (StoreUnavailableError) is simply posted again in full.
    """
    tally = _Tally(lang)
    registry = backend.registry
    while batch := list(islice(posted, _BATCH)):
        registry = _with_new_devices(batch, registry, backend)
        _take_batch(batch, registry, backend, limits, tally)
    if tally.aside:
        backend.ledger.keep_aside(tally.aside.values())
    count = backend.telemetry.posted.labels
    count("stored").inc(tally.stored)
    count("repeated").inc(tally.repeated)
    count("refused").inc(tally.codes.total())
    return tally.taken()


def _with_new_devices(
    batch: Iterable[PostedValue], registry: Registry, backend: Backend
) -> Registry:
    """The registry, read anew when a device is not in it: it may just have been registered."""
    if all(p.device in registry.device_by_id for p in batch):
        return registry
    return backend.registries.get(fresh=True)


def _take_batch(
    batch: list[PostedValue], registry: Registry, backend: Backend, limits: Limits, tally: _Tally
) -> None:
    now = backend.now()
    judge = Judge(registry.device_by_id, limits, now).judge
    sources: list[PostedValue] = []
    readings: list[Reading] = []
    for posted in batch:
        judged = judge(posted)
        if isinstance(judged, RowError):
            tally.refuse(posted, judged, now)
        else:
            sources.append(posted)
            readings.append(judged)
    tally.received += len(batch)
    if not readings:
        return
    result = backend.store.write(readings)
    tally.stored += result.stored
    tally.repeated += result.repeated
    if not result.conflicts and not result.refused:
        return
    origin = dict(zip(readings, sources, strict=True))
    for reading, stored_value in result.conflicts:
        tally.refuse(origin[reading], RowError("conflict", {"stored": stored_value}), now)
    for reading, reason in result.refused:
        error = RowError("refused_by_store", {"reason": reason})
        tally.refuse(origin[reading], error, now)
