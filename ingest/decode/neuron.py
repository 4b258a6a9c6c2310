"""Neuron, the common Modbus and DL/T 645 gateway in China.

Any topic; either form::

    {"timestamp": 1650006388943, "node": "modbus", "group": "grp",
     "values": {"tag0": 123}, "errors": {"tag1": 2014}}
    {"timestamp": …, "node": …, "group": …, "tags": [{"name": "tag0", "value": 123},
                                                     {"name": "tag1", "error": 2014}]}

Names in ``fields``: ``node/group/tag``, ``group/tag`` or ``tag``. The device is the field's,
else the topic's, else the node (see ``devices``). An error is a reject with code
``device_error``: the gateway could not read that tag.
Source: EMQX Neuron documentation, MQTT plugin, data formats.
"""

from collections.abc import Iterator

from domain.errors import PayloadError
from domain.judge import quoted
from ingest.decode.base import Decoded
from ingest.decode.fields import Collecting, an_object
from ingest.decode.values import epoch_ms, read_json
from ingest.mapping import Mapping


def decode(topic: str, payload: bytes, arrived_at_ms: int, mapping: Mapping) -> Decoded:
    """The readings of one group of tags."""
    said = an_object(read_json(payload), "the message")
    collecting = Collecting(mapping, {}, arrived_at_ms, strict=True)
    at_ms = epoch_ms(said["timestamp"]) if "timestamp" in said else None
    node, group = said.get("node", ""), said.get("group", "")
    device = mapping.device_of(topic) or mapping.devices.get(str(node), str(node))
    for tag, value, error in _tags(said):
        if error:
            collecting.reject(device, "device_error", f"{tag}: the gateway reports error {error}")
        else:
            names = (f"{node}/{group}/{tag}", f"{group}/{tag}", tag)
            collecting.value(device, names, value, at_ms)
    return collecting.done()


def _tags(said: dict[str, object]) -> Iterator[tuple[str, object, object]]:
    """Name, value and error (falsy: none) of every tag, in either form."""
    if "tags" in said:
        tags = said["tags"]
        if not isinstance(tags, list):
            raise PayloadError("bad_shape", f"tags {quoted(tags)} is not a list")
        for tag in tags:
            if isinstance(tag, dict) and isinstance(tag.get("name"), str):
                yield tag["name"], tag.get("value"), tag.get("error")
            else:
                yield "?", None, f"in its own message: {quoted(tag)}"
        return
    values = an_object(said.get("values", {}), "values")
    errors = an_object(said.get("errors", {}), "errors")
    yield from ((tag, value, None) for tag, value in values.items())
    yield from ((tag, None, error) for tag, error in errors.items())
