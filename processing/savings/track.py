"""A contract's carrier: its frozen baseline, and the days it is laid beside."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property

import pandas as pd

from config.working_days import DayTypes
from domain.adjustments import Adjustment
from domain.calendar import Month
from domain.figures.subjects import OfContract
from domain.findings import Finding
from domain.operating import OperatingSpell
from domain.places import CalendarName, Contract
from processing.savings.adjustments import BothWays, both_ways
from processing.savings.doubts.case import Background
from processing.savings.engine import assess
from processing.savings.inputs.typical import TypicalYear
from processing.savings.models.frozen import FrozenModel
from processing.savings.own_calibration import calibration_on
from processing.savings.peers.records import NOBODY, ControlGroup

WINDOW_MONTHS = 12
"""A month is judged by the twelve that end with it."""
MEMORY_DAYS = 13
"""So many days before carry the memory of the weather."""


@dataclass(frozen=True)
class SavingsTrack:
    """A contract's carrier: its frozen baseline and the days it is laid beside.

    `daily` and `kinds` (the day types) as the savings engine wants them; with a model of bills,
    `daily` is that of `billed_days`. `adjustments` are those
    of this contract and carrier, whatever their status. `typical` None: not frozen yet. `meters`
    are those whose readings make the use. `background` is what else is known of the place; the track
    adds its contract and its past days. `peers` is its control group, which may be empty.
    """

    contract: Contract
    carrier: str
    model: FrozenModel
    daily: pd.DataFrame
    kinds: DayTypes
    adjustments: Sequence[Adjustment] = ()
    typical: TypicalYear | None = None
    calendar: CalendarName = "cn"
    meters: frozenset[str] = frozenset()
    background: Background = field(default_factory=Background)
    peers: ControlGroup = NOBODY

    @property
    def about(self) -> OfContract:
        return OfContract(self.contract.id, self.carrier)

    @property
    def operation(self) -> Sequence[OperatingSpell]:
        """The operating calendar, where the model uses one."""
        place = self.background.institution
        return place.operation if place is not None and self.model.by_calendar else ()

    @property
    def subject(self) -> str:
        return str(self.about)

    @property
    def method(self) -> str:
        """Of its figures: the version that fitted the baseline, which stays with it."""
        isolated, billed = self.contract.option == "B", self.model.bills is not None
        how = (
            "retrofit-isolation" if isolated else "billing-baseline" if billed else "daily-baseline"
        )
        how += "-billing" if isolated and billed else ""
        return f"{how}/{self.model.format.rpartition('/')[2]}"

    def assessment(self, month: Month, of_use: Sequence[Finding] = ()) -> BothWays:
        """The baseline beside the twelve months that end with `month`, with the adjustments and
        without. `of_use` was found in the month's readings of its meters.

        So a month's interval knows how steadily its year ran, and does not change when later
        months arrive. The days before carry the memory of the weather only. What its peers
        have in common is in the counterfactual of the months that are frozen of them.
        """
        seen = assess(
            self.model,
            self.days(month),
            day_types=self.kinds,
            confidence=self.contract.confidence,
            calibration=calibration_on(self.model, month.end_day - timedelta(days=1)),
            background=replace(self._background, of_use=tuple(of_use)),
        )
        return both_ways(self.peers.beside(seen, month), self.adjustments)

    @cached_property
    def _background(self) -> Background:
        """With the days before the reporting period beside the model, as they really were."""
        before = pd.DatetimeIndex(self.daily.index) < pd.Timestamp(self.contract.reporting_start)
        past = None
        if before.any():
            past = assess(self.model, self.daily[before], day_types=self.kinds).days
        return replace(self.background, past=past, contract=self.contract)

    def days(self, month: Month) -> pd.DataFrame:
        """The days a month is judged by."""
        start = max(self.contract.reporting_start, month.plus(1 - WINDOW_MONTHS).first_day)
        index = pd.DatetimeIndex(self.daily.index)
        inside = (index >= pd.Timestamp(start) - pd.Timedelta(days=MEMORY_DAYS)) & (
            index < pd.Timestamp(month.end_day)
        )
        return self.daily[inside]
