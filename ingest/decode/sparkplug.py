"""Sparkplug B.

Topics ``spBv1.0/<group>/<type>/<node>[/<device>]`` with type NBIRTH, NDATA, DBIRTH or DDATA.
Data messages may name metrics by number only (alias); the numbers are told in the birth
messages. The memory of births is the one thing that outlives a message here: `decode` itself
takes it as an argument. A number whose birth was not heard (the collector came later) is a
reject ``unknown_alias``; the node tells its births again when it is asked to or reconnects, and
what was kept aside can be replayed then.

Names in ``fields``: ``node/device/metric``, ``device/metric`` or ``metric``. The device is the
field's, else the topic's by the mapping's ``device``, else the Sparkplug device, else the node.
Source: Eclipse Sparkplug specification 3.0.
"""

from collections.abc import MutableMapping
from typing import Any

from domain.errors import PayloadError
from ingest.decode.base import Decoded
from ingest.decode.fields import Collecting
from ingest.decode.sparkplug_proto import NUMERIC, DecodeError, Payload
from ingest.decode.values import epoch_ms
from ingest.mapping import Mapping

_DATA = {"NBIRTH", "NDATA", "DBIRTH", "DDATA"}
_SIGNED_BITS = {1: 8, 2: 16, 3: 32, 4: 64}
"""Sparkplug's signed integers travel as unsigned ones."""
_REMEMBERED_METRICS = 1_000_000

Births = MutableMapping[tuple[str, str], dict[int, str]]
"""(group, node) → alias → metric. Aliases are unique within a node, its devices included."""

_births: Births = {}


def decode(
    topic: str,
    payload: bytes,
    arrived_at_ms: int,
    mapping: Mapping,
    births: Births = _births,
) -> Decoded:
    """The readings of one message; remembers the aliases a birth tells in `births`."""
    levels = topic.split("/")
    if len(levels) < 4:
        raise PayloadError("unmapped_topic", f"{topic!r} is not a Sparkplug topic")
    group, kind, node = levels[1:4]
    device = levels[4] if len(levels) > 4 else ""
    collecting = Collecting(mapping, {}, arrived_at_ms, strict=True)
    if kind not in _DATA:
        collecting.ignore(kind)
        return collecting.done()
    try:
        said = Payload.FromString(payload)
    except DecodeError as error:
        raise PayloadError("bad_protobuf", f"not a Sparkplug B payload: {error}") from error
    aliases = births.setdefault((group, node), {})
    if kind == "NBIRTH":
        aliases.clear()
    if kind.endswith("BIRTH") and len(aliases) + len(said.metrics) <= _REMEMBERED_METRICS:
        aliases.update({m.alias: m.name for m in said.metrics if m.HasField("alias") and m.name})
    target = mapping.device_of(topic) or mapping.devices.get(device or node, device or node)
    for metric in said.metrics:
        try:
            _metric(collecting, target, (node, device), aliases, metric, said)
        except PayloadError as error:
            collecting.reject(target, error.code, error.detail)
    return collecting.done()


def _metric(
    collecting: Collecting,
    target: str,
    origin: tuple[str, str],
    aliases: dict[int, str],
    metric: Any,
    said: Any,
) -> None:
    name = metric.name or aliases.get(metric.alias)
    if name is None:
        raise PayloadError("unknown_alias", f"alias {metric.alias}: its birth was not heard")
    if metric.is_null or not any(metric.HasField(f) for f in NUMERIC):
        # Node control, text and flags are no readings.
        collecting.ignore(name)
        return
    stamp = metric if metric.HasField("timestamp") else said
    at_ms = epoch_ms(stamp.timestamp) if stamp.HasField("timestamp") else None
    node, device = origin
    names = (f"{node}/{device}/{name}", f"{device}/{name}", name)
    collecting.value(target, names, _number(metric), at_ms)


def _number(metric: Any) -> float | int:
    field = next(f for f in NUMERIC if metric.HasField(f))
    value: float | int = getattr(metric, field)
    bits = _SIGNED_BITS.get(metric.datatype)
    if bits and isinstance(value, int):
        value &= (1 << bits) - 1
        if value >> (bits - 1):
            value -= 1 << bits
    return value
