"""Who works with which series: others wait for those only, in the order in which they came."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

Name = tuple[str, str]


class Claims:
    """Claims on series (device, quantity). For any thread; none claims while it holds a claim."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._claims: list[set[Name]] = []

    @contextmanager
    def of(self, names: set[Name]) -> Iterator[None]:
        """Until the end of the block nobody else has any of the names.

        Waits for those who asked before and named one of them, also where these wait themselves:
        nobody is overtaken for ever.
        """
        with self._changed:
            self._claims.append(names)
            while not self._first(names):
                self._changed.wait()
        try:
            yield
        finally:
            with self._changed:
                del self._claims[self._position(names)]
                self._changed.notify_all()

    def _first(self, names: set[Name]) -> bool:
        return all(map(names.isdisjoint, self._claims[: self._position(names)]))

    def _position(self, names: set[Name]) -> int:
        return next(k for k, claim in enumerate(self._claims) if claim is names)
