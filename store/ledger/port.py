"""The port of the ledger: the registry, what was computed, what was closed, what was set aside.

One adapter, `store.ledger.sql.ledger` (SQLAlchemy: SQLite and PostgreSQL).
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.audit import LOCAL, Actor
from domain.calendar import Month
from domain.errors import CivicmeterError
from domain.figures import MonthResult
from domain.models import ModelKey as ModelKey
from domain.models import ModelRecord as ModelRecord
from domain.registry import Registry
from store.ledger.adjustments import Adjustments
from store.ledger.answers import Answers
from store.ledger.audit import AuditTrail
from store.ledger.births import Births
from store.ledger.corrections import Corrections
from store.ledger.kept import KeptMessages
from store.ledger.keys import Keys
from store.ledger.late_readings import LateSeries
from store.ledger.once import AskedOnce
from store.ledger.people import People
from store.ledger.statements import Statements
from store.ledger.states import Closing as Closing
from store.ledger.states import MonthState as MonthState
from store.ledger.states import MonthStatus as MonthStatus
from store.ledger.touched import TouchedMonths
from store.ledger.waivers import Waivers


@dataclass(frozen=True, slots=True, kw_only=True)
class AsideEntry:
    """Something kept aside with its reason, grouped by (source, code, device).

    `source` is the MQTT topic or HTTP route, `code` the reason's stable word (``bad_json``,
    ``unknown_device``, ``future_time``, ``conflict`` …), `sample` the last payload's bytes
    (at most 4 KiB).
    """

    source: str
    code: str
    device: str = ""
    detail: str = ""
    sample: bytes = b""
    count: int = 1
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A frozen month. `result` is what was signed; `digest` is over its canonical JSON."""

    institution: str
    month: Month
    number: int
    result: MonthResult
    digest: str
    code_version: str
    signed_by: str
    reason: str
    closed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A waiting restatement that somebody refused: revision `revision` stays. `digest` is of what
    was refused, `changes` what it would have changed, as JSON: rows of figure, subject, from, to."""

    institution: str
    month: Month
    revision: int
    digest: str
    changes: str
    by: str
    reason: str
    at: datetime


class ChangedMeanwhileError(CivicmeterError):
    """What somebody decided about is not what is there any more."""

    def __init__(self, institution: str, month: Month) -> None:
        super().__init__(
            f"{institution} {month} was computed anew or decided on meanwhile: look at it again"
        )


class Ledger(
    Adjustments,
    Answers,
    AskedOnce,
    AuditTrail,
    Births,
    Corrections,
    KeptMessages,
    Keys,
    LateSeries,
    People,
    Statements,
    TouchedMonths,
    Waivers,
    Protocol,
):
    """Raises StoreUnavailableError when the database cannot answer, ConfigError for a text of a
    person that is longer than `store.ledger.lengths` allows: nothing is kept then.

    Of what people answer for, `actor` says who does it, for the audit trail (see AuditTrail)."""

    def registry(self) -> Registry: ...

    def registry_version(self) -> str:
        """A word that every `save_registry` changes, in any process: while it is the same, so is
        the registry. Random, so that a ledger restored from a backup has no word that stood for
        something else. One row is read."""
        ...

    def save_registry(
        self, registry: Registry, *, actor: Actor = LOCAL, if_version: str | None = None
    ) -> None:
        """Add or update every record of a registry, all or none; records not in it stay. The audit
        trail tells of each that really changed.

        With `if_version`, only while that is the registry's version. Raises ChangedMeanwhileError."""
        ...

    def save_result(self, result: MonthResult) -> MonthState:
        """Keep what was computed for a month and say where the month now stands.

        An open month is simply replaced. A closed month is never changed: an equal result
        leaves it closed, a different one is kept beside it as a pending restatement.
        """
        ...

    def statuses(
        self,
        institution: str | None = None,
        start: Month | None = None,
        end: Month | None = None,
    ) -> list[MonthStatus]:
        """Where the months computed in [start, end) stand, sorted by institution and month."""
        ...

    def results(
        self,
        institution: str | None = None,
        start: Month | None = None,
        end: Month | None = None,
        *,
        names: Collection[str] | None = None,
        days: bool = True,
        among: Collection[str] | None = None,
    ) -> list[MonthResult]:
        """The results that stand for each month in [start, end): the latest signed revision of
        a closed month (also while a restatement waits), the computed result of an open one.
        Sorted by institution and month.

        `among`: of these institutions. `names` keeps only the figures and day values of these names, ``days=False`` leaves the
        day values out: a city's day values are millions of rows.
        """
        ...

    def count_values(
        self,
        institution: str | None = None,
        start: Month | None = None,
        end: Month | None = None,
        *,
        names: Collection[str] | None = None,
        days: bool = True,
    ) -> int:
        """How many figures and day values `results` of the same would hold."""
        ...

    def pending(self, institution: str, month: Month) -> MonthResult | None:
        """The restatement that waits for approval, if any."""
        ...

    def close(
        self,
        institution: str,
        month: Month,
        *,
        signed_by: str,
        reason: str = "",
        expected: str | None = None,
        actor: Actor = LOCAL,
    ) -> Revision:
        """Freeze the month: its computed result, or the pending restatement, as the next
        revision. Closing an already closed month with nothing pending gives the standing
        revision. Raises ConfigError for a month never computed, ChangedMeanwhileError where
        `expected` is given, the digest of what is to be signed, and it is another by now."""
        ...

    def refuse_restatement(
        self,
        institution: str,
        month: Month,
        *,
        digest: str,
        changes: str,
        by: str,
        reason: str,
        actor: Actor = LOCAL,
    ) -> Refusal:
        """Refuse what waits: the standing revision stays, and an equal result waits no more while
        it does. Raises ChangedMeanwhileError unless what waits has this digest."""
        ...

    def refusals(self, institution: str, month: Month) -> list[Refusal]:
        """The first one first."""
        ...

    def revisions(self, institution: str, month: Month) -> list[Revision]: ...

    def closing_by_digest(self, start: str) -> Closing | None:
        """The revision whose digest begins so (20 hexadecimal digits or more); of several that say
        the same, the last. None: there is none."""
        ...

    def save_model(self, model: ModelRecord, *, actor: Actor = LOCAL) -> None:
        """Keep a frozen model; saving the same of the same contract again changes nothing."""
        ...

    def models(self, institution: str | None = None) -> list[ModelRecord]: ...

    def keep_aside(self, entries: Iterable[AsideEntry]) -> None:
        """Add to the dead letters and waiting devices; equal groups are counted together, and so
        are those beyond ASIDE_SOURCE_GROUPS of a source (device "") and ASIDE_GROUPS in all
        (source and device "")."""
        ...

    def aside(self, codes: Collection[str] = (), *, samples: bool = True) -> list[AsideEntry]:
        """Everything kept aside, or what is for these reasons, the most recently seen first: at
        most ASIDE_GROUPS. Without `samples`, which are most of its bytes, they are empty."""
        ...

    def forget_aside(
        self, entries: Iterable[AsideEntry], *, dropped_by: Actor | None = None
    ) -> None:
        """Drop the groups of these entries, after a replay; or because somebody said so, who is
        `dropped_by` then, in the audit trail."""
        ...

    def close_connections(self) -> None: ...
