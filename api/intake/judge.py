"""Judges posted values one by one: a reading, or a refusal with its reason."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from api.intake.rows import PostedValue, RowError
from domain.calendar import to_ms
from domain.places import AnyDevice
from domain.quantities import QUANTITIES
from domain.readings import Reading


@dataclass(frozen=True, slots=True)
class Limits:
    """What is accepted: times not before `oldest`, at most `ahead_s` ahead of the server."""

    oldest: datetime = datetime(2000, 1, 1, tzinfo=UTC)
    ahead_s: int = 600
    institutions: frozenset[str] | None = None
    """Only devices of these institutions; None: of every one."""


def judge(
    posted: PostedValue, devices: Mapping[str, AnyDevice], limits: Limits, now: datetime
) -> Reading | RowError:
    """The reading a posted value is, or why it is none. `devices` are those registered."""
    if posted.error is not None:
        return posted.error
    if posted.device not in devices:
        return RowError("unknown_device", {"device": posted.device[:100]})
    institution = devices[posted.device].institution
    if limits.institutions is not None and institution not in limits.institutions:
        return RowError("foreign_device", {"device": posted.device})
    if posted.quantity not in QUANTITIES:
        return RowError("unknown_quantity", {"quantity": posted.quantity[:100]})
    if posted.at_ms is None:
        return RowError("bad_time")
    if posted.value is None:
        return RowError("bad_value")
    wrong = _wrong_time(posted.at_ms, limits, now) or _wrong_value(posted.quantity, posted.value)
    return wrong or Reading(posted.device, posted.quantity, posted.at_ms, posted.value)


def _wrong_time(at_ms: int, limits: Limits, now: datetime) -> RowError | None:
    if at_ms < to_ms(limits.oldest):
        return RowError("ancient_time", {"oldest": limits.oldest.date().isoformat()})
    ahead_s = (at_ms - to_ms(now)) // 1000
    if ahead_s > limits.ahead_s:
        return RowError("future_time", {"ahead_s": ahead_s, "limit_s": limits.ahead_s})
    return None


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
