"""A month closed, restated or left as it is, by what the ledger has of it: the one way in which the
command line, the API and its pages do it.

What does not pass is told by a code of `config/texts/closing.toml`; nothing is kept then.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from config.closing import check_rules_on
from config.texts import text
from domain.access import may_be_one_person
from domain.audit import LOCAL, Actor
from domain.calendar import Month, to_ms
from domain.closing import Check, Waiver
from domain.closing.checks import blocking, checks_of, is_within, waiver_problem
from domain.errors import ConfigError
from domain.figures import MonthResult
from domain.figures.comparing import is_running
from domain.figures.failing import failure_of
from domain.registry import Registry
from store.ledger.canonical import digest
from store.ledger.port import Ledger, MonthStatus, Refusal, Revision


class NotClosedError(ConfigError):
    """Why a month is not closed or not refused: `code` of the texts, with what fills them, and the
    checks that are neither passed nor waived."""

    def __init__(self, code: str, checks: Sequence[Check] = (), **values: object) -> None:
        self.code, self.values, self.checks = code, values, tuple(checks)
        super().__init__(self.sentence("en"))

    def sentence(self, lang: str) -> str:
        return text("closing", f"why_not.{self.code}", lang, **self.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Closable:
    """A month of an institution as it would be closed now: `result` without its day values, by the
    digest of all of it; None: never computed. `why_not` says why it cannot be, None: only `checks`
    may be in the way, those let go among `waivers`. `authors` entered corrections or adjustments of
    it, `authors_since` did so after the standing revision was signed."""

    institution: str
    month: Month
    status: MonthStatus | None = None
    result: MonthResult | None = None
    digest: str = ""
    why_not: NotClosedError | None = None
    checks: tuple[Check, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    authors: frozenset[str] = frozenset()
    authors_since: frozenset[str] = frozenset()

    @property
    def is_restatement(self) -> bool:
        return self.status is not None and self.status.state == "restatement_pending"

    @property
    def blocking(self) -> list[Check]:
        """The checks that keep it open."""
        return blocking(self.checks, self.waivers)


def closable(
    ledger: Ledger, registry: Registry, names: Collection[str], month: Month, now: datetime
) -> dict[str, Closable]:
    """By institution, its month as it would be closed now."""
    only = next(iter(names)) if len(names) == 1 else None
    end = month.plus(1)
    statuses = {s.institution: s for s in ledger.statuses(only, month, end)}
    standing = {r.institution: r for r in ledger.results(only, month, end, days=False)}
    touched = {t.institution for t in ledger.touched() if t.month == month}
    waivers: dict[str, list[Waiver]] = {}
    for waiver in ledger.waivers(only, month):
        waivers.setdefault(waiver.institution, []).append(waiver)
    rules = check_rules_on(month.first_day)
    found = {}
    for name in names:
        status, result = statuses.get(name), standing.get(name)
        if status is None or result is None:
            never = NotClosedError("never", month=month)
            found[name] = Closable(institution=name, month=month, why_not=never)
            continue
        signs = status.digest
        if status.state == "restatement_pending":
            waits = ledger.pending(name, month)
            result, signs = (waits, digest(waits)) if waits is not None else (result, signs)
        adjustments = ledger.adjustments(name)
        found[name] = Closable(
            institution=name,
            month=month,
            status=status,
            result=result,
            digest=signs,
            why_not=_why_not(registry, status, result, now),
            checks=tuple(checks_of(result, rules, adjustments, is_touched=name in touched)),
            waivers=tuple(waivers.get(name, ())),
        )
    return found


def with_authors(
    ledger: Ledger, registry: Registry, found: Mapping[str, Closable]
) -> dict[str, Closable]:
    """The same, with who entered corrections of the months' readings, or adjustments of them."""
    entered: dict[str, list[tuple[str, datetime]]] = {name: [] for name in found}
    for name, one in found.items():
        own = (a for a in ledger.adjustments(name) if is_within(a, one.month))
        entered[name] += [(a.author, a.entered_at) for a in own]
    places, owner = registry.institution_by_id, {d.id: d.institution for d in registry.devices}
    spans = {
        name: tuple(map(to_ms, one.month.interval(places[name].timezone)))
        for name, one in found.items()
    }
    for correction in ledger.corrections() if found else ():
        name = owner.get(correction.device, "")
        if name in spans and spans[name][0] <= correction.at_ms < spans[name][1]:
            entered[name].append((correction.author, correction.entered_at))
    return {name: _with_authors(one, entered[name]) for name, one in found.items()}


def _with_authors(one: Closable, entered: Iterable[tuple[str, datetime]]) -> Closable:
    by = list(entered)
    closed_at = one.status.closed_at if one.status is not None else None
    since = [author for author, at in by if closed_at is not None and at > closed_at]
    return Closable(
        **{f: getattr(one, f) for f in Closable.__slots__ if not f.startswith("authors")},
        authors=frozenset(author for author, _ in by),
        authors_since=frozenset(since),
    )


def why_not_closed(
    one: Closable, by: str, reason: str, waive: Mapping[str, str]
) -> NotClosedError | None:
    """Why somebody may not close or approve a month as asked; None: they may. `one` has its authors;
    `waive`: by code of a check, the reason to let it go."""
    if one.why_not is not None:
        return one.why_not
    if one.is_restatement and not reason.strip():
        return NotClosedError("unexplained")
    if one.is_restatement and _is_own(by, one.authors_since):
        return NotClosedError("own_entry", by=by)
    keeps = one.blocking
    left = [check for check in keeps if check.code not in waive]
    if left:
        return NotClosedError("not_passed", left, count=len(left))
    if keeps and waiver_problem(by, one.authors):
        return NotClosedError("own_data", by=by)
    return None


def close_month(
    ledger: Ledger,
    one: Closable,
    *,
    by: str,
    reason: str,
    waive: Mapping[str, str],
    now: datetime,
    actor: Actor = LOCAL,
) -> Revision:
    """Sign a month as it was looked at, as its next revision; what keeps it open is waived first.

    Raises NotClosedError, ConfigError for a waiver without a reason, ChangedMeanwhileError where
    something else would be signed by now.
    """
    problem = why_not_closed(one, by, reason, waive)
    if problem is not None:
        raise problem
    waivers = [
        Waiver(
            institution=one.institution,
            month=one.month,
            code=check.code,
            fact=check.fact,
            by=by,
            reason=waive[check.code],
            at=now,
        )
        for check in one.blocking
    ]
    if waivers:
        ledger.waive(waivers, actor=actor)
    return ledger.close(
        one.institution,
        one.month,
        signed_by=by,
        reason=reason,
        expected=one.digest,
        actor=actor,
    )


def refuse_month(
    ledger: Ledger,
    one: Closable,
    *,
    by: str,
    reason: str,
    changes: str,
    actor: Actor = LOCAL,
) -> Refusal:
    """Refuse the restatement that waits: the standing revision stays. `changes`: what it would have
    changed, as JSON. Raises NotClosedError, ChangedMeanwhileError."""
    if not one.is_restatement:
        raise NotClosedError("nothing_waits", institution=one.institution, month=one.month)
    if not reason.strip():
        raise NotClosedError("refused_unexplained")
    return ledger.refuse_restatement(
        one.institution,
        one.month,
        digest=one.digest,
        changes=changes,
        by=by,
        reason=reason,
        actor=actor,
    )


def _is_own(by: str, authors: Iterable[str]) -> bool:
    return any(may_be_one_person(by, author) for author in authors)


def _why_not(
    registry: Registry, status: MonthStatus, result: MonthResult, now: datetime
) -> NotClosedError | None:
    """Why a month cannot be closed whatever anybody says; None: it can."""
    month = status.month
    if month.interval(registry.institution_by_id[status.institution].timezone)[1] > now:
        return NotClosedError("running")
    if status.state == "closed":
        return NotClosedError("unchanged")
    if status.state == "open" and (error := failure_of(result)):
        return NotClosedError("failed", month=month, error=error)
    if status.state == "open" and is_running(result):
        return NotClosedError("stale", month=month)
    return None
