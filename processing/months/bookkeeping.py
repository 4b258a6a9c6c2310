"""The ledger's side of processing: what plans are read from it, and what is entered into it.

With `job`, the only place of `processing` that knows the ledger; all else is handed values.
"""

import logging
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime

from domain.access import may_be_one_person, name_problem
from domain.adjustments import Adjustment, Decision
from domain.audit import LOCAL, PROCESSOR, Actor
from domain.calendar import Month, local_day, months_between
from domain.carriers import ENERGY_CARRIERS
from domain.corrections import Correction
from domain.errors import ConfigError, StoreUnavailableError
from domain.figures import MonthResult
from domain.models import ModelRecord
from domain.places import Institution
from domain.registry import Registry
from processing.months.compute import Leap, leaps_out_of, months_of
from processing.months.entered_corrections import Entered, checked, months_touched
from processing.months.evidence.peers import Peer, Span, peer_of, wanted
from processing.months.plan import Outcome, Plan
from processing.months.reading import SiteReader
from processing.months.site import Site
from processing.months.touched import Change, joined, touched_by
from processing.quality.corrections import Amendments, amendments
from processing.quality.failures import failed, months_to_tell, require_zone, told
from processing.savings.entered_adjustments import check_adjustment, months_changed
from store.ledger.late_readings import LateReadings
from store.ledger.port import Ledger
from store.ledger.touched import TouchedMonth
from store.readings.port import ReadingStore

log = logging.getLogger("civicmeter.processing")


class Planner:
    """Reads the plans of some institutions, each when asked for.

    `amended` is what all corrections say: read once a round, not once an institution.
    """

    def __init__(
        self,
        store: ReadingStore,
        ledger: Ledger,
        registry: Registry,
        institutions: Sequence[Institution],
        months: Sequence[Month] | None,
        now: datetime,
        amended: Amendments,
    ) -> None:
        self._ledger, self._months, self._now = ledger, months, now
        self._store, self._registry, self._amended = store, registry, amended
        self._peers: dict[tuple[str, Month, Month], Peer | None] = {}
        self._models: Mapping[str, Sequence[ModelRecord]] = {
            i.id: ledger.models(i.id) for i in institutions if registry.contracts_of(i.id)
        }
        self._reader = SiteReader(store, registry, institutions, months, now, amended, self._models)

    def plan(self, institution: Institution) -> Plan:
        """Everything that the asked months of the institution depend on."""
        require_zone(institution)
        site = self._reader.read(institution)
        months = tuple(months_of(site, self._months, self._now))
        adjustments = self._ledger.adjustments(institution.id) if site.contracts else []
        # Where every month is computed, no leap tells of another one.
        leaps = leaps_out_of(site, months) if self._months is not None else []
        return Plan(
            site,
            months,
            self._now,
            tuple(self._models.get(institution.id, ())),
            tuple(adjustments),
            _kept(self._ledger, institution.id, leaps),
            tuple(self._peers_of(site)),
        )

    def _peers_of(self, site: Site) -> list[Peer]:
        """The peers whose days the institution's contracts need; many contracts share them."""
        one, heard = site.institution, site.span()
        models = self._models.get(one.id, ())
        if heard is None or not site.contracts:
            return []
        span = wanted(self._registry, one, models, self._months, self._now, heard[1])
        if span is None:
            return []
        found = [self._peer(name, span) for name in span.peers]
        return [peer for peer in found if peer is not None]

    def _peer(self, name: str, span: Span) -> Peer | None:
        """One peer, read once; None where it cannot be read, which is told in its own months."""
        key = (name, span.first, span.last)
        if key not in self._peers:
            one = self._registry.institution_by_id[name]
            months = list(months_between(span.first, span.last.plus(1)))
            try:
                reader = SiteReader(
                    self._store, self._registry, [one], months, self._now, self._amended, {}
                )
                self._peers[key] = peer_of(reader.read(one), span, list(ENERGY_CARRIERS))
            except StoreUnavailableError:
                raise
            except Exception:
                self._peers[key] = None
        return self._peers[key]


def find_touched(
    store: ReadingStore, ledger: Ledger, registry: Registry, now: datetime
) -> Registry:
    """Touch the months of all late readings that are noted, and forget the notes.

    Notes of devices that are not registered stay until they are. Gives the registry, read anew
    where the given one does not know a device.
    """
    amended: Amendments | None = None
    fresh = False
    last: LateReadings | None = None
    while notes := ledger.late(last, _NOTES_TOGETHER):
        last = notes[-1]
        if not fresh and any(n.series.device not in registry.device_by_id for n in notes):
            registry, fresh = ledger.registry(), True
        amended = amendments(ledger.corrections()) if amended is None else amended
        known = [n for n in notes if n.series.device in registry.device_by_id]
        try:
            _touch_for(known, store, ledger, registry, amended, now)
        except StoreUnavailableError:
            raise
        except Exception:
            _touch_one_by_one(known, store, ledger, registry, amended, now)
    return registry


def _touch_for(
    notes: Sequence[LateReadings],
    store: ReadingStore,
    ledger: Ledger,
    registry: Registry,
    amended: Amendments,
    now: datetime,
) -> None:
    changes = joined(Change(n.series, n.start_ms, n.end_ms) for n in notes)
    ledger.touch_for_late(notes, touched_by(store, changes, registry, amended, now))


def _touch_one_by_one(
    notes: Sequence[LateReadings],
    store: ReadingStore,
    ledger: Ledger,
    registry: Registry,
    amended: Amendments,
    now: datetime,
) -> None:
    """As `_touch_for`, device by device: what cannot be said of one stays noted, and is said when
    it can be."""
    by_device: dict[str, list[LateReadings]] = {}
    for note in notes:
        by_device.setdefault(note.series.device, []).append(note)
    for device, own in by_device.items():
        try:
            _touch_for(own, store, ledger, registry, amended, now)
        except StoreUnavailableError:
            raise
        except Exception:
            log.exception("late readings of %s wait: nobody can say what they touch", device)


_NOTES_TOGETHER = 10_000
"""Whatever waits, so much of it is in memory."""


def read_site(
    store: ReadingStore,
    ledger: Ledger,
    registry: Registry,
    institution: Institution,
    months: Sequence[Month],
    now: datetime,
) -> Site:
    """One institution as corrected, and as far as the given months need it."""
    amended = amendments(ledger.corrections())
    models = {institution.id: ledger.models(institution.id)}
    return SiteReader(store, registry, [institution], months, now, amended, models).read(
        institution
    )


def _kept(
    ledger: Ledger, institution: str, leaps: Sequence[Leap]
) -> dict[Month, tuple[MonthResult, ...]]:
    """What the ledger holds of the months of leaps, standing and waiting."""
    found = {}
    for month in {leap.month for leap in leaps}:
        names = {leap.use.name for leap in leaps if leap.month == month}
        standing = ledger.results(institution, month, month.plus(1), names=names, days=False)
        waits = ledger.pending(institution, month)
        found[month] = (*standing, *([waits] if waits else []))
    return found


def commit(ledger: Ledger, outcome: Outcome, done: Sequence[TouchedMonth] = ()) -> None:
    """Keep what a plan came to, then settle the months that were touched before it was read.

    Doing it again changes nothing. Months are touched before the results are kept: a leap that
    the ledger knows of touches nothing any more.
    """
    for model in outcome.models:
        ledger.save_model(model, actor=PROCESSOR)
    if outcome.touched:
        ledger.touch(outcome.touched)
    for result in outcome.results:
        ledger.save_result(result)
    if done:
        ledger.settle(done)


def _keep_failure(
    ledger: Ledger,
    institution: Institution,
    error: str,
    months: Sequence[Month] | None,
    now: datetime,
) -> tuple[MonthResult, ...]:
    """Keep with open months that they could not be computed; gives what is kept. Figures computed
    before stay, closed months are left alone."""
    closed = {s.month: s.state != "open" for s in ledger.statuses(institution.id)}
    kept = []
    for month in months_to_tell(closed, months, Month.of(local_day(now, institution.timezone))):
        standing = ledger.results(institution.id, month, month.plus(1))
        result = failed(standing, institution, month, error)
        ledger.save_result(result)
        kept.append(result)
    return tuple(kept)


class Keeper:
    """Commits outcomes in a thread of its own: the disk is waited for while the next is computed.

    What cannot be committed, whatever the reason but a store that is away, costs its institution
    only (see processing.quality.failures). The block's end waits for that thread; on an exception
    what still waits is dropped.
    """

    def __init__(self, ledger: Ledger, registry: Registry, now: datetime) -> None:
        self._ledger, self._registry, self._now = ledger, registry, now
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger")
        self._waiting: deque[Future[tuple[MonthResult, ...]]] = deque()

    def __enter__(self) -> "Keeper":
        return self

    def keep(
        self,
        institution: Institution,
        months: Sequence[Month] | None,
        outcome: Outcome,
        done: Sequence[TouchedMonth] = (),
    ) -> list[MonthResult]:
        """Commit the outcome of an institution's asked months soon. Gives the results that are in
        the ledger by now."""
        self._waiting.append(self._thread.submit(self._commit, institution, months, outcome, done))
        return self._kept(_MOST_WAITING)

    def rest(self) -> list[MonthResult]:
        """Wait until all is committed; gives the results that `keep` has not given yet."""
        return self._kept(0)

    def _commit(
        self,
        institution: Institution,
        months: Sequence[Month] | None,
        outcome: Outcome,
        done: Sequence[TouchedMonth],
    ) -> tuple[MonthResult, ...]:
        error = outcome.error
        if not error:
            try:
                commit(self._ledger, outcome, done)
                return outcome.results
            except StoreUnavailableError:
                raise
            except Exception as unexpected:
                error = told(unexpected, self._registry, institution)
        try:
            return _keep_failure(self._ledger, institution, error, months, self._now)
        except StoreUnavailableError:
            raise
        except Exception:  # logged is better than that the others are not kept
            log.exception("%s: that it could not be computed cannot be kept", institution.id)
            return ()

    def _kept(self, left: int) -> list[MonthResult]:
        found: list[MonthResult] = []
        while len(self._waiting) > left:
            found += self._waiting.popleft().result()
        return found

    def __exit__(self, *_: object) -> None:
        self._thread.shutdown(cancel_futures=True)


_MOST_WAITING = 4


def enter_corrections(
    corrections: Sequence[Correction],
    store: ReadingStore,
    ledger: Ledger,
    registry: Registry,
    now: datetime,
    actor: Actor = LOCAL,
) -> Entered:
    """Enter corrections and touch their months, in one transaction. Entering the same again adds
    nothing. Raises ConfigError naming each that cannot be entered; then none is."""
    for author in {c.author for c in corrections if c.author.strip()}:
        _require_name(author)
    entered = ledger.corrections()
    checked(corrections, store, entered, registry, now)
    months = months_touched(corrections, store, entered, registry, now)
    added = ledger.enter_corrections(corrections, months, actor=actor)
    return Entered(added, tuple(sorted(months)))


def enter_adjustment(
    ledger: Ledger,
    registry: Registry,
    adjustment: Adjustment,
    content: bytes | None = None,
    actor: Actor = LOCAL,
) -> Adjustment:
    """Check an adjustment against its contract and keep it, with the evidence's content if given.

    With an approval among its decisions it counts at once, and the months it changes are touched.
    Raises ConfigError when it does not fit its contract, its formula cannot be read, the content
    has another digest, or a name cannot stand.
    """
    _require_name(adjustment.author)
    for decision in adjustment.decisions:
        _require_other(decision, adjustment)
    check_adjustment(registry, adjustment, content)
    touches = _touches(ledger, adjustment) if adjustment.status == "approved" else []
    return ledger.enter_adjustment(adjustment, content=content, touches=touches, actor=actor)


def decide_adjustment(
    ledger: Ledger, number: int, decision: Decision, actor: Actor = LOCAL
) -> Adjustment:
    """Approve or withdraw an adjustment; the months it changes are touched.

    Raises ConfigError for an unknown number and a decision that cannot be (see the ledger).
    """
    found = next((a for a in ledger.adjustments() if a.number == number), None)
    counts = decision.kind == "approved" or (found is not None and found.status == "approved")
    touches = _touches(ledger, found) if found is not None and counts else []
    if found is not None:
        _require_other(decision, found)
    return ledger.decide_adjustment(number, decision, touches, actor=actor)


def _require_name(name: str) -> None:
    problem = name_problem(name)
    if problem is not None:
        raise ConfigError(problem)


def _require_other(decision: Decision, adjustment: Adjustment) -> None:
    _require_name(decision.by)
    if decision.kind == "approved" and may_be_one_person(decision.by, adjustment.author):
        raise ConfigError(
            f"{decision.by} reads like {adjustment.author}, who entered the adjustment and cannot "
            "approve it: somebody else has to, by a name that cannot be taken for theirs"
        )


def _touches(ledger: Ledger, adjustment: Adjustment) -> list[tuple[str, Month]]:
    computed = [s.month for s in ledger.statuses(adjustment.institution)]
    return [(adjustment.institution, m) for m in months_changed(adjustment, computed)]
