"""Tests of equipment: when it was on, and when off."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Literal

import numpy as np
import pandas as pd

from domain.errors import ConfigError

State = Literal["on", "off"]


@dataclass(frozen=True, slots=True)
class Spell:
    """Local days from `start` to `end` (excluded) in which the equipment was on or off."""

    start: date
    end: date
    state: State

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise ConfigError(f"the period {self.start}:{self.end} ends before it starts")


def with_state(days: pd.DataFrame, spells: Sequence[Spell]) -> pd.DataFrame:
    """The days of the spells with the column `on`; days of none are no part of the test.

    Raises ConfigError when two spells overlap.
    """
    state = pd.Series(np.nan, index=days.index)
    index = pd.DatetimeIndex(days.index)
    ordered = sorted(spells, key=lambda s: s.start)
    for one, following in pairwise(ordered):
        if following.start < one.end:
            raise ConfigError(f"the periods from {one.start} and {following.start} overlap")
    for spell in ordered:
        inside = (index >= pd.Timestamp(spell.start)) & (index < pd.Timestamp(spell.end))
        state[inside] = float(spell.state == "on")
    tested = days[state.notna()]
    return tested.assign(on=state.dropna().astype(bool))
