"""What is kept aside of a batch, grouped so that a flood of one mistake is one entry."""

import json
from collections.abc import Callable, Iterable
from datetime import datetime

from domain.calendar import from_ms
from domain.errors import PayloadError
from domain.readings import Reading
from ingest.decode.base import Reject
from store.ledger import AsideEntry
from store.readings import WriteResult

SAMPLE_BYTES = 4096
_NAME = 200
_DETAIL = 500


class AsideBatch:
    """Collects entries of one batch; `entries()` are what the ledger takes."""

    def __init__(self, at_ms: int) -> None:
        self._at: datetime = from_ms(at_ms)
        self._groups: dict[tuple[str, str, str], AsideEntry] = {}
        self.counts: dict[str, int] = {}
        """Reason → how many, a message or a value each."""

    def message(self, topic: str, payload: bytes, error: PayloadError) -> None:
        """A message nothing of which could be read."""
        self._add(topic, error.code, "", error.detail, payload)

    def part(self, topic: str, payload: bytes, reject: Reject) -> None:
        """A part of a message; the message's payload is the sample."""
        self._add(topic, reject.code, reject.device, reject.detail, payload)

    def unstored(self, result: WriteResult, topic_of: Callable[[Reading], str]) -> None:
        """What the store kept out: contradictions, and what its engine refuses."""
        for conflict in result.conflicts:
            reading = conflict.reading
            self._add(
                topic_of(reading),
                "conflict",
                reading.device,
                f"{reading.quantity} at {from_ms(reading.at_ms).isoformat()}: "
                f"{conflict.stored_value!r} is stored, now {reading.value!r} came",
                _native(reading),
            )
        for reading, reason in result.refused:
            self._add(
                topic_of(reading),
                "refused",
                reading.device,
                f"{reading.quantity}: {reason}",
                _native(reading),
            )

    def entries(self) -> Iterable[AsideEntry]:
        return self._groups.values()

    def _add(self, source: str, code: str, device: str, detail: str, sample: bytes) -> None:
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


def storable(text: str, longest: int) -> str:
    """A text every database and terminal takes: no control characters, no lone surrogates."""
    if not text.isprintable():
        text = "".join(c if c.isprintable() else "�" for c in text)
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _native(reading: Reading) -> bytes:
    """A reading as a native payload, so that it can be replayed."""
    content = {"ts": reading.at_ms, "values": {reading.quantity: reading.value}}
    return json.dumps(content).encode()
