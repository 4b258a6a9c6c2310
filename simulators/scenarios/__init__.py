"""What can be simulated: `scenario(name, ...)` gives the sites of a named scenario."""

import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.resources import files

from domain.calendar import DEFAULT_TIMEZONE, Month, local_day
from domain.errors import ConfigError
from domain.places import Contract
from domain.registry import Registry
from simulators.devices.block import Site
from simulators.faults import Fault, FaultySite, parse_faults
from simulators.scenarios.city import CITY_INSTITUTIONS, PROVINCE_INSTITUTIONS, city
from simulators.scenarios.demo import demo_sites, tiny_sites
from simulators.scenarios.vendors import mapping_toml, untimed_devices, vendor_sites

HOSTILE_INSTITUTIONS = 20
_HOSTILE_STATION_EVERY = 8
"""Three stations: fewer could not tell which of them is wrong."""


@dataclass(frozen=True)
class Scenario:
    """Sites, the present instant up to which they have data, and the seed.

    `now` is aware; readings up to and including it belong to the backfill, later ones are live.
    """

    name: str
    now: datetime
    seed: int
    sites: Sequence[Site]
    bad_messages: bool = False
    """Whether a handful of deliberately bad messages are sent with the backfill."""
    site_by_site: bool = False
    """All months of one site, then the next: very many sites at constant memory."""
    untimed: frozenset[str] = frozenset()
    """Devices whose messages carry no time: they are no part of what was sent by time."""
    mapping: str = ""
    """TOML of mappings a collector needs for devices that speak foreign formats."""

    def registry(self) -> Registry:
        """Every institution, building, device and contract of the sites, checked."""
        return Registry(
            institutions=tuple(i for s in self.sites for i in s.institutions),
            buildings=tuple(b for s in self.sites for b in s.buildings),
            devices=tuple(d for s in self.sites for d in s.devices),
            contracts=tuple(self.contracts()),
        ).check()

    def contracts(self) -> Iterator[Contract]:
        return (c for s in self.sites for c in s.contracts)

    def with_faults(self, faults: tuple[Fault, ...]) -> "Scenario":
        """The same scenario with (further) faults on its devices."""
        until = self._month()
        sites = [
            # Faults of one device keep apart, so one site holds them all.
            replace(s, faults=(*s.faults, *faults))
            if isinstance(s, FaultySite)
            else FaultySite(s, faults, self.seed, s.end or until)
            for s in self.sites
        ]
        return replace(self, sites=sites)

    def _month(self) -> Month:
        return _month(self.now)


def _month(now: datetime) -> Month:
    return Month.of(local_day(now, DEFAULT_TIMEZONE))


def _demo(now: datetime, seed: int, months: int) -> Scenario:
    del months  # the campus has the 26 months its contract needs
    return Scenario("demo", now, seed, demo_sites(now, seed), bad_messages=True)


def _tiny(now: datetime, seed: int, months: int) -> Scenario:
    del months
    return Scenario("tiny", now, seed, tiny_sites(), bad_messages=True)


def _city(now: datetime, seed: int, months: int) -> Scenario:
    sites = tuple(city(CITY_INSTITUTIONS, seed, _month(now), months))
    return Scenario("city", now, seed, sites)


def _province(now: datetime, seed: int, months: int) -> Scenario:
    sites = city(PROVINCE_INSTITUTIONS, seed, _month(now), months)
    return Scenario("province", now, seed, sites, site_by_site=True)


def _hostile(now: datetime, seed: int, months: int) -> Scenario:
    few = city(HOSTILE_INSTITUTIONS, seed, _month(now), months)
    sites = tuple(replace(few, station_every=_HOSTILE_STATION_EVERY, sited=True))
    source = files("simulators.scenarios") / "hostile.toml"
    faults = parse_faults(tomllib.loads(source.read_text(encoding="utf-8")), "hostile.toml")
    return Scenario("hostile", now, seed, sites, bad_messages=True).with_faults(faults)


def _vendors(now: datetime, seed: int, months: int) -> Scenario:
    sites = vendor_sites(_month(now), seed, months)
    return Scenario(
        "vendor-conformance",
        now,
        seed,
        sites,
        bad_messages=True,
        untimed=untimed_devices(sites),
        mapping=mapping_toml(sites),
    )


SCENARIOS: dict[str, tuple[Callable[[datetime, int, int], Scenario], int]] = {
    "demo": (_demo, 26),
    "tiny": (_tiny, 1),
    "city": (_city, 1),
    "province": (_province, 1),
    "hostile": (_hostile, 3),
    "vendor-conformance": (_vendors, 1),
}
"""Name → how to make it, and how many months it has unless asked otherwise."""


def scenario(name: str, now: datetime, seed: int = 1, months: int | None = None) -> Scenario:
    """The scenario as it stands at `now` (aware). Raises ConfigError for an unknown name.

    `months` (of those whose length is free) are the last full months before now.
    """
    if name not in SCENARIOS:
        raise ConfigError(f"no scenario {name!r}: choose one of {', '.join(SCENARIOS)}")
    if now.tzinfo is None:
        raise ConfigError(f"the scenario's now ({now}) has no time zone: add one, e.g. +08:00")
    if months is not None and months < 1:
        raise ConfigError(f"{months} months cannot be simulated: give 1 or more")
    make, usual = SCENARIOS[name]
    return make(now, seed, usual if months is None else months)
