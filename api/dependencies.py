"""What the endpoints work with, and the dependency functions that hand it to them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool

from api.known_board import KnownBoard
from api.problems import ProblemError
from api.telemetry import Telemetry
from domain.places import Institution
from domain.registry import Registry
from store.known_registry import KnownRegistry
from store.known_results import KnownResults
from store.ledger.port import Ledger
from store.readings.port import ReadingStore


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Backend:
    """What an application was built with. `now` tells the time (UTC)."""

    store: ReadingStore
    ledger: Ledger
    registries: KnownRegistry
    telemetry: Telemetry
    status: Callable[[], dict[str, object]] | None = None
    parts: Callable[[], Mapping[str, str]] | None = None
    api_key: str = ""
    now: Callable[[], datetime] = field(default=_now)
    board: KnownBoard = field(init=False)
    results: KnownResults = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "board", KnownBoard(self.store, self.ledger))
        object.__setattr__(self, "results", KnownResults(self.ledger))

    @property
    def registry(self) -> Registry:
        return self.registries.get()

    async def registry_known(self) -> Registry:
        """The registry, for the event loop: a thread asks for it when it has to be asked for."""
        recent = self.registries.recent()
        return recent if recent is not None else await run_in_threadpool(self.registries.get)

    def institution(self, institution_id: str) -> Institution:
        """One institution. Raises ProblemError 404 when there is none."""
        found = self.registry.institution_by_id.get(institution_id)
        if found is None:
            raise ProblemError(404, "unknown_institution", id=institution_id)
        return found


async def get_backend(request: Request) -> Backend:
    """What takes no time is no plain function: each of these is a hop to a thread and back."""
    backend: Backend = request.app.state.backend
    return backend


BackendDep = Annotated[Backend, Depends(get_backend)]
