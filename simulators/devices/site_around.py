"""A site around another: the same place and time, something else said of it."""

from dataclasses import dataclass

from domain.calendar import Month
from domain.places import Building, Contract, Institution
from simulators.devices.block import Site


@dataclass(frozen=True)
class SiteAround:
    """What a `Site` that wraps `inner` passes on as it is; subclasses change the rest."""

    inner: Site

    @property
    def institutions(self) -> tuple[Institution, ...]:
        return self.inner.institutions

    @property
    def buildings(self) -> tuple[Building, ...]:
        return self.inner.buildings

    @property
    def contracts(self) -> tuple[Contract, ...]:
        return self.inner.contracts

    @property
    def timezone(self) -> str:
        return self.inner.timezone

    @property
    def first(self) -> Month:
        return self.inner.first

    @property
    def end(self) -> Month | None:
        return self.inner.end
