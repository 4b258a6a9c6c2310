"""A fingerprint of everything a scenario sends and claims: the same seed, the same bytes."""

from collections.abc import Iterable
from hashlib import blake2b
from itertools import islice

from simulators.scenarios import Scenario
from simulators.timeline import Piece, Timeline


def digest(scenario: Scenario, pieces: int | None = None) -> str:
    """BLAKE2b of the messages, in order, and of the truth, of the first so many site-months."""
    return digest_of(islice(Timeline(scenario).backfill(), pieces))


def digest_of(pieces: Iterable[Piece]) -> str:
    """The same of pieces."""
    found = blake2b(digest_size=16)
    for piece in pieces:
        for block in piece.blocks:
            for message in piece.site.messages(block):
                found.update(message.topic.encode())
                found.update(message.payload)
        for extra in piece.extras:
            found.update(extra.payload)
        for truth in piece.truth:
            found.update(f"{truth.institution}/{truth.subject}/{truth.name}".encode())
            found.update(truth.per_day.round(6).tobytes())
        for fault in piece.faults:
            found.update(repr(fault.as_dict()).encode())
    return found.hexdigest()
