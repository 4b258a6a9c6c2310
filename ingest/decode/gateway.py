"""A gateway that speaks for many devices, the shape ThingsBoard made common.

Topic ``civicmeter/v1/gateway/<gateway>/telemetry``::

    {"<device>": [{"ts": 1451649600512, "values": {"energy_import_kwh": 1.5}}, …], …}

A mapping of one's own may rename devices (``devices``) and say what names are (``fields``).
Source: ThingsBoard, MQTT gateway API, telemetry upload.
"""

import msgspec

from config.written import Repeated
from domain.errors import PayloadError
from domain.judge import quoted
from domain.readings import Run
from ingest.decode.base import Decoded
from ingest.decode.native import Telemetry, from_plain, runs_of_telemetry
from ingest.decode.values import UNREADABLE, read_json
from ingest.mapping import Mapping

_fast = msgspec.json.Decoder(dict[str, list[Telemetry]])


def decode(topic: str, payload: bytes, arrived_at_ms: int, mapping: Mapping) -> Decoded:  # noqa: ARG001
    """The readings of every device in the message; one bad device costs none of the others."""
    try:
        said = _fast.decode(payload)
    except UNREADABLE:
        decoded = _each(read_json(payload), arrived_at_ms)
    else:
        runs = [run for d, t in said.items() for run in runs_of_telemetry(d, t)]
        # As in `native`: every name once, and nothing besides, or the slow way tells.
        names = 2 * sum([len(t) for t in said.values()]) + len(said)
        if payload.count(b'"') == 2 * (names + sum([len(run.at_ms) for run in runs])):
            decoded = Decoded(runs, [])
        else:
            decoded = _each(read_json(payload), arrived_at_ms)
    return _renamed(decoded, mapping) if mapping.devices or mapping.fields else decoded


def _renamed(decoded: Decoded, mapping: Mapping) -> Decoded:
    """The same by the mapping's names."""
    names = mapping.devices
    return decoded._replace(
        runs=[
            _run(run._replace(device=names.get(run.device, run.device)), mapping)
            for run in decoded.runs
        ],
        rejects=[r._replace(device=names.get(r.device, r.device)) for r in decoded.rejects],
    )


def _run(run: Run, mapping: Mapping) -> Run:
    field = mapping.fields.get(run.quantity)
    if field is None:
        return run
    # A mapping's unit can become its quantity's, or the mapping had not been read.
    values = [v for v in map(field.convert, run.value) if v is not None]
    return Run(field.device or run.device, field.quantity, run.at_ms, values)


def _each(content: object, arrived_at_ms: int) -> Decoded:
    if not isinstance(content, dict):
        raise PayloadError(
            "bad_shape", f"{quoted(content)} is not an object of devices with lists of telemetry"
        )
    parts = [from_plain(device, _items(said), arrived_at_ms) for device, said in content.items()]
    return Decoded(
        [r for p in parts for r in p.runs],
        [r for p in parts for r in p.rejects],
        sum(p.untimed for p in parts),
    )


def _items(said: object) -> object:
    """What is said of a device; gateways that name one twice mean both."""
    if not isinstance(said, Repeated):
        return said
    return [item for part in said for item in (part if isinstance(part, list) else [part])]
