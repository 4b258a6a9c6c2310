"""A fingerprint of everything a scenario sends and claims: the same seed, the same bytes."""

from hashlib import blake2b
from itertools import islice

from simulators.scenarios import Scenario
from simulators.scenarios.timeline import Piece, Timeline


class Digest:
    """BLAKE2b of messages, in order, and of the truth."""

    def __init__(self) -> None:
        self._hash = blake2b(digest_size=16)

    @property
    def text(self) -> str:
        return self._hash.hexdigest()

    def add(self, piece: Piece) -> None:
        """Everything of one site-month."""
        for block in piece.blocks:
            for message in piece.site.messages(block):
                self._hash.update(message.topic.encode())
                self._hash.update(message.payload)
        for extra in piece.extras:
            self._hash.update(extra.payload)
        for incident in piece.incidents:
            self._hash.update(repr(tuple(incident)).encode())
        for truth in piece.truth:
            self._hash.update(f"{truth.institution}/{truth.subject}/{truth.name}".encode())
            self._hash.update(truth.per_day.round(6).tobytes())
        for fault in piece.faults:
            self._hash.update(repr(fault.as_dict()).encode())


def digest(scenario: Scenario, pieces: int | None = None) -> str:
    """The digest of the first so many site-months (all when None)."""
    found = Digest()
    for piece in islice(Timeline(scenario).backfill(), pieces):
        found.add(piece)
    return found.text
