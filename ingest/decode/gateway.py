"""A gateway that speaks for many devices, the shape ThingsBoard made common.

Topic ``civicmeter/v1/gateway/<gateway>/telemetry``::

    {"<device>": [{"ts": 1451649600512, "values": {"energy_import_kwh": 1.5}}, …], …}

Source: ThingsBoard, MQTT gateway API, telemetry upload.
"""

import msgspec

from domain.errors import PayloadError
from ingest.decode.base import Decoded
from ingest.decode.native import Telemetry, from_plain, runs_of_telemetry
from ingest.decode.values import UNREADABLE, quoted, read_json
from ingest.mapping import Mapping

_fast = msgspec.json.Decoder(dict[str, list[Telemetry]])


def decode(topic: str, payload: bytes, arrived_at_ms: int, mapping: Mapping) -> Decoded:  # noqa: ARG001
    """The readings of every device in the message; one bad device costs none of the others."""
    try:
        said = _fast.decode(payload)
    except UNREADABLE:
        return _each(read_json(payload), arrived_at_ms)
    return Decoded([run for d, t in said.items() for run in runs_of_telemetry(d, t)], [])


def _each(content: object, arrived_at_ms: int) -> Decoded:
    if not isinstance(content, dict):
        raise PayloadError(
            "bad_shape", f"{quoted(content)} is not an object of devices with lists of telemetry"
        )
    parts = [from_plain(device, items, arrived_at_ms) for device, items in content.items()]
    return Decoded(
        [r for p in parts for r in p.runs],
        [r for p in parts for r in p.rejects],
        sum(p.untimed for p in parts),
    )
