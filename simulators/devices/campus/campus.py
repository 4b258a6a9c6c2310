"""The simulated institution as a site."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from domain.calendar import Month
from domain.places import AnyDevice, Building, Contract, Institution
from simulators.devices.block import Block, Carry, Message, SiteMonth
from simulators.devices.campus.month import month_of
from simulators.devices.campus.plan import TIMEZONE, CampusPlan
from simulators.devices.campus.records import buildings_of, devices_of
from simulators.devices.payloads import native_messages


@dataclass(frozen=True, kw_only=True)
class Campus(CampusPlan):
    """An institution that is all simulated; a `Site`."""

    @property
    def timezone(self) -> str:
        return TIMEZONE

    @property
    def institutions(self) -> tuple[Institution, ...]:
        return (self.institution,)

    @cached_property
    def buildings(self) -> tuple[Building, ...]:
        return buildings_of(self)

    @cached_property
    def devices(self) -> tuple[AnyDevice, ...]:
        return devices_of(self)

    @property
    def contracts(self) -> tuple[Contract, ...]:
        return (self.contract,) if self.contract else ()

    def messages(self, block: Block, live: bool = False) -> Iterable[Message]:
        return native_messages(f"gw-{self.institution.id}", block, live)

    def month(self, month: Month, carry: Carry) -> SiteMonth:
        return month_of(self, month, carry)
