"""What the lines of a statement rest on, figure by figure, as the signed months have it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from domain.calendar import Month
from domain.contracts.issued import Issued
from domain.figures import Figure, MonthResult
from store.ledger.port import Ledger

Where = tuple[str, Month, int]
"""An institution, a month of it and the revision."""

_REACHED_BY = {
    "avoided_energy_kwh": ("counterfactual_kwh", "observed_kwh", "adjustment_kwh"),
}
"""The figures of the same subject from which one comes about."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A figure of a signed month. `figure` None: that revision is not in this ledger any more."""

    institution: str
    month: Month
    revision: int
    digest: str
    name: str
    subject: str
    figure: Figure | None
    models: tuple[str, ...] = ()


def signed_months(ledger: Ledger, issued: Iterable[Issued]) -> dict[Where, MonthResult]:
    """The revisions that the lines of statements name, as far as the ledger has them."""
    named = {(p, m) for one in issued for p, m, _, _, _, _ in _named(one)}
    return {
        (place, month, revision.number): revision.result
        for place, month in sorted(named)
        for revision in ledger.revisions(place, month)
    }


def evidence_of(one: Issued, results: Mapping[Where, MonthResult]) -> list[Evidence]:
    """Each figure once, in the order of the lines; before a saving, what it is the difference of."""
    found: dict[tuple[Where, str, str], Evidence] = {}
    for place, month, revision, digest, name, subject in _named(one):
        where = (place, month, revision)
        result = results.get(where)
        there = {(f.name, f.subject): f for f in result.figures} if result else {}
        models = result.models if result and name in _REACHED_BY else ()
        for each in (*_REACHED_BY.get(name, ()), name):
            figure = there.get((each, subject))
            if figure is not None or each == name:
                said = Evidence(*where, digest, each, subject, figure, models)
                found.setdefault((where, each, subject), said)
    return list(found.values())


def _named(one: Issued) -> Iterator[tuple[str, Month, int, str, str, str]]:
    own = one.content["statement"]
    for line in own["lines"] if own else ():
        for r in line["rests_on"]:
            month = Month.parse(r["month"])
            yield r["institution"], month, r["revision"], r["digest"], r["name"], r["subject"]
