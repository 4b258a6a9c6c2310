"""Judges posted values one by one: a reading, or a refusal with its reason."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from api.intake.rows import PostedValue, RowError
from config.limits import FUTURE_SKEW_S, OLDEST_AT
from domain.calendar import to_ms
from domain.places import AnyDevice
from domain.quantities import QUANTITIES
from domain.readings import Reading


@dataclass(frozen=True, slots=True)
class Limits:
    """What is accepted: times not before `oldest`, at most `ahead_s` ahead of the server."""

    oldest: datetime = OLDEST_AT
    ahead_s: int = FUTURE_SKEW_S
    institutions: frozenset[str] | None = None
    """Only devices of these institutions; None: of every one."""


@dataclass(frozen=True)
class Judge:
    """Tells readings from refusals. `devices` are those registered, `now` is the server's."""

    devices: Mapping[str, AnyDevice]
    limits: Limits
    now: datetime

    @cached_property
    def oldest_ms(self) -> int:
        return to_ms(self.limits.oldest)

    @cached_property
    def newest_ms(self) -> int:
        return to_ms(self.now) + self.limits.ahead_s * 1000

    def judge(self, posted: PostedValue) -> Reading | RowError:
        """The reading a posted value is, or why it is none."""
        device, quantity, at_ms, value = posted.device, posted.quantity, posted.at_ms, posted.value
        if posted.error is not None:
            return posted.error
        if at_ms is None or value is None:
            return RowError("bad_time" if at_ms is None else "bad_value")
        wrong = self._wrong_place(device, quantity)
        wrong = wrong or self._wrong_time(at_ms) or _wrong_value(quantity, value)
        return wrong or Reading(device, quantity, at_ms, value)

    def _wrong_place(self, device: str, quantity: str) -> RowError | None:
        known = self.devices.get(device)
        if known is None:
            return RowError("unknown_device", {"device": device[:100]})
        allowed = self.limits.institutions
        if allowed is not None and known.institution not in allowed:
            return RowError("foreign_device", {"device": device})
        if quantity not in QUANTITIES:
            return RowError("unknown_quantity", {"quantity": quantity[:100]})
        return None

    def _wrong_time(self, at_ms: int) -> RowError | None:
        if self.oldest_ms <= at_ms <= self.newest_ms:
            return None
        if at_ms < self.oldest_ms:
            return RowError("ancient_time", {"oldest": self.limits.oldest.date().isoformat()})
        ahead_s = (at_ms - to_ms(self.now)) // 1000
        return RowError("future_time", {"ahead_s": ahead_s, "limit_s": self.limits.ahead_s})


def _wrong_value(quantity: str, value: float) -> RowError | None:
    limits = QUANTITIES[quantity]
    below = limits.minimum is not None and value < limits.minimum
    above = limits.maximum is not None and value > limits.maximum
    if not below and not above:
        return None
    bounds = {
        "minimum": "−∞" if limits.minimum is None else limits.minimum,
        "maximum": "∞" if limits.maximum is None else limits.maximum,
    }
    return RowError("out_of_limits", {"value": value, "quantity": quantity, **bounds})
