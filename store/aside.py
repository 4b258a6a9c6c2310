"""The one place that keeps aside, with its reason, what is no reading, whoever brought it.

Grouped so that a flood of one mistake is one entry; and kept so that it can be taken in again
(`civicmeter ingest dead-letters replay`) once what was wrong is mended.
"""

import json
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from config.texts import refusal_text
from domain.access import Grant
from domain.calendar import from_ms
from domain.errors import PayloadError
from domain.judge import Refusal, conflict, refused_by_store
from domain.readings import Reading
from store.ledger.kept import REASONS_MAX, KeptMessage, Reason, Room, merged
from store.ledger.port import AsideEntry, Ledger
from store.readings.port import WriteResult

log = logging.getLogger("civicmeter.aside")
POSTED = "POST /v1/readings"
"""The source of what came over HTTP."""
SAMPLE_BYTES = 4096
_NAME = 200
_DETAIL = 500
_PIECE_READINGS = 1_000
"""Readings in one kept piece, some 70 kB."""
GROUPS_MAX = 10_000
"""So many groups one batch tells apart, some 10 MB of memory."""

_Key = tuple[str, str, str]


@dataclass(slots=True)
class _Group:
    """What came of one source, for one reason, of one device. Of the last one: its detail and
    sample, which are put in words only when the entry is made."""

    count: int = 0
    detail: str | Refusal = ""
    sample: bytes | Reading = b""
    pieces: list[Reading] = field(default_factory=list)

    def entry(self, key: _Key, at: datetime) -> AsideEntry:
        source, code, device = key
        said, sample = self.detail, self.sample
        return AsideEntry(
            source=source,
            code=code,
            device=device,
            detail=storable(
                refusal_text(said, "en") if isinstance(said, Refusal) else said, _DETAIL
            ),
            sample=(native([sample]) if isinstance(sample, Reading) else sample)[:SAMPLE_BYTES],
            count=self.count,
            first_at=at,
            last_at=at,
        )


class AsideBatch:
    """Collects what one batch, or one body, keeps aside: a message once, whatever is wrong in it.

    Beyond `groups_max` groups told apart, further devices are kept together under no name.
    `grants` say for which devices the bringer may speak (None: for every one), also when it is
    replayed.
    """

    def __init__(
        self,
        at_ms: int,
        *,
        groups_max: int = GROUPS_MAX,
        grants: tuple[Grant, ...] | None = None,
    ) -> None:
        self._at_ms = at_ms
        self._at = from_ms(at_ms)
        self._groups_max = groups_max
        self._grants = grants
        self._groups: dict[_Key, _Group] = {}
        self._keys: dict[_Key, _Key] = {}
        self._whole: dict[tuple[str, bytes], tuple[Reason, ...]] = {}
        self._arrived_ms: dict[tuple[str, bytes], int] = {}
        self.counts: dict[str, int] = {}
        """Reason → how many, a message or a value each."""

    def arrived(self, topic: str, payload: bytes, at_ms: int) -> None:
        """When a message came that is kept whole, if not at the batch's own time."""
        self._arrived_ms.setdefault((topic, payload), at_ms)

    def message(self, topic: str, payload: bytes, error: PayloadError) -> None:
        """A message nothing of which could be read; kept whole unless it is too long."""
        key = self._add((topic, error.code, ""), error.detail, payload)
        if error.code != "too_long":
            self._keep(topic, payload, key)

    def part(self, topic: str, payload: bytes, device: str, code: str, detail: str) -> None:
        """A part of a message that could not be read; the whole message is kept."""
        self._keep(topic, payload, self._add((topic, code, device), detail, payload))

    def reading(self, source: str, reading: Reading, refusal: Refusal) -> None:
        """A reading that may not be stored, now or ever; kept in the native form."""
        key = self._add((source, refusal.code, reading.device), refusal, reading)
        self._groups[key].pieces.append(reading)

    def counted(self, source: str, device: str, refusal: Refusal, sample: bytes) -> None:
        """What only who sent it can mend: it is counted and shown, and not kept."""
        self._add((source, refusal.code, device), refusal, sample)

    def unstored(self, result: WriteResult, source_of: Callable[[Reading], str]) -> None:
        """What the store kept out: contradictions, and what its engine refuses."""
        for reading, refusal in unstored(result):
            self.reading(source_of(reading), reading, refusal)

    def entries(self) -> list[AsideEntry]:
        return [group.entry(key, self._at) for key, group in self._groups.items()]

    def kept(self) -> list[KeptMessage]:
        """The messages, and the parts of messages in the native form."""
        whole = [
            # Databases take no NUL.
            self._message(
                storable(topic, _NAME),
                reasons,
                topic.replace("\0", "\ufffd"),
                payload,
                self._arrived_ms.get((topic, payload)),
            )
            for (topic, payload), reasons in self._whole.items()
        ]
        pieces = [
            self._message(
                source, (Reason(code, device),), "", native(group.pieces[i : i + _PIECE_READINGS])
            )
            for (source, code, device), group in self._groups.items()
            for i in range(0, len(group.pieces), _PIECE_READINGS)
        ]
        return [*whole, *pieces]

    def _keep(self, topic: str, payload: bytes, key: _Key) -> None:
        known = self._whole.get((topic, payload), ())
        reason = Reason(*key[1:])
        if len(known) > REASONS_MAX and Reason(key[1]) in known:
            return  # no more are told apart
        if reason not in known:
            self._whole[topic, payload] = merged(known, (reason,))

    def _message(
        self,
        source: str,
        reasons: tuple[Reason, ...],
        topic: str,
        payload: bytes,
        arrived_at_ms: int | None = None,
    ) -> KeptMessage:
        return KeptMessage(
            source=source,
            reasons=reasons,
            topic=topic,
            payload=payload,
            arrived_at_ms=self._at_ms if arrived_at_ms is None else arrived_at_ms,
            grants=self._grants,
        )

    def _add(self, named: _Key, detail: str | Refusal, sample: bytes | Reading) -> _Key:
        code = named[1]
        self.counts[code] = self.counts.get(code, 0) + 1
        key = self._keys.get(named)
        if key is None:
            key = self._key(named)
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = _Group()
        group.count += 1
        group.detail, group.sample = detail, sample
        return key

    def _key(self, named: _Key) -> _Key:
        source, code, device = named
        key = (storable(source, _NAME), code, storable(device, _NAME))
        if key not in self._groups and len(self._groups) >= self._groups_max:
            return key[0], code, ""
        self._keys[named] = key
        return key


def unstored(result: WriteResult) -> list[tuple[Reading, Refusal]]:
    """The readings the store kept out, and why."""
    conflicts = [(c.reading, conflict(c.reading.value, c.stored_value)) for c in result.conflicts]
    return conflicts + [(r, refused_by_store(reason)) for r, reason in result.refused]


def keep(
    ledger: Ledger, entries: Sequence[AsideEntry], kept: Sequence[KeptMessage], room: Room
) -> int:
    """Keep aside durably, whole as far as there is room; gives how many messages are only
    counted. Raises StoreUnavailableError; keeping messages again is harmless."""
    left_out = ledger.keep_messages(kept, room) if kept else 0
    if entries:
        ledger.keep_aside(entries)
    if left_out:
        log.warning(
            "too much is kept aside, %d messages are only counted: "
            "see `civicmeter ingest dead-letters list`",
            left_out,
        )
    return left_out


def storable(text: str, longest: int) -> str:
    """A text every database and terminal takes: no control characters, no lone surrogates."""
    if not text.isprintable():
        text = "".join(c if c.isprintable() else "�" for c in text)
    return text if len(text) <= longest else text[: longest - 1] + "…"


def native(readings: Iterable[Reading]) -> bytes:
    """Readings in the native gateway form, so that they can be ingested later."""
    content: dict[str, list[dict[str, object]]] = {}
    for r in readings:
        content.setdefault(r.device, []).append({"ts": r.at_ms, "values": {r.quantity: r.value}})
    return json.dumps(content).encode()
