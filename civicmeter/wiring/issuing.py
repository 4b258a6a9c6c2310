"""Statements issued from what is closed, and reckoned again from what they rest on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from civicmeter.wiring.pipeline import Pipeline
from civicmeter.wiring.settling import Settled, members_of, reckoned, settled
from domain.audit import LOCAL, Actor
from domain.calendar import Month
from domain.contracts.issued import (
    AmountChange,
    Draft,
    Issued,
    RestsOn,
    Waived,
    digest_of,
    restated_months,
    settled_amounts,
)
from domain.errors import ConfigError
from domain.figures import MonthResult
from domain.figures.uses import UseRule
from domain.places import Term
from processing.months.job import recomputed
from processing.settlement.gathering import Standing
from store.ledger.canonical import digest


def issue(
    pipeline: Pipeline, name: str, month: Month, issued_by: str, actor: Actor = LOCAL
) -> Issued:
    """The statement of an agreement's month, issued; what earlier months come to by now is settled
    in it. A month that was issued gets another only where something was restated since, which
    then settles nothing but that; else the one that stands is given.

    Raises ConfigError where a month before is open, or was not issued.
    """
    found = settled(pipeline, name, month)
    earlier = pipeline.ledger.statements([found.agreement])
    _require_closed(found)
    number = _number(found, earlier, month)
    draft = _draft(found, earlier, month, number, _waived(pipeline, found))
    if number > 1 and not draft.restated:
        return earlier[-1]
    return pipeline.ledger.issue_statement(draft, issued_by=issued_by, actor=actor)


def changes(
    pipeline: Pipeline, institution: str, month: Month, result: MonthResult
) -> list[AmountChange]:
    """What the amounts of the institution's agreements come to with another result of a month, where
    they differ: of the months that are settled, and of that month itself."""
    found = []
    for agreement in dict.fromkeys(c.bundle for c in pipeline.registry.contracts_of(institution)):
        members = members_of(pipeline, agreement)
        issued = pipeline.ledger.statements([agreement])
        last = max([month, *(s.month for s in issued)])
        if month < Month.of(members[0].reporting_start) or not members[0].payment_terms:
            continue
        now = settled(pipeline, agreement, last)
        key = (institution, month)
        moved = {**now.standing, key: replace(now.standing[key], result=result)}
        then = reckoned(pipeline, members, moved, last, members[0].form, now.rows, list(now.uses))
        was = {s.month: s.amount_cny for s in now.statements} | settled_amounts(issued)
        numbers = {s.month: s.number for s in issued}
        found += [
            AmountChange(
                agreement=agreement,
                month=s.month,
                number=numbers.get(s.month, 0),
                was_cny=was[s.month],
                now_cny=s.amount_cny,
            )
            for s in then.statements
            if s.month >= month and was[s.month] != s.amount_cny
        ]
    return found


def issued_statement(pipeline: Pipeline, agreement: str, month: Month, number: int) -> Issued:
    """A statement that was issued. Raises ConfigError for one that is not there."""
    found = pipeline.ledger.statements([agreement], month=month, number=number)
    if not found:
        raise ConfigError(
            f"there is no statement {number} of {agreement} {month}: civicmeter statement list"
        )
    return found[0]


def reproduced(pipeline: Pipeline, issued: Issued) -> str:
    """The digest of a statement reckoned again: from the revisions and terms that it names."""
    content = issued.content
    standing = {}
    for one in content["rests_on"]:
        month = Month.parse(one["month"])
        revisions = pipeline.ledger.revisions(one["institution"], month)
        revision = next((r for r in revisions if r.number == one["revision"]), None)
        if revision is None:
            raise ConfigError(
                f"revision {one['revision']} of {one['institution']} {month} is not there any more: "
                "restore the ledger of that time"
            )
        where = (one["institution"], month)
        standing[where] = Standing(revision.result, revision.number, revision.digest)
    members = members_of(pipeline, issued.agreement)
    rows = [Term(**{**row, "valid_from": _day(row["valid_from"])}) for row in content["terms"]]
    uses = [
        UseRule(**{**row, "valid_from": date.fromisoformat(row["valid_from"])})
        for row in content.get("uses", ())
    ]
    found = reckoned(pipeline, members, standing, issued.month, content["form"], rows, uses)
    earlier = [
        s
        for s in pipeline.ledger.statements([issued.agreement])
        if (s.month, s.number) < (issued.month, issued.number)
    ]
    # What was waived after it was issued is of a later revision, also where it is the same check.
    named = {
        (w["institution"], w["month"], w["code"], w["by"], w["at"])
        for w in content.get("waived", ())
    }
    waived = [
        w
        for w in _waived(pipeline, found)
        if (w.institution, str(w.month), w.code, w.by, w.at.isoformat()) in named
    ]
    return digest_of(_draft(found, earlier, issued.month, issued.number, waived).body())


@dataclass(frozen=True, slots=True)
class ComputedAgain:
    """A signed month that a statement rests on, computed again from what is stored now; `digest`
    None: no readings of it are stored any more."""

    institution: str
    month: Month
    revision: int
    signed_digest: str
    digest: str | None

    @property
    def is_same(self) -> bool:
        return self.digest == self.signed_digest


def computed_again(pipeline: Pipeline, issued: Issued, now: datetime) -> list[ComputedAgain]:
    """The months that a statement rests on, computed again from readings, corrections, adjustments,
    models and factors as they are now. Nothing is kept. Raises ConfigError."""
    signed: dict[str, dict[Month, tuple[int, str]]] = {}
    for one in issued.content["rests_on"]:
        months = signed.setdefault(one["institution"], {})
        months[Month.parse(one["month"])] = (one["revision"], one["digest"])
    found = []
    places = pipeline.registry.institution_by_id
    for name, months in signed.items():
        if name not in places:
            raise ConfigError(f"institution {name} is not registered any more: restore it")
        wanted = sorted(months)
        results = recomputed(pipeline.store, pipeline.ledger, places[name], wanted, now)
        digests = {r.month: digest(r) for r in results}
        for month in wanted:
            revision, was = months[month]
            found.append(ComputedAgain(name, month, revision, was, digests.get(month)))
    return found


def _waived(pipeline: Pipeline, found: Settled) -> list[Waived]:
    """What was let go of the months that an agreement rests on."""
    places = dict.fromkeys(place for place, _ in found.standing)
    waivers = [w for place in sorted(places) for w in pipeline.ledger.waivers(place)]
    return [
        Waived(w.institution, w.month, w.code, w.by, w.reason, w.at)
        for w in waivers
        if (w.institution, w.month) in found.standing
    ]


def _require_closed(found: Settled) -> None:
    if found.open:
        months = ", ".join(str(m) for m in sorted(found.open))
        raise ConfigError(
            f"{found.agreement}: a statement rests on closed months, and these are open: {months}; "
            "close them first (civicmeter close)"
        )


def _number(found: Settled, earlier: Sequence[Issued], month: Month) -> int:
    """The number of the statement that comes next for this month; it has to be its turn."""
    first = found.statements[0].month
    due = earlier[-1].month.plus(1) if earlier else first
    if month == due:
        return 1
    if earlier and month == earlier[-1].month:
        return earlier[-1].number + 1
    if month > due:
        raise ConfigError(
            f"{found.agreement} {due} was not issued yet, and statements follow one another: "
            f"issue {due} first"
        )
    raise ConfigError(
        f"{found.agreement} {month} was issued, and so was {earlier[-1].month}: what is restated of "
        f"it is settled in the statement of {due}"
    )


def _draft(
    found: Settled,
    earlier: Sequence[Issued],
    month: Month,
    number: int,
    waived: Sequence[Waived],
) -> Draft:
    last = found.statements[-1]
    own = [s for s in found.statements if s.month < month or number > 1]
    one = found.members[0]
    return Draft(
        agreement=found.agreement,
        month=month,
        number=number,
        owners=tuple(c.institution for c in found.members),
        vendor=one.vendor,
        form=last.form,
        terms=tuple(found.rows),
        statement=last if number == 1 else None,
        restated=restated_months(settled_amounts(earlier), own),
        rests_on=tuple(
            RestsOn(place, m, s.revision, s.digest)
            for (place, m), s in sorted(found.standing.items())
        ),
        waived=tuple(waived),
        uses=tuple(found.uses),
    )


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
