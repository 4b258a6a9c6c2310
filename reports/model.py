"""The report model: everything one institution's month report shows, in no language yet."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from domain.calendar import Month
from domain.errors import ConfigError
from domain.figures import Figure, MonthResult, Verdict
from domain.places import AnyDevice, Contract, Institution, value_on
from domain.registry import Registry
from store.ledger import Ledger, MonthState, MonthStatus, Revision

HISTORY_MONTHS = 25
"""How far trends look back: two years, and the same month before them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where the month stands, and who answers for it.

    `revision` 0 means preliminary: never closed, nobody signed. `digest` is over the figures'
    canonical JSON. `restatement_pending` says that newer data would change a closed month.
    """

    state: MonthState
    revision: int
    digest: str
    computed_at: datetime
    closed_at: datetime | None = None
    signed_by: str = ""
    reason: str = ""
    code_version: str = ""

    @property
    def preliminary(self) -> bool:
        return self.revision == 0

    @property
    def restatement_pending(self) -> bool:
        return self.state == "restatement_pending"


@dataclass(frozen=True, slots=True, kw_only=True)
class Saving:
    """A contract's saving on one carrier this month; a part is None where it was not computed.

    The counterfactual's band is observed + the interval of the avoided energy, so that the
    chart and the verdict can never disagree.
    """

    contract: Contract | None
    subject: str
    carrier: str
    avoided: Figure
    observed: Figure | None
    counterfactual: Figure | None
    ratio: Figure | None
    nominal: Figure | None

    @property
    def verdict(self) -> Verdict | None:
        return self.avoided.verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportModel:
    """One institution and month with its evidence, trends and signature.

    `history` are the standing results of the months up to and including this one, oldest
    first, without those never computed: gaps stay gaps.
    """

    institution: Institution
    month: Month
    standing: Standing
    result: MonthResult
    history: tuple[MonthResult, ...]
    devices: tuple[AnyDevice, ...] = ()
    contracts: tuple[Contract, ...] = ()

    def figure(self, name: str, subject: str = "") -> Figure | None:
        return find(self.result, name, subject)

    def year_before(self, figure: Figure) -> Figure | None:
        """The same figure one year earlier, None where that month was never computed."""
        wanted = self.month.plus(-12)
        return next(
            (
                f
                for r in self.history
                if r.month == wanted
                for f in r.figures
                if (f.name, f.subject) == (figure.name, figure.subject)
            ),
            None,
        )

    @property
    def running(self) -> bool:
        """Whether the month was not over yet when its figures were computed."""
        return self.standing.computed_at < self.month.interval(self.institution.timezone)[1]

    def days_so_far(self) -> list[date]:
        """The days of the month that had begun when its figures were computed."""
        today = self.standing.computed_at.astimezone(ZoneInfo(self.institution.timezone)).date()
        return [d for d in self.month.days() if d <= today]

    def compared_with(self, figure: Figure) -> Figure | None:
        """What a change is told against: the same month last year. None while the month runs,
        for a part of a month would pass for a fall."""
        return None if self.running else self.year_before(figure)

    def savings(self) -> list[Saving]:
        """One per contract and carrier, in the order of the figures."""
        return [
            Saving(
                contract=next(
                    (c for c in self.contracts if c.id == f.subject.rpartition("/")[0]), None
                ),
                subject=f.subject,
                carrier=f.subject.rpartition("/")[2],
                avoided=f,
                observed=self.figure("observed_kwh", f.subject),
                counterfactual=self.figure("counterfactual_kwh", f.subject),
                ratio=self.figure("avoided_energy_ratio", f.subject),
                nominal=self.figure("avoided_energy_nominal_kwh", f.subject),
            )
            for f in self.result.figures
            if f.name == "avoided_energy_kwh"
        ]

    @property
    def floor_area_m2(self) -> float | None:
        return value_on(self.institution.floor_area_m2, self.month.days()[-1])

    @property
    def headcount(self) -> float | None:
        return value_on(self.institution.headcount, self.month.days()[-1])


def find(result: MonthResult, name: str, subject: str = "") -> Figure | None:
    """A figure of a result, or None."""
    return next((f for f in result.figures if f.name == name and f.subject == subject), None)


def build_report(ledger: Ledger, institution: str, month: Month) -> ReportModel:
    """Gather a month report from the ledger.

    What stands is reported: the latest signed revision of a closed month, also while a
    restatement waits; the computed result of an open month, as preliminary. Raises
    ConfigError for an unknown institution and for a month never computed.
    """
    registry = ledger.registry()
    place = registry.institution_by_id.get(institution)
    if place is None:
        known = ", ".join(sorted(registry.institution_by_id)) or "none yet"
        raise ConfigError(f"no institution {institution!r}; there are: {known}")
    history = ledger.results(institution, month.plus(1 - HISTORY_MONTHS), month.plus(1))
    status = next((s for s in ledger.statuses(institution) if s.month == month), None)
    if status is None or not history or history[-1].month != month:
        raise ConfigError(
            f"{month} of {institution} was never computed: "
            f"run `civicmeter process --month {month}` first"
        )
    revisions = ledger.revisions(institution, month)
    return _report(registry, place, history, _standing(status, revisions))


def _report(
    registry: Registry, place: Institution, history: list[MonthResult], standing: Standing
) -> ReportModel:
    return ReportModel(
        institution=place,
        month=history[-1].month,
        standing=standing,
        result=history[-1],
        history=tuple(history),
        devices=tuple(d for d in registry.devices if d.institution == place.id),
        contracts=tuple(registry.contracts_of(place.id)),
    )


def _standing(status: MonthStatus, revisions: list[Revision]) -> Standing:
    signed = max(revisions, key=lambda r: r.number, default=None)
    return Standing(
        state=status.state,
        revision=signed.number if signed else 0,
        digest=signed.digest if signed else status.digest,
        computed_at=status.computed_at,
        closed_at=signed.closed_at if signed else None,
        signed_by=signed.signed_by if signed else "",
        reason=signed.reason if signed else "",
        code_version=signed.code_version if signed else "",
    )
