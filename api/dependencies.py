"""What the endpoints work with, and the dependency functions that hand it to them."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Request

from api.problems import ProblemError
from api.telemetry import Telemetry
from domain.places import Institution
from domain.registry import Registry
from store.ledger.port import Ledger
from store.readings.port import ReadingStore

_REGISTRY_AGE_S = 2.0


def _now() -> datetime:
    return datetime.now(UTC)


class RegistryCache:
    """The ledger's registry, read again when older than two seconds.

    A page asks a dozen endpoints at once and each needs the registry; reading it once is
    enough. `on_change` hears of every new registry, so that a store learns new devices.
    """

    def __init__(self, ledger: Ledger, on_change: Callable[[], None] | None = None) -> None:
        self._ledger = ledger
        self._on_change = on_change
        self._lock = threading.Lock()
        self._registry: Registry | None = None
        self._read_at = 0.0

    def get(self, *, fresh: bool = False) -> Registry:
        """The registry; `fresh` reads it from the ledger in any case."""
        with self._lock:
            age_s = time.monotonic() - self._read_at
            if self._registry is None or fresh or age_s > _REGISTRY_AGE_S:
                registry = self._ledger.registry()
                if registry != self._registry and self._on_change is not None:
                    self._on_change()
                self._registry = registry
                self._read_at = time.monotonic()
            return self._registry


@dataclass(frozen=True)
class Backend:
    """What an application was built with. `now` tells the time (UTC)."""

    store: ReadingStore
    ledger: Ledger
    registries: RegistryCache
    telemetry: Telemetry
    status: Callable[[], dict[str, object]] | None = None
    parts: Callable[[], Mapping[str, str]] | None = None
    api_key: str = ""
    now: Callable[[], datetime] = field(default=_now)

    @property
    def registry(self) -> Registry:
        return self.registries.get()

    def institution(self, institution_id: str) -> Institution:
        """One institution. Raises ProblemError 404 when there is none."""
        found = self.registry.institution_by_id.get(institution_id)
        if found is None:
            raise ProblemError(404, "unknown_institution", id=institution_id)
        return found


def get_backend(request: Request) -> Backend:
    backend: Backend = request.app.state.backend
    return backend


BackendDep = Annotated[Backend, Depends(get_backend)]
