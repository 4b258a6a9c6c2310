"""What the endpoints work with, and the dependency functions that hand it to them."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool

from api.known_board import KnownBoard
from api.problems import ProblemError
from api.telemetry import Telemetry
from domain.access import Grant
from domain.audit import Actor
from domain.calendar import Month
from domain.contracts.issued import AmountChange, Issued
from domain.figures import MonthResult
from domain.places import Institution
from domain.registry import Registry
from domain.registry.narrowed import partly_seen, wholly_seen
from reports.statements.trial import Trial
from store.known_registry import KnownRegistry
from store.known_results import KnownResults
from store.ledger.port import Ledger
from store.readings.port import ReadingStore

_NARROWED_KEPT = 100


@dataclass(frozen=True)
class Settling:
    """Contracts settled, which the front door knows how to: `changes` gives what a result would make
    of the statements that rest on a month of an institution, `issue` issues a statement of a contract
    and month in somebody's name, `tried` settles months up to one under terms written as TOML. All
    raise ConfigError for what cannot be settled."""

    changes: Callable[[str, Month, MonthResult], list[AmountChange]]
    issue: Callable[[str, Month, str, Actor], Issued]
    tried: Callable[[str, Month, str], Trial]


def utc_now() -> datetime:
    """The time."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Backend:
    """What an application was built with. `now` tells the time (UTC).

    `seen_through` are the grants of whoever asks, by which `registry` and `in_part` are narrowed;
    None: all is seen. The stores and `registries` are never narrowed.
    """

    store: ReadingStore
    ledger: Ledger
    registries: KnownRegistry
    telemetry: Telemetry
    status: Callable[[], dict[str, object]] | None = None
    parts: Callable[[], Mapping[str, str]] | None = None
    api_key: str = ""
    read_key: str = ""
    now: Callable[[], datetime] = field(default=utc_now)
    settling: Settling | None = None
    seen_through: tuple[Grant, ...] | None = None
    board: KnownBoard = field(init=False)
    results: KnownResults = field(init=False)
    _narrowed: dict[tuple[Grant, ...], tuple[Registry, Registry, Registry]] = field(
        init=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "board", KnownBoard(self.store, self.ledger))
        object.__setattr__(self, "results", KnownResults(self.ledger))

    def through(self, grants: tuple[Grant, ...] | None) -> "Backend":
        """The same, seen through grants to read."""
        seen = copy.copy(self)
        object.__setattr__(seen, "seen_through", grants)
        return seen

    @property
    def sees_all(self) -> bool:
        return self.seen_through is None

    @property
    def registry(self) -> Registry:
        """The institutions that whoever asks may see as a whole, with all that is theirs."""
        return self._seen()[0]

    @property
    def in_part(self) -> Registry:
        """`registry`, and single devices and contracts that may be seen of other institutions
        (see `partly_seen`)."""
        return self._seen()[1]

    def _seen(self) -> tuple[Registry, Registry]:
        registry, grants = self.registries.get(), self.seen_through
        if grants is None:
            return registry, registry
        known = self._narrowed.get(grants)
        if known is None or known[0] is not registry:
            if len(self._narrowed) >= _NARROWED_KEPT:
                self._narrowed.clear()
            known = registry, wholly_seen(registry, grants), partly_seen(registry, grants)
            self._narrowed[grants] = known
        return known[1:]

    async def registry_known(self) -> Registry:
        """The registry, for the event loop: a thread asks for it when it has to be asked for."""
        recent = self.registries.recent()
        return recent if recent is not None else await run_in_threadpool(self.registries.get)

    def institution(self, institution_id: str) -> Institution:
        """One institution. Raises ProblemError 404 when there is none that may be seen."""
        found = self.registry.institution_by_id.get(institution_id)
        if found is None:
            raise ProblemError(404, "unknown_institution", id=institution_id)
        return found


async def get_backend(request: Request) -> Backend:
    """What takes no time is no plain function: each of these is a hop to a thread and back."""
    backend: Backend = request.app.state.backend
    return backend


WholeBackendDep = Annotated[Backend, Depends(get_backend)]
"""Of everything, whoever asks: for those who post and decide, who are asked object by object what
they may. What reads takes `api.access.seen.BackendDep`."""
