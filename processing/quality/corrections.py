"""Corrections applied to what devices said, and which cannot be entered. Pure; raw readings stay."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from config.limits import TIME_LIMITS
from domain.corrections import Correction
from domain.findings import Finding
from domain.judge import Judge, Refusal
from domain.readings import Series
from domain.registry import Registry
from processing.curves.curve import Floats, Ints
from processing.quality.series import quantities_of


class Amended(NamedTuple):
    """What stands for readings of one series: times sorted, each once; NaN leaves one out."""

    at_ms: Ints
    value: Floats

    def between(self, start_ms: int, end_ms: int) -> "Amended":
        """Those of [start, end)."""
        low, high = np.searchsorted(self.at_ms, (start_ms, end_ms))
        return Amended(self.at_ms[low:high], self.value[low:high])

    @property
    def left_out_ms(self) -> Ints:
        return self.at_ms[np.isnan(self.value)]


Amendments = Mapping[Series, Amended]


def amendments(corrections: Iterable[Correction]) -> dict[Series, Amended]:
    """What stands by corrections in the order entered: of the same reading, the last one."""
    last: dict[Series, dict[int, float]] = {}
    for one in corrections:
        value = math.nan if one.value is None else one.value
        last.setdefault(Series(one.device, one.quantity), {})[one.at_ms] = value
    return {
        series: Amended(
            np.array(sorted(found), np.int64), np.array([found[t] for t in sorted(found)])
        )
        for series, found in last.items()
    }


class Corrected(NamedTuple):
    """Readings with the corrections applied. `changed_ms`: the instants at which they differ
    from the raw ones; a correction that says what the device said is no difference. But a person
    stands for it as for any other: `vouched_ms` are the instants of all values people entered."""

    at_ms: Ints
    value: Floats
    changed_ms: Ints
    vouched_ms: Ints


def apply(at_ms: Ints, value: Floats, amended: Amended) -> Corrected:
    """The readings of one series (times sorted, each once) as they should have been."""
    place = np.searchsorted(at_ms, amended.at_ms)
    known = np.append(at_ms, amended.at_ms[:1] - 1)[place] == amended.at_ms
    raw = np.append(value, np.nan)[place]
    left_out = np.isnan(amended.value)
    changed = np.where(known, raw != amended.value, ~left_out)
    kept = np.ones(at_ms.size, dtype=bool)
    kept[place[known]] = False
    at = np.concatenate((at_ms[kept], amended.at_ms[~left_out]))
    order = np.argsort(at)
    values = np.concatenate((value[kept], amended.value[~left_out]))[order]
    return Corrected(at[order], values, amended.at_ms[changed], amended.at_ms[~left_out])


def input_findings(
    changed: Mapping[tuple[str, str], Ints], start_ms: int, end_ms: int
) -> list[Finding]:
    """Which devices' corrected readings went into a month without a figure that tells so."""
    found: dict[str, int] = {}
    for (device, _), at in changed.items():
        low, high = np.searchsorted(at, start_ms), np.searchsorted(at, end_ms, side="right")
        found[device] = found.get(device, 0) + int(high - low)
    return [
        Finding("reading_corrected", "info", d, {"count": n}) for d, n in sorted(found.items()) if n
    ]


def refusal(one: Correction, registry: Registry, now_ms: int) -> Refusal | None:
    """Why a correction cannot be entered, as far as the registry knows; None: it can.

    What it says must be a good reading; besides, it must change something, and somebody must
    stand for it.
    """
    judge = Judge(registry.device_by_id, TIME_LIMITS, now_ms)
    wrong = judge.refusal(one.device, one.quantity, one.at_ms, one.value)
    if wrong is None:
        wrong = _without_effect(one, registry)
    if wrong is not None:
        return wrong
    if not one.author.strip():
        return Refusal("no_author")
    return Refusal("no_reason") if not one.reason.strip() else None


def _without_effect(one: Correction, registry: Registry) -> Refusal | None:
    """Why nothing would be computed from it, of a device that is registered."""
    known = quantities_of(registry.device_by_id[one.device])
    if one.quantity in known:
        return None
    values = {"device": one.device, "quantity": one.quantity}
    if not known:
        return Refusal("virtual_meter", values)
    return Refusal("wrong_quantity", {**values, "known": ", ".join(known)})


def repeated(corrections: Sequence[Correction]) -> list[int]:
    """Positions of corrections whose reading an earlier one of the same batch corrects."""
    seen: set[tuple[str, str, int]] = set()
    found = []
    for k, one in enumerate(corrections):
        key = (one.device, one.quantity, one.at_ms)
        if key in seen:
            found.append(k)
        seen.add(key)
    return found
