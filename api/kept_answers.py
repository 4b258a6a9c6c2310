"""Answers that were given already and still hold: by the versions of all that they rest on.

An answer's tag is made of the versions that were asked for *before* it was made. So what is kept
may be newer than its tag says, never older: whoever asks after a change has another tag.
"""

import asyncio
import gzip
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path

from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool

from store.known_registry import KnownRegistry
from store.ledger.port import Ledger

KEPT_BYTES = 64 << 20
LARGEST_BYTES = 8 << 20
"""A larger answer is not kept: some of them would push out all others."""
_WORTH_PACKING = 1_000
_OURS = ("api", "config", "domain", "reports")
"""The code and texts that answers are made by."""


@dataclass
class KeptAnswer:
    """A whole answer. `packed` is its body gzipped, once somebody asked for that; `counted` the
    bytes that it was counted with among those kept."""

    tag: str
    body: bytes
    headers: Mapping[str, str]
    packed: bytes | None = field(default=None)
    counted: int = field(default=0)

    @property
    def size(self) -> int:
        return len(self.body) + len(self.packed or b"")


class KeptAnswers:
    """The answers given last, of at most `kept_bytes` together; equal questions at the same time
    are answered once. For one event loop."""

    def __init__(self, kept_bytes: int = KEPT_BYTES) -> None:
        self._kept_bytes = kept_bytes
        self._kept: OrderedDict[str, KeptAnswer] = OrderedDict()
        self._size = 0
        self._asked: dict[str, asyncio.Task[Response]] = {}

    async def answer(
        self, request: Request, key: str, tag: str, make: Callable[[], Awaitable[Response]]
    ) -> Response:
        """The answer of the key, made where none of this tag is kept. 304 where the client has it.

        What is not 200 is passed on and not kept. Raises what `make` does.
        """
        if tag in _tags(request.headers.get("if-none-match", "")):
            return Response(status_code=304, headers=_checked(tag))
        kept = self._kept.get(key)
        if kept is None or kept.tag != tag:
            made = await self._make(key + tag, make)
            if made.status_code != 200:
                return made
            kept = KeptAnswer(tag, bytes(made.body), {**_plain(made), **_checked(tag)})
            self._keep(key, kept)
        else:
            self._kept.move_to_end(key)
        return await self._sent(request, key, kept)

    async def _make(self, once: str, make: Callable[[], Awaitable[Response]]) -> Response:
        """One task for all who ask for the same now; it goes on when one of them leaves."""
        task = self._asked.get(once)
        if task is None:
            task = self._asked[once] = asyncio.ensure_future(make())
            task.add_done_callback(lambda _: self._asked.pop(once, None))
        return await asyncio.shield(task)

    async def _sent(self, request: Request, key: str, kept: KeptAnswer) -> Response:
        if len(kept.body) < _WORTH_PACKING or not _takes_gzip(request):
            return Response(kept.body, headers=dict(kept.headers))
        if kept.packed is None:
            kept.packed = await run_in_threadpool(gzip.compress, kept.body, 5, mtime=0)
            self._keep(key, kept)
        return Response(kept.packed, headers={**kept.headers, "Content-Encoding": "gzip"})

    def _keep(self, key: str, kept: KeptAnswer) -> None:
        if len(kept.body) > LARGEST_BYTES:
            return
        gone = self._kept.pop(key, None)
        # As counted, not as it is: packing makes the same answer larger. A sum over all of them
        # would be milliseconds for everybody, with thousands of answers kept.
        self._size -= gone.counted if gone is not None else 0
        kept.counted = kept.size
        self._size += kept.counted
        self._kept[key] = kept
        while self._size > self._kept_bytes:
            _, oldest = self._kept.popitem(last=False)
            self._size -= oldest.counted


def tag_of(*rests_on: str) -> str:
    """The entity tag of what rests on these versions and words. Weak: the bytes may be packed."""
    text = "\n".join((code_word(), *rests_on))
    return f'W/"{sha256(text.encode()).hexdigest()[:24]}"'


@cache
def code_word() -> str:
    """Another word after the code or the texts were changed: an answer rests on them as well."""
    home = Path(__file__).parent.parent
    files = sorted(p for room in _OURS for p in (home / room).rglob("*.*") if p.suffix != ".pyc")
    seen = "\n".join(f"{p.name} {p.stat().st_size} {p.stat().st_mtime_ns}" for p in files)
    return sha256(seen.encode()).hexdigest()


def _plain(made: Response) -> dict[str, str]:
    return {k: v for k, v in made.headers.items() if k != "content-length"}


def _checked(tag: str) -> dict[str, str]:
    """A browser may keep it, and asks each time whether it still holds."""
    vary = "Accept, Accept-Language, Accept-Encoding"
    return {"etag": tag, "cache-control": "private, no-cache", "vary": vary}


def _tags(header: str) -> list[str]:
    """RFC 9110 13.1.2, compared weakly."""
    return [t if t.startswith("W/") else f"W/{t}" for t in map(str.strip, header.split(",")) if t]


def _takes_gzip(request: Request) -> bool:
    return "gzip" in request.headers.get("accept-encoding", "")


Versions = tuple[str, str]
"""Of the registry, and of the results asked about."""


class AskedVersions:
    """Asks the ledger for versions, one question at a time. Who comes while one is under way waits
    for the next, which begins after they came: nobody is told what was true before they asked. Fifty
    threads that each ask for a row wait for each other longer than for the row. For one event loop.
    """

    def __init__(self, ledger: Ledger, registries: KnownRegistry) -> None:
        self._ledger, self._registries = ledger, registries
        self._waiting: dict[str, asyncio.Future[Versions]] = {}
        self._asking: asyncio.Task[None] | None = None

    async def of(self, institution: str = "") -> Versions:
        """Of an institution, or of all. Raises StoreUnavailableError."""
        waiting = self._waiting.get(institution)
        if waiting is None:
            waiting = asyncio.get_running_loop().create_future()
            self._waiting[institution] = waiting
        if self._asking is None:
            self._asking = asyncio.ensure_future(self._ask())
        return await asyncio.shield(waiting)

    async def _ask(self) -> None:
        try:
            while self._waiting:
                waiting, self._waiting = self._waiting, {}
                try:
                    registry, found = await run_in_threadpool(self._read, [*waiting])
                except BaseException as error:
                    for future in waiting.values():
                        _fail(future, error)
                else:
                    for name, future in waiting.items():
                        future.set_result((registry, found.get(name, "")))
        finally:
            self._asking = None

    def _read(self, names: list[str]) -> tuple[str, Mapping[str, str]]:
        self._registries.get()
        return self._registries.version(), self._ledger.results_versions(names)


def _fail(future: "asyncio.Future[Versions]", error: BaseException) -> None:
    future.set_exception(error)
    future.exception()  # told, or everybody who asked has gone
