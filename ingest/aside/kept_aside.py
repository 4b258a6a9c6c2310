"""What is kept aside of a batch, grouped so that a flood of one mistake is one entry."""

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from domain.calendar import from_ms
from domain.errors import PayloadError
from domain.readings import Reading
from ingest.decode.base import Reject
from store.ledger.kept import KeptMessage
from store.ledger.port import AsideEntry
from store.readings.port import WriteResult

SAMPLE_BYTES = 4096
_NAME = 200
_DETAIL = 500


class AsideBatch:
    """Collects entries of one batch; `entries()` are what the ledger takes."""

    def __init__(self, at_ms: int) -> None:
        self._at: datetime = from_ms(at_ms)
        self._at_ms = at_ms
        self._groups: dict[tuple[str, str, str], AsideEntry] = {}
        self._whole: dict[str, KeptMessage] = {}
        self._pieces: dict[tuple[str, str, str], list[Reading]] = {}
        self.counts: dict[str, int] = {}
        """Reason → how many, a message or a value each."""

    def message(self, topic: str, payload: bytes, error: PayloadError) -> None:
        """A message nothing of which could be read; kept whole unless it is too long."""
        key = self._add(topic, error.code, "", error.detail, payload)
        if error.code != "too_long":
            self._keep(key, topic, payload)

    def part(self, topic: str, payload: bytes, reject: Reject) -> None:
        """A part of a message that could not be read; the whole message is kept."""
        key = self._add(topic, reject.code, reject.device, reject.detail, payload)
        self._keep(key, topic, payload)

    def reading(self, topic: str, reading: Reading, reject: Reject) -> None:
        """A reading that may not be stored, now or ever."""
        key = self._add(topic, reject.code, reject.device, reject.detail, native([reading]))
        self._pieces.setdefault(key, []).append(reading)

    def unstored(self, result: WriteResult, topic_of: Callable[[Reading], str]) -> None:
        """What the store kept out: contradictions, and what its engine refuses."""
        for conflict in result.conflicts:
            reading = conflict.reading
            detail = (
                f"{reading.quantity} at {from_ms(reading.at_ms).isoformat()}: "
                f"{conflict.stored_value!r} is stored, now {reading.value!r} came"
            )
            reject = Reject(reading.device, "conflict", detail)
            self.reading(topic_of(reading), reading, reject)
        for reading, reason in result.refused:
            reject = Reject(reading.device, "refused", f"{reading.quantity}: {reason}")
            self.reading(topic_of(reading), reading, reject)

    def entries(self) -> list[AsideEntry]:
        return list(self._groups.values())

    def sums(self) -> list[AsideEntry]:
        """One entry a reason, without telling sources and devices apart."""
        found: dict[str, AsideEntry] = {}
        for entry in self._groups.values():
            before = found.get(entry.code)
            count = entry.count + (before.count if before else 0)
            found[entry.code] = replace(entry, source="", device="", count=count)
        return list(found.values())

    def kept(self) -> list[KeptMessage]:
        """The messages and parts of messages themselves."""
        pieces = [
            KeptMessage(
                source=source,
                code=code,
                device=device,
                topic="",
                payload=native(readings),
                arrived_at_ms=self._at_ms,
            )
            for (source, code, device), readings in self._pieces.items()
        ]
        return [*self._whole.values(), *pieces]

    def _keep(self, key: tuple[str, str, str], topic: str, payload: bytes) -> None:
        source, code, device = key
        message = KeptMessage(
            source=source,
            code=code,
            device=device,
            topic=topic.replace("\0", "\ufffd"),  # databases take no NUL
            payload=payload,
            arrived_at_ms=self._at_ms,
        )
        self._whole[message.digest] = message

    def _add(
        self, source: str, code: str, device: str, detail: str, sample: bytes
    ) -> tuple[str, str, str]:
        self.counts[code] = self.counts.get(code, 0) + 1
        source, device = storable(source, _NAME), storable(device, _NAME)
        key = (source, code, device)
        before = self._groups.get(key)
        self._groups[key] = AsideEntry(
            source=source,
            code=code,
            device=device,
            detail=storable(detail, _DETAIL),
            sample=sample[:SAMPLE_BYTES],
            count=before.count + 1 if before else 1,
            first_at=self._at,
            last_at=self._at,
        )
        return key


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
