"""Ingesting again what was kept aside, after a mapping, the registry or a limit was mended.

However it came: as a message, or over HTTP.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from domain.errors import StoreUnavailableError
from domain.judge import Judge, TimeLimits
from ingest.messages.batch import decode_messages, once, sort_batch, write_batch
from ingest.messages.message import Message
from ingest.messages.router import Router
from store.aside import POSTED
from store.ledger.kept import KeptMessage
from store.ledger.port import Ledger
from store.readings.port import Directory, ReadingStore

log = logging.getLogger("civicmeter.replay")
PIECE_TOPIC = "civicmeter/v1/gateway/kept/telemetry"
"""Stands for the topic of parts of messages, which are kept in the native gateway form."""
_AT_ONCE = 500
_NATIVE = Router()


@dataclass(slots=True)
class Replay:
    """What became of kept messages: `mended` ones are readings now and kept no longer."""

    mended: int = 0
    stored: int = 0
    repeated: int = 0
    still: dict[str, int] = field(default_factory=dict)
    """Reason → messages that stay kept."""


def replay(
    store: ReadingStore,
    ledger: Ledger,
    devices: Directory,
    router: Router,
    times: TimeLimits,
    now_ms: int,
    *,
    code: str | None = None,
    device: str | None = None,
    source: str | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Replay:
    """Take every kept message of a group through the whole way again.

    What can be read now is stored (again changes nothing); a message of which anything is
    still wrong stays as it is. What was posted is judged by what its key was granted. Raises
    StoreUnavailableError; replaying again is safe.
    """
    done = Replay()
    groups: set[tuple[str, str, str]] = set()
    after = ""
    if router.has_births:
        for group, node, aliases, at_ms in ledger.births():
            router.births.recall((group, node), aliases, at_ms)
    while True:
        page = ledger.kept_messages(
            code=code, device=device, source=source, after=after, limit=_AT_ONCE
        )
        if not page:
            break
        after = page[-1].digest
        mended = []
        for message in page:
            judge = Judge(devices, times, now_ms, message.grants)
            try:
                if _again(message, store, router, judge, done):
                    mended.append(message)
            except StoreUnavailableError:
                raise
            except Exception:
                log.exception("a kept message fails: %s", message.digest)
                done.still["failed"] = done.still.get("failed", 0) + 1
        groups.update((m.source, *reason) for m in mended for reason in m.reasons)
        ledger.forget_messages([m.digest for m in mended])
        done.mended += len(mended)
        progress(done.mended + sum(done.still.values()))
    _forget_empty_groups(ledger, groups)
    return done


def _again(
    message: KeptMessage, store: ReadingStore, router: Router, judge: Judge, done: Replay
) -> bool:
    topic, by = _way(message, router)
    came = Message(0, 0, 0, topic, message.payload, message.arrived_at_ms)
    decoded = decode_messages([came], by, len(message.payload))
    if gateway := router.gateway_of(message.source):
        # A part kept in the native form is still that gateway's word.
        decoded.gateways[topic] = gateway
    batch = sort_batch(decoded, judge)
    # What is still wrong stays kept, and was counted when it came.
    result = write_batch(batch, store, once)
    done.stored += result.stored
    done.repeated += result.repeated
    if not batch.aside.counts:
        return True
    reason = next(iter(batch.aside.counts))
    done.still[reason] = done.still.get(reason, 0) + 1
    return False


def _way(message: KeptMessage, router: Router) -> tuple[str, Router]:
    """The topic a kept message goes by, and what decodes it. A mapping may speak of what was
    posted by its source, and of nothing else that is in the native form already."""
    if message.topic:
        return message.topic, router
    if message.source == POSTED and router.names(POSTED):
        return POSTED, router
    return PIECE_TOPIC, _NATIVE


def _forget_empty_groups(ledger: Ledger, mended: set[tuple[str, str, str]]) -> None:
    """Drop the entries of groups of which nothing is kept any more. The one without a device
    also counts those devices of its source and reason that are not told apart."""
    mended |= {(source, code, "") for source, code, _ in mended}
    ledger.forget_aside(
        e
        for e in ledger.aside()
        if (e.source, e.code, e.device) in mended
        and not ledger.kept_messages(code=e.code, device=e.device or None, source=e.source, limit=1)
    )
