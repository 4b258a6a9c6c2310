"""What the months of one institution are computed from, and what comes of it: values, no stores."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from domain.adjustments import Adjustment
from domain.calendar import Month
from domain.figures import MonthResult
from domain.models import ModelRecord
from processing.months.evidence.peers import Peer
from processing.months.site import Site


@dataclass(frozen=True)
class Plan:
    """Everything the `months` of a site depend on.

    `models` and `adjustments` are all that the ledger holds of the institution; only contracts
    need them. `peers` are institutions that may be in their control groups. `kept`: of months in which a register caught up, what the ledger holds already,
    be it standing or waiting for approval.
    """

    site: Site
    months: tuple[Month, ...]
    now: datetime
    models: tuple[ModelRecord, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()
    kept: Mapping[Month, tuple[MonthResult, ...]] = field(default_factory=dict)
    peers: tuple[Peer, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What a plan comes to: the results in the order of its months, the models frozen on the
    way, and the (institution, month) pairs that are to be computed anew because of it; or, with
    nothing else, the `error` for which it came to nothing."""

    results: tuple[MonthResult, ...] = ()
    models: tuple[ModelRecord, ...] = ()
    touched: frozenset[tuple[str, Month]] = frozenset()
    error: str = ""
