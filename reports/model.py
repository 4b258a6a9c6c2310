"""The report model: everything one institution's month report shows, in no language yet."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime

from domain.adjustments import Adjustment
from domain.calendar import Month, local_day
from domain.closing import Waiver
from domain.errors import ConfigError
from domain.figures import Figure, MonthResult, Verdict
from domain.figures.comparing import is_running
from domain.figures.subjects import OfContract, OfPart
from domain.models import ModelKind
from domain.places import AnyDevice, Contract, Institution, value_on
from domain.registry import Registry
from processing.savings.models.frozen import FrozenModel
from processing.savings.peers.records import FrozenMonth, Roster
from store.ledger.port import Ledger, ModelRecord, MonthState, MonthStatus, Revision

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
    unadjusted: Figure | None = None
    adjustment: Figure | None = None
    year_to_date: Figure | None = None
    normalised: Figure | None = None
    parts: tuple[tuple[str, Figure], ...] = ()
    """Of the counterfactual: ``heating``, ``cooling`` … with their figures."""
    adjustments: tuple[Adjustment, ...] = ()
    """Those that are in the figures."""
    model: FrozenModel | None = None
    peers: Roster | None = None
    """Its control group, and what that said of the month, if it is over."""
    peer_month: FrozenMonth | None = None

    @property
    def verdict(self) -> Verdict | None:
        return self.avoided.verdict

    @property
    def of_project(self) -> bool:
        """Not only a comparison with the baseline, in which nobody claims to have done anything."""
        return self.contract is None or self.contract.form != "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportModel:
    """One institution and month with its evidence, trends and signature.

    `history` are the standing results of the months up to and including this one, oldest
    first, without those never computed: gaps stay gaps. Only this one has its day values.
    """

    institution: Institution
    month: Month
    standing: Standing
    result: MonthResult
    history: tuple[MonthResult, ...]
    devices: tuple[AnyDevice, ...] = ()
    contracts: tuple[Contract, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()
    models: tuple[ModelRecord, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    """What was let go of the month's checks; of one that was never signed nothing is told."""

    def figure(self, name: str, subject: str = "") -> Figure | None:
        return find(self.result, name, subject)

    def subjects(self, name: str) -> set[str]:
        """What the figures of a name are about; empty text for the institution."""
        return {f.subject for f in self.result.figures if f.name == name}

    def year_before(self, figure: Figure) -> Figure | None:
        """The same figure one year earlier, None where that month was never computed."""
        before = self._a_year_ago
        return find(before, figure.name, figure.subject) if before is not None else None

    @property
    def _a_year_ago(self) -> MonthResult | None:
        wanted = self.month.plus(-12)
        return next((r for r in self.history if r.month == wanted), None)

    @property
    def running(self) -> bool:
        """Whether the month was not over yet when its figures were computed."""
        return self.standing.computed_at < self.month.interval(self.institution.timezone)[1]

    def days_so_far(self) -> list[date]:
        """The days of the month that had begun when its figures were computed."""
        today = local_day(self.standing.computed_at, self.institution.timezone)
        return [d for d in self.month.days() if d <= today]

    def compared_with(self, figure: Figure) -> Figure | None:
        """What a change is told against: the same month last year. None where one of the two was
        not over when it was computed: a part of a month would pass for a fall."""
        before = self._a_year_ago
        unlike = self.running or (before is not None and is_running(before))
        return None if unlike else self.year_before(figure)

    def savings(self) -> list[Saving]:
        """One per contract and carrier, in the order of the figures."""
        return [self._saving(f) for f in self.result.figures if f.name == "avoided_energy_kwh"]

    def _saving(self, avoided: Figure) -> Saving:
        subject = avoided.subject
        about = avoided.about
        contract, carrier = ("", subject)
        if isinstance(about, OfContract):
            contract, carrier = about.contract, about.carrier
        said = map(FrozenMonth.from_json, self._frozen("peer_month", contract, carrier))
        return Saving(
            contract=next((c for c in self.contracts if c.id == contract), None),
            subject=subject,
            carrier=carrier,
            avoided=avoided,
            observed=self.figure("observed_kwh", subject),
            counterfactual=self.figure("counterfactual_kwh", subject),
            ratio=self.figure("avoided_energy_ratio", subject),
            nominal=self.figure("avoided_energy_nominal_kwh", subject),
            unadjusted=self.figure("avoided_energy_unadjusted_kwh", subject),
            adjustment=self.figure("adjustment_kwh", subject),
            year_to_date=self.figure("avoided_energy_year_to_date_kwh", subject),
            normalised=self.figure("normalised_saving_kwh", subject),
            parts=tuple(
                (part.part, f)
                for f in self.result.figures
                if f.name == "counterfactual_part_kwh"
                and isinstance(part := f.about, OfPart)
                and part.whole == about
            ),
            adjustments=tuple(a for a in self.adjustments if str(a.number) in _numbers(avoided)),
            model=next(
                map(FrozenModel.from_json, self._frozen("baseline", contract, carrier)), None
            ),
            peers=next(map(Roster.from_json, self._frozen("peers", contract, carrier)), None),
            peer_month=next((m for m in said if m.month == self.month), None),
        )

    def _frozen(self, kind: ModelKind, contract: str, carrier: str) -> Iterator[str]:
        """The JSON of what is frozen and in the figures."""
        for record in self.models:
            mine = (record.contract, record.carrier) == (contract, carrier)
            if mine and record.kind == kind and record.digest in self.result.models:
                yield record.json

    @property
    def floor_area_m2(self) -> float | None:
        return value_on(self.institution.floor_area_m2, self.month.days()[-1])

    @property
    def headcount(self) -> float | None:
        return value_on(self.institution.headcount, self.month.days()[-1])


def _numbers(avoided: Figure) -> set[str]:
    """The numbers of the adjustments a figure has in, as its finding names them."""
    found = (f.numbers.get("numbers", "") for f in avoided.findings if f.code == "savings_adjusted")
    return {n.strip() for each in found for n in str(each).split(",")}


def find(result: MonthResult, name: str, subject: str = "") -> Figure | None:
    """A figure of a result, or None."""
    return next((f for f in result.figures if f.name == name and f.subject == subject), None)


def build_report(
    ledger: Ledger, institution: str, month: Month, registry: Registry | None = None
) -> ReportModel:
    """Gather a month report from the ledger; `registry` where it is known already.

    What stands is reported: the latest signed revision of a closed month, also while a
    restatement waits; the computed result of an open month, as preliminary. Raises
    ConfigError for an unknown institution and for a month never computed.
    """
    registry = ledger.registry() if registry is None else registry
    place = registry.institution_by_id.get(institution)
    if place is None:
        known = ", ".join(sorted(registry.institution_by_id)) or "none yet"
        raise ConfigError(f"no institution {institution!r}; there are: {known}")
    history = ledger.results(institution, month.plus(1 - HISTORY_MONTHS), month, days=False)
    history += ledger.results(institution, month, month.plus(1))
    status = next(iter(ledger.statuses(institution, month, month.plus(1))), None)
    if status is None or not history or history[-1].month != month:
        raise ConfigError(
            f"{month} of {institution} was never computed: "
            f"run `civicmeter process --month {month}` first"
        )
    revisions = ledger.revisions(institution, month)
    report = _report(registry, place, history, _standing(status, revisions))
    if revisions:
        report = replace(report, waivers=tuple(ledger.waivers(institution, month)))
    if not report.contracts:
        return report
    return replace(
        report,
        adjustments=tuple(ledger.adjustments(institution)),
        models=tuple(ledger.models(institution)),
    )


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
