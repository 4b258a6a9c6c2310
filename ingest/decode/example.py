"""The decoder to copy. It reads an invented logger that sends lines like

``1451649600;energy_import_kwh=1.5;power_w=230``

(seconds since the epoch, then ``name=value``), topic ``example/<device>``.

To add a format:

1. Copy this file to ``<format>.py`` and change `decode`. Keep it pure: what goes in is all it
   may look at, no clock, no files. Convert to the units of `domain.quantities` here.
2. Raise PayloadError when nothing of the message can be read, with a stable code that dead
   letters are grouped by. Put what is wrong with one value into `rejects` and go on, so that
   it costs none of the others.
3. Name it in `ingest.decode.DECODERS`, and put recorded messages into
   ``tests/payloads/<format>/``: good ones and broken ones with the error expected.
"""

from domain.errors import PayloadError
from domain.judge import quoted
from ingest.decode.base import Decoded, Reject
from ingest.decode.values import number, seconds_ms
from ingest.mapping import Mapping


def decode(topic: str, payload: bytes, arrived_at_ms: int, mapping: Mapping) -> Decoded:  # noqa: ARG001
    """The readings of one line.

    >>> logger = Mapping(topic="example/+", format="example", device="{1}")
    >>> said = decode("example/hall", b"1451649600;energy_import_kwh=1.5;power_w=?", 0, logger)
    >>> said.readings
    [Reading(device='hall', quantity='energy_import_kwh', at_ms=1451649600000, value=1.5)]
    >>> said.rejects
    [Reject(device='hall', code='bad_value', detail="power_w: '?' is not a number")]
    """
    device = mapping.device_of(topic)
    try:
        head, *pairs = payload.decode("utf-8").strip().split(";")
    except UnicodeDecodeError as error:
        raise PayloadError("bad_text", f"not UTF-8 at byte {error.start}") from error
    at_ms = seconds_ms(number(_float(head)))
    decoded = Decoded([], [])
    for pair in pairs:
        quantity, _, value = pair.partition("=")
        try:
            decoded.add(device, quantity, at_ms, number(_float(value)))
        except PayloadError as error:
            decoded.rejects.append(Reject(device, error.code, f"{quantity}: {error.detail}"))
    return decoded


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise PayloadError("bad_value", f"{quoted(text)} is not a number") from error
