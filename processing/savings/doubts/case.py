"""What a doubt is asked about: a claim, the days it rests on, and what else is known there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Literal

import pandas as pd

from domain.adjustments import Adjustment
from domain.findings import Finding
from domain.operating import State
from domain.places import Contract, Institution, Measure
from processing.savings.models.frozen import FrozenModel

EventKind = Literal["exchange", "multiplier", "gap", "reset", "jump", "scale", "correction"]


@dataclass(frozen=True, slots=True)
class MeterEvent:
    """Something happened to a meter that can change what it shows. `on` is the local day from
    which it counts again: the end of a gap, the day of an exchange."""

    kind: EventKind
    on: date
    meter: str


@dataclass(frozen=True, slots=True)
class OtherCarrier:
    """What the institution used of another carrier, beside a model of its own baseline days.

    `days` has observed and counterfactual of the days reported so far, in kWh (water: any unit).
    """

    carrier: str
    model: FrozenModel
    days: pd.DataFrame


def _nobody() -> Sequence[OtherCarrier]:
    return ()


@dataclass(frozen=True)
class Background:
    """What is known of a place beside the model and the days that are judged; all may be empty.

    `past` are the days before the reporting period as the judged ones are (observed,
    counterfactual, temperature_c). `peer_c` is the daily mean temperature of other stations of
    the city, past days too. `of_use` was found in the month's readings of the meters. `others` is asked
    only where a saving would be claimed. `adjustments` are the approved ones.
    """

    past: pd.DataFrame | None = None
    events: Sequence[MeterEvent] = ()
    of_use: Sequence[Finding] = ()
    others: Callable[[], Sequence[OtherCarrier]] = _nobody
    peer_c: pd.Series | None = None
    contract: Contract | None = None
    institution: Institution | None = None
    adjustments: Sequence[Adjustment] = ()

    @property
    def measures(self) -> Sequence[Measure]:
        return () if self.contract is None else self.contract.measures

    @property
    def option(self) -> str:
        return "C" if self.contract is None else self.contract.option


@dataclass(frozen=True)
class Case:
    """A claim of the local days [start, end), within the days it is judged by.

    `window` are all judged days up to `end` (observed, counterfactual, temperature_c, and perhaps
    estimated, and closed and vacation by the operating calendar), NaN where something is missing. `low` and `high` bound what was avoided, as it would be claimed.
    """

    model: FrozenModel
    window: pd.DataFrame
    start: date
    end: date
    low: float
    high: float
    background: Background = field(default_factory=Background)

    @cached_property
    def period(self) -> pd.DataFrame:
        """The days of the claim."""
        return self.window[self.window.index >= pd.Timestamp(self.start)]

    @cached_property
    def known(self) -> pd.DataFrame:
        """The days of the claim that have both sides."""
        return known(self.period)

    @cached_property
    def past(self) -> pd.DataFrame:
        """The days before the reporting period; empty where they were not given."""
        past = self.background.past
        return self.window.iloc[:0] if past is None else past

    @cached_property
    def baseline(self) -> pd.DataFrame:
        """The days the model was made of."""
        index = self.past.index
        inside = (index >= pd.Timestamp(self.model.baseline_start)) & (
            index < pd.Timestamp(self.model.baseline_end)
        )
        return self.past[inside]

    def told(self, state: State) -> int:
        """How many of the claim's known days are closed, or out of term, by the calendar."""
        return int(self.known[state].sum()) if state in self.known else 0

    def explained(self, day: date, within_days: float) -> bool:
        """Whether an approved adjustment begins near the day: somebody looked, and says so."""
        return any(abs((a.start - day).days) <= within_days for a in self.background.adjustments)


def known(days: pd.DataFrame) -> pd.DataFrame:
    """The days that have both sides."""
    return days[days[["observed", "counterfactual"]].notna().all(axis=1)]


def avoided_ratio(days: pd.DataFrame) -> float:
    """What was avoided as a share of the counterfactual, over the days that have both; 0 where
    nothing was due."""
    both = known(days)
    due = float(both["counterfactual"].sum())
    return 1.0 - float(both["observed"].sum()) / due if due > 0 else 0.0
