"""Which fault befalls which device, and when: drawn by the seed, apart from each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from domain.calendar import Month, from_ms, local_midnight, to_ms
from simulators.devices.block import FaultRecord, Site
from simulators.devices.randomness import stream
from simulators.faults.fault import Fault

_APART = timedelta(days=2)
FIRST_DAY, LAST_DAY = 4, 22
"""Days of the month between which drawn faults begin, so that most end within it."""


@dataclass(frozen=True)
class Plan:
    """One fault of one device."""

    fault: Fault
    number: int
    device: str
    start_at: datetime
    end_at: datetime

    @property
    def key(self) -> str:
        return f"fault/{self.number}/{self.device}"

    @property
    def turn(self) -> tuple[int, int]:
        """When its turn is; registers that begin anew twice do so one after the other."""
        return self.fault.turn, to_ms(self.start_at) if self.fault.anew else 0

    def record(self, quantities: tuple[str, ...], touched: int) -> FaultRecord:
        """The truth about it, when it has happened to so many readings of these quantities."""
        moment = self.start_at + timedelta(milliseconds=1)
        return FaultRecord(
            self.fault.kind,
            self.device,
            quantities,
            from_ms(to_ms(self.start_at)),
            moment if self.fault.anew else self.end_at,
            touched,
            self.fault.details,
        )


def plans_for(site: Site, faults: Sequence[Fault], seed: int, until: Month) -> tuple[Plan, ...]:
    """Every fault that will happen at a site, those without a start before the month `until`.

    Two on one device keep days apart, and a register that has begun anew does not roll over
    within the few months of a scenario.
    """
    found: list[Plan] = []
    for number, fault in enumerate(faults):
        for device in site.devices:
            if not any(fnmatchcase(device.id, pattern) for pattern in fault.devices):
                continue
            plan = _drawn(site, number, fault, device.id, seed, until)
            if plan and not any(_clash(plan, other) for other in found):
                found.append(plan)
    return tuple(found)


def _drawn(
    site: Site, number: int, fault: Fault, device: str, seed: int, until: Month
) -> Plan | None:
    noise = stream(seed, "fault", number, fault.kind, device)
    if noise.random() >= fault.share:
        return None
    start = fault.start_at
    if start is None:
        months = (until.year - site.first.year) * 12 + until.month - site.first.month
        month = site.first.plus(int(noise.integers(max(1, months))))
        day = int(noise.integers(FIRST_DAY, LAST_DAY + 1))
        on = month.first_day + timedelta(days=day - 1)
        start = local_midnight(on, site.timezone) + timedelta(hours=int(noise.integers(24)))
    return Plan(fault, number, device, start, start + timedelta(hours=fault.hours))


def _clash(one: Plan, other: Plan) -> bool:
    if one.device != other.device:
        return False
    first, then = sorted((one, other), key=lambda p: p.start_at)
    near = then.start_at < first.end_at + _APART and first.start_at < then.end_at + _APART
    return near or (first.fault.anew and then.fault.foresees)
