"""What has been told to whom and what has yet to be: kept in a file, so that an end of the process
loses nothing; a message may come twice, never not at all, unless it was given up."""

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from civicmeter.wiring.webhooks.happened import Event, Seen, happened, seen_now
from civicmeter.wiring.webhooks.hooks import Hook
from domain.errors import ConfigError
from store.ledger.port import Ledger
from store.private import private

log = logging.getLogger("civicmeter.webhooks")
AGAIN_AFTER_S = (30, 300, 1_800, 7_200, 28_800, 86_400)
"""After a failed try so long; after the last it is given up, and said so in the log."""
MOST_WAITING = 10_000
"""Messages of a hook; of more the oldest are given up."""

Send = Callable[[Hook, str, bytes, int], str]


@dataclass
class Waiting:
    """A message to a hook: its body, how often it was tried, and when it is tried next."""

    hook: str
    id: str
    body: dict[str, Any]
    next_at_s: float
    tries: int = 0


@dataclass
class Told:
    """The file's content."""

    seen: Seen
    waiting: list[Waiting] = field(default_factory=list)

    def write(self, path: Path) -> None:
        """Replace the file by this, as a whole."""
        new = path.with_suffix(".new")
        private(new).write_text(json.dumps(asdict(self), ensure_ascii=False), encoding="utf-8")
        new.replace(path)


def read_told(path: Path) -> Told | None:
    """None where there is no file. Raises ConfigError for one that cannot be read."""
    if not path.exists():
        return None
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
        return Told(Seen(**plain["seen"]), [Waiting(**w) for w in plain["waiting"]])
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ConfigError(
            f"{path} cannot be read ({error}): take it away, and what happened until now is not told"
        ) from error


def tell_round(
    path: Path, hooks: Sequence[Hook], ledger: Ledger, now: datetime, send: Send
) -> tuple[int, int]:
    """Look what happened, then send what is due; gives how many were sent and how many wait.

    The first round of all tells nothing: it only notes how far things are.
    """
    told = read_told(path)
    if told is None:
        Told(seen_now(ledger, now)).write(path)
        return 0, 0
    for event in happened(ledger, told.seen, now):
        told.waiting += _for_each(event, hooks, now)
    _bound(told, hooks)
    told.write(path)  # before anything is sent: who dies now sends it after all
    sent = _send_due(told, hooks, now, send)
    told.write(path)
    return sent, len(told.waiting)


def _for_each(event: Event, hooks: Sequence[Hook], now: datetime) -> list[Waiting]:
    at_s = now.timestamp()
    return [Waiting(h.name, event.id, event.plain(), at_s) for h in hooks if event.name in h.events]


def _bound(told: Told, hooks: Sequence[Hook]) -> None:
    """Leave out what is for hooks that are no more, and the oldest of too many."""
    kept: list[Waiting] = []
    for hook in hooks:
        own = [w for w in told.waiting if w.hook == hook.name]
        if len(own) > MOST_WAITING:
            log.warning("%s: %d messages given up, too many wait", hook.name, len(own))
        kept += own[-MOST_WAITING:]
    told.waiting = kept


def _send_due(told: Told, hooks: Sequence[Hook], now: datetime, send: Send) -> int:
    """After one failure a hook is left alone for this round; what is new is tried in the next."""
    sent = 0
    for hook in hooks:
        for message in [w for w in told.waiting if w.hook == hook.name]:
            if message.next_at_s > now.timestamp():
                continue
            body = json.dumps(message.body, ensure_ascii=False).encode()
            failed = send(hook, message.id, body, int(now.timestamp()))
            if not failed:
                told.waiting.remove(message)
                sent += 1
                continue
            if message.tries == len(AGAIN_AFTER_S):
                log.error("%s: %s given up: %s", hook.name, message.id, failed)
                told.waiting.remove(message)
                continue
            wait_s = AGAIN_AFTER_S[message.tries]
            message.tries += 1
            message.next_at_s = now.timestamp() + wait_s
            log.warning("%s: %s failed (%s), again in %d s", hook.name, message.id, failed, wait_s)
            break
    return sent
