"""The completeness board: which devices never came, are stale, or read nought of late.

Held in columns: of a city's thousands of devices a few change with a result, and the states with
the hour.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Literal, NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from config.processing import BoardRules, processing_settings
from domain.calendar import Month, from_ms, local_midnight, to_ms
from domain.figures import MonthResult, Shares
from domain.findings import Finding
from domain.places import AnyDevice, Institution, Meter, service_until
from domain.registry import Registry
from domain.registry.unbounded import UNBOUNDED_FIELDS, unbounded
from processing.quality.said import NOTHING, Said, said_of_devices

State = Literal["never", "stale", "zero", "ok"]

STATES: tuple[State, ...] = ("never", "stale", "zero", "ok")
"""How a device is, the worst first."""

Order = Literal["worst", "last_at", "received", "estimated", "missing", "device", "institution"]

ORDERS: tuple[Order, ...] = (
    "worst",
    "last_at",
    "received",
    "estimated",
    "missing",
    "device",
    "institution",
)
"""What the rows may stand in the order of; what is worst comes first in each."""

_NEVER = np.iinfo(np.int64).min
_NO_END = np.iinfo(np.int64).max
_US = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_STATIC = np.dtype(
    [
        ("stale_after_us", np.int64),
        ("service_end_us", np.int64),
        ("institution", np.int64),
        *((name, np.bool_) for name in UNBOUNDED_FIELDS),
    ]
)
_TOLD = np.dtype(
    [
        ("is_computed", np.bool_),
        ("begin_us", np.int64),
        ("end_us", np.int64),
        # By which the worst comes first, among devices of one state.
        ("missing", np.float64),
        ("absent", np.float64),
        ("estimated", np.float64),
        ("findings", np.int64),
        ("fell_silent", np.bool_),
        # By which a reader may have them sorted.
        ("received_share", np.float64),
        ("missing_share", np.float64),
        ("estimated_share", np.float64),
    ]
)
_LAST = 9e18


@dataclass(frozen=True, slots=True)
class BoardRow:
    """One device on the board.

    `state`: ``never`` when no reading ever came, ``stale`` when the last one is older than
    three intervals (at the end of the month, or now while it runs), ``zero`` when it reports
    but its use newly stopped (`fell_silent`), else ``ok``. Low use that is not nought is
    ``ok``. `month` None: nothing of its institution has been computed. Shares are those of
    the use where the device has a use of its own. `received_share` is above 1 where a device
    reports more often than it has to.
    """

    device: AnyDevice
    month: Month | None
    state: State
    last_at: datetime | None
    expected: int | None
    received: int | None
    received_share: float | None
    shares: Shares | None
    findings: tuple[Finding, ...]


class Computed(NamedTuple):
    """A month of an institution, and what it says of each device."""

    month: Month
    said: Mapping[str, Said]


class BoardColumns:
    """What a board is made of, besides the hour and the times of the last readings: all devices
    that report, and what the month looked at says of each. Never changed: `with_months` gives
    another one."""

    def __init__(
        self,
        registry: Registry,
        rules: BoardRules | None = None,
        months: Mapping[str, Computed] | None = None,
    ) -> None:
        """Of a registry, and of what was computed of its institutions."""
        rules = rules or processing_settings().completeness
        reporting = (d for d in registry.devices if not (isinstance(d, Meter) and d.formula))
        # The order among equals, so that a stable sort need not look at it.
        self.devices = sorted(reporting, key=lambda d: (d.institution, d.id))
        self._places = registry.institution_by_id
        self.spans = _spans(self.devices)
        self.static: NDArray[Any] = np.array(
            [_static(d, self._places[d.institution], rules) for d in self.devices], _STATIC
        )
        for k, span in enumerate(self.spans.values()):
            self.static["institution"][span] = k
        self.months: Mapping[str, Computed] = months or {}
        self.told: NDArray[Any] = np.zeros(len(self.devices), _TOLD)
        self._tell(self.spans)

    def with_months(self, changed: Mapping[str, Computed | None]) -> "BoardColumns":
        """With other months of these institutions, the other ones as they were; None: none is
        looked at any more."""
        made = object.__new__(BoardColumns)
        made.devices, made.spans, made.static = self.devices, self.spans, self.static
        made._places = self._places
        months = {**self.months, **changed}
        made.months = {i: c for i, c in months.items() if c is not None}
        made.told = self.told.copy()
        made._tell(changed)
        return made

    def _tell(self, institutions: Iterable[str]) -> None:
        intervals: dict[tuple[Month, str], tuple[int, int]] = {}
        for institution in institutions:
            span = self.spans.get(institution)
            if span is None:
                continue  # registered no more, or without a device
            computed = self.months.get(institution)
            begin_us = end_us = 0
            if computed is not None:
                key = computed.month, self._places[institution].timezone
                if key not in intervals:
                    begin, end = key[0].interval(key[1])
                    intervals[key] = _us(begin), _us(end)
                begin_us, end_us = intervals[key]
            said = {} if computed is None else computed.said
            head = computed is not None, begin_us, end_us
            self.told[span] = [
                (*head, *_told(d, said.get(d.id, NOTHING))) for d in self.devices[span]
            ]

    @cached_property
    def worst(self) -> NDArray[np.intp]:
        """The devices by all that makes them worse but their state, then institution and id."""
        told = self.told
        keys = [told[k] for k in ("findings", "estimated", "absent", "missing")]
        return np.lexsort(keys)

    def board(
        self,
        last_ms: Mapping[str, int],
        now: datetime,
        institutions: Collection[str] | None = None,
    ) -> "Board":
        """The board as it stands: one row a device of the institutions (None: of all), the worst
        first. One that is out of service is left out, unless it still reports.

        `last_ms` is the time of each device's last reading (from the store's `last_heard`).
        """
        seen_ms = np.array([last_ms.get(d.id, _NEVER) for d in self.devices], np.int64)
        never = seen_ms == _NEVER
        seen_us = np.where(never, _NEVER, np.where(never, 0, seen_ms) * 1000)
        told, service_end = self.told, self.static["service_end_us"]
        now_us = _us(now)
        begin = np.where(told["is_computed"], told["begin_us"], now_us)
        at = np.minimum(np.where(told["is_computed"], told["end_us"], now_us), now_us)
        at = np.minimum(at, service_end)
        stale = seen_us < at - self.static["stale_after_us"]
        state = np.where(stale, 1, np.where(told["fell_silent"], 2, 3))
        state[never] = 0
        # Out of service, and silent as it should be.
        is_shown = ~((service_end <= begin) & (seen_us < service_end))
        if institutions is not None:
            is_asked = np.zeros(len(self.devices), np.bool_)
            for institution in institutions:
                is_asked[self.spans.get(institution, slice(0))] = True
            is_shown &= is_asked
        order = self.worst[is_shown[self.worst]]
        order = order[np.argsort(state[order], kind="stable")]
        return Board(self, state, seen_ms, order)

    def row(self, k: int, state: int, seen_ms: int) -> BoardRow:
        device = self.devices[k]
        computed = self.months.get(device.institution)
        said = NOTHING if computed is None else computed.said.get(device.id, NOTHING)
        return BoardRow(
            device=device,
            month=None if computed is None else computed.month,
            state=STATES[state],
            last_at=None if seen_ms == _NEVER else from_ms(seen_ms),
            expected=said.expected,
            received=said.received,
            received_share=said.received_share,
            shares=said.own_shares(device),
            findings=said.findings,
        )


class Board(Sequence[BoardRow]):
    """Devices as they stand, in an order. A row is made when it is looked at."""

    def __init__(
        self,
        columns: BoardColumns,
        state: NDArray[Any],
        seen_ms: NDArray[np.int64],
        order: NDArray[np.intp],
    ) -> None:
        self._columns, self._state, self._seen_ms, self._order = columns, state, seen_ms, order

    def __len__(self) -> int:
        return self._order.size

    @overload
    def __getitem__(self, asked: int) -> BoardRow: ...
    @overload
    def __getitem__(self, asked: slice) -> list[BoardRow]: ...
    def __getitem__(self, asked: int | slice) -> BoardRow | list[BoardRow]:
        if isinstance(asked, slice):
            return [self._row(k) for k in self._order[asked].tolist()]
        return self._row(int(self._order[asked]))

    def _row(self, k: int) -> BoardRow:
        return self._columns.row(k, int(self._state[k]), int(self._seen_ms[k]))

    def only(self, states: Collection[str]) -> "Board":
        """Those in one of these states, in the same order."""
        wanted = np.array([s in states for s in STATES])
        return self._ordered(self._order[wanted[self._state[self._order]]])

    def by(self, order: Order) -> "Board":
        """In another order, what is worst in it first; equal ones stay as they were."""
        if order == "worst":
            return self
        shown, told = self._order, self._columns.told
        if order == "device":
            devices = self._columns.devices
            by_id = sorted(shown.tolist(), key=lambda k: devices[k].id)
            return self._ordered(np.array(by_id, np.intp))
        key: NDArray[Any] = {
            "last_at": np.where(self._seen_ms == _NEVER, -1000, self._seen_ms),
            "received": told["received_share"],
            "estimated": -told["estimated_share"],
            "missing": -told["missing_share"],
            "institution": self._columns.static["institution"],
        }[order]
        return self._ordered(shown[np.argsort(key[shown], kind="stable")])

    def counts(self) -> dict[State, int]:
        """How many are in each state."""
        counted = np.bincount(self._state[self._order], minlength=len(STATES))
        return dict(zip(STATES, counted.tolist(), strict=True))

    def unbounded(self) -> dict[str, int]:
        """As `count_unbounded` of the devices shown."""
        static = self._columns.static[self._order]
        counts = {name: int(static[name].sum()) for name in UNBOUNDED_FIELDS}
        return {name: count for name, count in counts.items() if count}

    def _ordered(self, order: NDArray[np.intp]) -> "Board":
        return Board(self._columns, self._state, self._seen_ms, order)


def board(
    registry: Registry,
    last_at: Mapping[str, datetime],
    results: Iterable[MonthResult],
    now: datetime,
    rules: BoardRules | None = None,
) -> Board:
    """The completeness board of `results`, of which each institution's last month counts; see
    `BoardColumns.board`. `last_at` is each device's last reading."""
    latest = {r.institution: r for r in sorted(results, key=lambda r: r.month)}
    months = {i: Computed(r.month, said_of_devices(r)) for i, r in latest.items()}
    columns = BoardColumns(registry, rules).with_months(months)
    return columns.board({d: to_ms(at) for d, at in last_at.items()}, now)


def _us(at: datetime) -> int:
    return (at - _EPOCH) // _US


def _spans(devices: Sequence[AnyDevice]) -> dict[str, slice]:
    """Where the devices of each institution stand, who come one after another."""
    found: dict[str, slice] = {}
    for k, device in enumerate(devices):
        begun = found.get(device.institution)
        found[device.institution] = slice(k if begun is None else begun.start, k + 1)
    return found


def _static(device: AnyDevice, place: Institution, rules: BoardRules) -> tuple[object, ...]:
    day = service_until(device, place)
    end_us = _NO_END if day is None else _us(local_midnight(day, place.timezone))
    limit = timedelta(seconds=rules.stale_after_intervals * device.expected_interval_s)
    lacks = unbounded(device)
    return (limit // _US, end_us, 0, *(name in lacks for name in UNBOUNDED_FIELDS))


def _told(device: AnyDevice, said: Said) -> tuple[object, ...]:
    shares, received = said.own_shares(device), said.received_share
    missing = shares.missing if shares else 0.0
    estimated = shares.estimated if shares else 0.0
    absent = max(1.0 - (1.0 if received is None else received), 0.0)
    # Rounded here, as Python does it: numpy's rounding has other last digits.
    rounded = (-round(share, 4) for share in (missing, absent, estimated))
    return (
        *rounded,
        -len(said.findings),
        said.fell_silent,
        _LAST if received is None else received,
        shares.missing if shares else -1.0,
        shares.estimated if shares else -1.0,
    )
