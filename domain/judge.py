"""What a good reading is: one judge, whoever brings it (a message, a request, a correction).

Pure. What is registered, which instants and values are believed and what time it is are given
in. A refusal is a code with numbers, whose
sentence in zh and en is in `config/texts/intake.toml`.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from math import inf, isfinite, nextafter
from typing import Protocol

from domain.access import Grant
from domain.calendar import to_ms
from domain.quantities import QUANTITIES
from domain.readings import Reading, Run, runs_of

LARGEST_MS = 2**63 - 1
"""A whole number up to this, either way, is a time, which the judge believes or not."""
_NAMED = 100
"""How much of a name somebody else chose is repeated, in characters."""
_QUOTED = 80
_NOTHING = (inf, -inf)
_EVERYTHING = dict.fromkeys(QUANTITIES, (-sys.float_info.max, sys.float_info.max))


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something is no reading, or may not be entered: a stable word, and the numbers of its
    sentence (``refused.<code>`` of the intake's texts)."""

    code: str
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class TimeLimits:
    """Which instants of measurement are believed: from `oldest_at` to `future_skew_s` after
    now, both included; and which `values` of each quantity, from the least to the greatest, but
    those that are its `markers`: what devices send for "no value"."""

    oldest_at: datetime
    future_skew_s: int
    values: Mapping[str, tuple[float, float]] = field(default_factory=lambda: _EVERYTHING)
    markers: Mapping[str, frozenset[float]] = field(default_factory=dict)

    @cached_property
    def unmarked(self) -> Mapping[str, tuple[float, float]]:
        """The part of `values` around nothing that holds no marker: within it, no value needs to
        be looked at by itself."""
        found = dict(self.values)
        for quantity, marks in self.markers.items():
            low, high = found[quantity]
            low = max([low, *(nextafter(m, inf) for m in marks if m < 0)])
            high = min([high, *(nextafter(m, -inf) for m in marks if m >= 0)])
            found[quantity] = low, high
        return found


class Placed(Protocol):
    """What the judge knows of a registered device."""

    @property
    def institution(self) -> str: ...

    @property
    def gateway(self) -> str | None:
        """Who may speak for it besides itself; None: any gateway, empty: none."""
        ...


class Judge:
    """Tells readings from what is none, at one moment and for one who brings them.

    `devices` are the registered ones. `grants` say for which of them the bringer may speak;
    None: for every one. Codes: ``not_finite``, ``unknown_device``, ``foreign_device``,
    ``unknown_quantity``, ``future_time``, ``ancient_time``, ``out_of_limits``, ``marker``; of several
    reasons the first in this order is said.
    """

    __slots__ = ("_bounds", "_devices", "_grants", "_newest_ms", "_oldest_ms", "_times", "now_ms")

    def __init__(
        self,
        devices: Mapping[str, Placed],
        times: TimeLimits,
        now_ms: int,
        grants: Sequence[Grant] | None = None,
    ) -> None:
        self._devices = devices
        self._grants = grants
        self._times = times
        self._bounds = times.values
        self.now_ms = now_ms
        self._oldest_ms = to_ms(times.oldest_at)
        self._newest_ms = now_ms + times.future_skew_s * 1000

    def refusal(
        self, device: str, quantity: str, at_ms: int, value: float | None
    ) -> Refusal | None:
        """Why this is no reading; None: it is one. With `value` None, whether there can be a
        reading of that device, quantity and time."""
        if value is not None and not isfinite(value):
            return Refusal("not_finite", {"value": quoted(value)})
        known = self._devices.get(device)
        if known is None:
            return Refusal("unknown_device", {"device": device[:_NAMED]})
        if self._grants is not None and not self._granted(known.institution, device):
            return Refusal("foreign_device", {"device": device[:_NAMED]})
        bounds = self._bounds.get(quantity)
        if bounds is None:
            return Refusal("unknown_quantity", {"quantity": quantity[:_NAMED]})
        if not self._oldest_ms <= at_ms <= self._newest_ms:
            return self._wrong_time(at_ms)
        if value is not None and not bounds[0] <= value <= bounds[1]:
            return _out_of_limits(quantity, value, bounds)
        if value in self._times.markers.get(quantity, ()):
            return Refusal("marker", {"value": value, "quantity": quantity})
        return None

    def foreign(self, device: str, gateway: str) -> Refusal | None:
        """Why a gateway may not speak for a device; None: it may, or nobody knows the device."""
        known = self._devices.get(device)
        if known is None or gateway in (known.gateway, device):
            return None
        if known.gateway is None and gateway not in self._devices:
            return None
        return Refusal("foreign_device", {"device": device[:_NAMED]})

    def doubtful(self, runs: Sequence[Run]) -> list[int]:
        """The positions of the runs that may hold something that is no reading; the others are
        fine as a whole. No run is empty. Costs a fraction of judging each reading."""
        devices, bounds = self._devices, self._times.unmarked
        oldest, newest, anyone = self._oldest_ms, self._newest_ms, self._grants is None
        return [
            i
            for i, (device, quantity, at_ms, value) in enumerate(runs)
            if not (
                (known := devices.get(device)) is not None
                and (anyone or self._granted(known.institution, device))
                and (within := bounds.get(quantity, _NOTHING))[0] <= min(value)
                and max(value) <= within[1]
                and isfinite(sum(value))  # a NaN may hide from the bounds
                # Times mostly come in order: sorting them then is faster than min and max.
                and oldest <= (ordered := sorted(at_ms))[0]
                and ordered[-1] <= newest
            )
        ]

    def sort(
        self, runs: Sequence[Run], doubtful: Sequence[int]
    ) -> tuple[Sequence[Run], list[tuple[int, Reading, Refusal]]]:
        """What may be stored; and every other reading with the position of its run and why.

        `doubtful` are the positions of the runs to judge reading by reading.
        """
        if not doubtful:
            return runs, []
        good, bad = dict(enumerate(runs)), []
        for i in doubtful:
            fine = []
            for reading in good.pop(i).readings():
                refusal = self.refusal(*reading)
                if refusal is None:
                    fine.append(reading)
                else:
                    bad.append((i, reading, refusal))
            good.update((i, run) for run in runs_of(fine))
        return [good[i] for i in sorted(good)], bad

    def _granted(self, institution: str, device: str) -> bool:
        return any(g.covers(institution, None, device) for g in self._grants or ())

    def _wrong_time(self, at_ms: int) -> Refusal:
        if at_ms < self._oldest_ms:
            return Refusal("ancient_time", {"oldest": self._times.oldest_at.date().isoformat()})
        values = {
            "ahead_s": (at_ms - self.now_ms) // 1000,
            "limit_s": self._times.future_skew_s,
        }
        return Refusal("future_time", values)


def _out_of_limits(quantity: str, value: float, bounds: tuple[float, float]) -> Refusal:
    minimum, maximum = bounds
    values = {"value": value, "quantity": quantity, "minimum": minimum, "maximum": maximum}
    return Refusal("out_of_limits", values)


def conflict(value: float, stored_value: float) -> Refusal:
    """Of a reading whose series and time have another value already, which stays until somebody
    decides by a correction."""
    return Refusal("conflict", {"value": value, "stored": stored_value})


def refused_by_store(reason: str) -> Refusal:
    """Of a reading the store's engine does not take."""
    return Refusal("refused_by_store", {"reason": reason})


def read_number(raw: object) -> float | Refusal:
    """A value that came as a number (not as text, true or null), or why it is no finite one."""
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        return Refusal("bad_value", {"value": quoted(raw)})
    try:
        value = float(raw)
    except OverflowError:
        value = inf
    return value if isfinite(value) else Refusal("not_finite", {"value": quoted(raw)})


def quoted(value: object) -> str:
    """A value as a person may see it: short, and never itself an error."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # an int of too many digits, a nest too deep
        text = type(value).__name__
    return text if len(text) <= _QUOTED else text[: _QUOTED - 1] + "…"
