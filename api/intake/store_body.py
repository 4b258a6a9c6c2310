"""Stores what is good of a body, keeps the rest aside, and says what became of each row."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from pydantic import Field

from api.dependencies import Backend
from api.intake.batches import Part, PostedBatch, batches
from api.intake.posted import PostedValue
from api.intake.told.touching import MOST, LateMonthRow, Touching, computed_by
from api.intake.told.verdicts import Verdicts, field_of
from api.intake.tried import Trial
from api.rows.base import Row
from config.limits import TIME_LIMITS
from config.texts import refusal_text
from domain.access import Grant
from domain.calendar import to_ms
from domain.judge import Judge, Refusal
from domain.readings import Reading, Run
from domain.registry import Registry
from store.aside import POSTED, AsideBatch, keep, unstored
from store.ledger.kept import ROOM
from store.readings.port import WriteResult

MAX_REPORTED = 1_000
_BATCH = 10_000
_NAME_CHARS = 200
"""So much of a name is told again: a body may be one name."""
_MAX_GROUPS = 1_000
"""Devices told apart in one body; further ones are kept aside together, under no name."""


class RefusedRow(Row):
    row: int = Field(description="Position in the body, from 1: line, or element of the array.")
    device: str = Field(description="Device named there.")
    quantity: str = Field(description="Quantity named there.")
    field: str = Field(
        description="What of the row to mend: device, ts, quantity or value; empty: the row."
    )
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
    recomputes: list[LateMonthRow] = Field(
        default_factory=list,
        description="The months in which readings older than a day lie, where anything beside them was "
        f"new, as far as whoever posts sees their institutions; the first {MOST}. At most these are "
        "computed anew, and those beside them where a register's edge moves.",
    )
    recomputes_left_off: int = Field(0, description="Such months not listed.")
    recomputed_by: Literal["", "service", "command"] = Field(
        "",
        description="service: the next round of the processing beside this service computes them; "
        "command: none runs, `civicmeter process` does. Empty: there are none.",
    )


@dataclass
class _Tally:
    lang: str
    aside: AsideBatch
    verdicts: Verdicts | None = None
    received: int = 0
    stored: int = 0
    repeated: int = 0
    rows: list[RefusedRow] = field(default_factory=list)
    touching: Touching = field(default_factory=Touching)

    def refuse(self, posted: PostedValue, refusal: Refusal) -> None:
        """Report a value, and keep it aside: whole where it may yet become a reading."""
        told = refusal
        if refusal.code == "foreign_device":
            # What is not the sender's is not there: which devices others have, nobody can try out.
            told = Refusal("unknown_device", {"device": posted.device[:_NAME_CHARS]})
        if self.verdicts is not None:
            self.verdicts.refused[posted.row].append((posted.quantity[:_NAME_CHARS], told))
        if len(self.rows) < MAX_REPORTED:
            self.rows.append(
                RefusedRow(
                    row=posted.row,
                    device=posted.device[:_NAME_CHARS],
                    quantity=posted.quantity[:_NAME_CHARS],
                    field=field_of(told.code),
                    code=told.code,
                    reason=refusal_text(told, self.lang),
                )
            )
        if isinstance(posted.said, Reading):
            self.aside.reading(POSTED, posted.said, refusal)
        else:
            sample = f"{posted.device} {posted.quantity}".encode("utf-8", "replace")
            self.aside.counted(POSTED, posted.device, refusal, sample)

    @property
    def refused(self) -> int:
        return sum(self.aside.counts.values())

    def taken(self, seen: Backend | None) -> Taken:
        touched = self.touching.rows(seen) if seen is not None else ([], 0)
        return Taken(
            received=self.received,
            stored=self.stored,
            repeated=self.repeated,
            refused=self.refused,
            rows=self.rows,
            rows_left_off=self.refused - len(self.rows),
            recomputes=touched[0],
            recomputes_left_off=touched[1],
            recomputed_by=computed_by(seen) if touched[0] and seen is not None else "",
        )


def store_body(
    parts: Iterable[Part],
    backend: Backend,
    grants: tuple[Grant, ...] | None,
    lang: str,
    *,
    tried: bool = False,
    verdicts: Verdicts | None = None,
    seen: Backend | None = None,
) -> Taken:
    """Store the good values of a body in batches and keep the others aside; if it is only `tried`,
    do neither, and tell what would become of them. `verdicts` takes what became of each row, for
    which the store is asked once more what it holds. `seen` is the backend as who posts sees it: of
    its institutions the months are told that late readings touch; None: of none.

    `grants` say for which devices the sender may speak; None: for every one. A reading posted
    again changes nothing, so a body whose posting failed half-way
    (StoreUnavailableError) is simply posted again in full.
    """
    aside = AsideBatch(to_ms(backend.now()), groups_max=_MAX_GROUPS, grants=grants)
    tally = _Tally(lang, aside, verdicts)
    before = Trial(backend.store)
    registry, write_runs = backend.registry, backend.store.write_runs
    if tried:
        write_runs = Trial(backend.store).write_runs
    for batch in batches(parts, _BATCH):
        registry = _with_new_devices(batch, registry, backend)
        judge = Judge(registry.device_by_id, TIME_LIMITS, to_ms(backend.now()), grants)
        _store_batch(batch, judge, registry, write_runs, tally, before)
    if tried:
        return tally.taken(seen)
    keep_posted(backend, aside)
    count = backend.telemetry.posted.labels
    count("stored").inc(tally.stored)
    count("repeated").inc(tally.repeated)
    count("refused").inc(tally.refused)
    return tally.taken(seen)


def keep_unreadable(backend: Backend, body: bytes, reason: str) -> None:
    """Count a body nothing of which can be told apart; only who sent it can mend it."""
    aside = AsideBatch(to_ms(backend.now()))
    aside.counted(POSTED, "", Refusal("unreadable_body", {"reason": reason}), body)
    keep_posted(backend, aside)


def keep_posted(backend: Backend, aside: AsideBatch) -> None:
    """Keep aside what was refused, so that it can be replayed, as far as there is room."""
    if aside.counts:
        keep(backend.ledger, aside.entries(), aside.kept(), ROOM)


def _with_new_devices(batch: PostedBatch, registry: Registry, backend: Backend) -> Registry:
    """The registry, read anew when a device is not in it: it may just have been registered."""
    if batch.devices() <= registry.device_by_id.keys():
        return registry
    return backend.registries.fresh()


def _store_batch(
    batch: PostedBatch,
    judge: Judge,
    registry: Registry,
    write_runs: Callable[[Sequence[Run]], WriteResult],
    tally: _Tally,
    before: Trial,
) -> None:
    """Store what is good; the others are told in the order of the body's rows."""
    runs, refused = batch.judged(judge)
    tally.received += batch.count
    if (verdicts := tally.verdicts) is not None:
        verdicts.values.update(batch.rows())
        unchanged = batch.rows_of(before.repeated(runs)) if runs else ()
        verdicts.unchanged.update(unchanged)
    if runs:
        result = write_runs(runs)
        if result.stored:
            tally.touching.add(runs, registry, judge.now_ms)
        tally.stored += result.stored
        tally.repeated += result.repeated
        refused += batch.origins(unstored(result))
    for posted, refusal in sorted(refused, key=lambda told: told[0].row):
        tally.refuse(posted, refusal)
