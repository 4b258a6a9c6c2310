"""A gateway that speaks for many devices, the shape ThingsBoard made common.

Topic ``civicmeter/v1/gateway/<gateway>/telemetry``::

    {"<device>": [{"ts": 1451649600512, "values": {"energy_import_kwh": 1.5}}, …], …}

Source: ThingsBoard, MQTT gateway API, telemetry upload.
"""

import msgspec

from domain.errors import PayloadError
from domain.readings import Reading
from ingest.decode.base import Decoded
from ingest.decode.native import Telemetry, from_plain
from ingest.decode.values import UNREADABLE, quoted, read_json
from ingest.mapping import Mapping

_new = tuple.__new__  # faster than Reading(), see native
_fast = msgspec.json.Decoder(dict[str, list[Telemetry]])


def decode(topic: str, payload: bytes, arrived_at_ms: int, mapping: Mapping) -> Decoded:  # noqa: ARG001
    """The readings of every device in the message; one bad device costs none of the others."""
    try:
        said = _fast.decode(payload)
    except UNREADABLE:
        return _each(read_json(payload), arrived_at_ms)
    readings = [
        _new(Reading, (device, quantity, t.ts, value))
        for device, several in said.items()
        for t in several
        for quantity, value in t.values.items()
    ]
    return Decoded(readings, [])


def _each(content: object, arrived_at_ms: int) -> Decoded:
    if not isinstance(content, dict):
        raise PayloadError(
            "bad_shape", f"{quoted(content)} is not an object of devices with lists of telemetry"
        )
    parts = [from_plain(device, items, arrived_at_ms) for device, items in content.items()]
    return Decoded(
        [r for p in parts for r in p.readings],
        [r for p in parts for r in p.rejects],
        sum(p.untimed for p in parts),
    )
