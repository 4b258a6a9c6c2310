"""ESPHome: a bare number for each sensor.

Topic ``<prefix>/sensor/<object_id>/state``, payload ``56.3``; an unknown state is ``nan``.
The name in ``fields`` is the object id, the level before the last. There is no time: the time
of arrival is taken. This shape is from memory of ESPHome's MQTT component, not from a source.
"""

from domain.errors import PayloadError
from domain.judge import quoted
from ingest.decode.base import Decoded
from ingest.decode.fields import Collecting
from ingest.mapping import Mapping


def decode(topic: str, payload: bytes, arrived_at_ms: int, mapping: Mapping) -> Decoded:
    """The reading of one sensor."""
    collecting = Collecting(mapping, {}, arrived_at_ms, strict=True)
    levels = topic.split("/")
    try:
        text = payload.decode("ascii").strip()
        value = float(text)
    except ValueError as error:
        raise PayloadError("bad_value", f"{quoted(payload)} is not a number") from error
    name = levels[-2] if len(levels) > 1 else topic
    collecting.value(mapping.device_of(topic), (name,), value, None)
    return collecting.done()
