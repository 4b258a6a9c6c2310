"""What can be simulated: `scenario(name, ...)` gives the sites of a named scenario."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from domain.errors import ConfigError
from domain.registry import Registry
from simulators.block import Site
from simulators.scenarios.demo import demo_sites, tiny_sites

Sites = tuple[Site, ...]


@dataclass(frozen=True)
class Scenario:
    """Sites, the present instant up to which they have data, and the seed.

    `now` is aware; readings up to and including it belong to the backfill, later ones are live.
    """

    name: str
    now: datetime
    seed: int
    sites: Sites
    bad_messages: bool = False
    """Whether a handful of deliberately bad messages are sent with the backfill."""
    notes: dict[str, str] = field(default_factory=dict)

    def registry(self) -> Registry:
        """Every institution, building, device and contract of the sites, checked."""
        return Registry(
            institutions=tuple(i for s in self.sites for i in s.institutions),
            buildings=tuple(b for s in self.sites for b in s.buildings),
            devices=tuple(d for s in self.sites for d in s.devices),
            contracts=tuple(c for s in self.sites for c in s.contracts),
        ).check()


def _demo(now: datetime, seed: int) -> Scenario:
    return Scenario("demo", now, seed, demo_sites(now, seed), bad_messages=True)


def _tiny(now: datetime, seed: int) -> Scenario:
    return Scenario("tiny", now, seed, tiny_sites(), bad_messages=True)


SCENARIOS: dict[str, Callable[[datetime, int], Scenario]] = {"demo": _demo, "tiny": _tiny}


def scenario(name: str, now: datetime, seed: int = 1) -> Scenario:
    """The scenario as it stands at `now` (aware). Raises ConfigError for an unknown name."""
    if name not in SCENARIOS:
        raise ConfigError(f"no scenario {name!r}: choose one of {', '.join(SCENARIOS)}")
    if now.tzinfo is None:
        raise ConfigError(f"the scenario's now ({now}) has no time zone: add one, e.g. +08:00")
    return SCENARIOS[name](now, seed)
