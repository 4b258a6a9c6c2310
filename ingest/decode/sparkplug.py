"""Sparkplug B.

Topics ``spBv1.0/<group>/<type>/<node>[/<device>]`` with type NBIRTH, NDATA, DBIRTH or DDATA.
Data messages may name metrics by number only (alias); the numbers are told in the birth
messages. The memory of births is the one thing that outlives a message here; it belongs to
who decodes (a router), and is given in. A number whose birth was not heard (the collector came
later), or forgotten for want of room, is a reject ``unknown_alias`` until the node tells its
births again, which it does when it is asked to or reconnects. What was kept aside till then
stays so: the numbers of a later birth may mean something else.

Names in ``fields``: ``node/device/metric``, ``device/metric`` or ``metric``. The device is the
field's, else the topic's by the mapping's ``device``, else the Sparkplug device, else the node.
Source: Eclipse Sparkplug specification 3.0.
"""

from collections import OrderedDict
from collections.abc import Mapping as MappingOf
from threading import Lock
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
REMEMBERED_METRICS = 1_000_000
"""Enough for a thousand nodes of a thousand metrics each."""


class Births:
    """What nodes said at birth: (group, node) → alias → metric name.

    Aliases are unique within a node, its devices included. Holds at most `metrics_max` of them:
    beyond that the nodes that said nothing for longest are forgotten; a single node that tells
    more than a tenth of that is not believed. May be used from several threads.
    """

    def __init__(self, metrics_max: int = REMEMBERED_METRICS) -> None:
        self._metrics_max = metrics_max
        self._metrics = 0
        self._nodes: OrderedDict[tuple[str, str], dict[int, str]] = OrderedDict()
        self._lock = Lock()

    def of(self, node: tuple[str, str]) -> MappingOf[int, str]:
        """The aliases a node told; none when it was not heard."""
        with self._lock:
            if node not in self._nodes:
                return {}
            self._nodes.move_to_end(node)
            return self._nodes[node]

    def tell(self, node: tuple[str, str], aliases: MappingOf[int, str], *, anew: bool) -> None:
        """A birth of the node (then `anew`: earlier aliases are void) or of a device of it."""
        with self._lock:
            before = self._nodes.pop(node, None)
            self._metrics -= 0 if before is None else _size(before)
            told = dict(aliases) if anew or before is None else {**before, **aliases}
            if len(told) > self._metrics_max // 10:
                return
            self._nodes[node] = told
            self._metrics += _size(told)
            while self._metrics > self._metrics_max:
                _, forgotten = self._nodes.popitem(last=False)
                self._metrics -= _size(forgotten)

    def __len__(self) -> int:
        """How many nodes are remembered."""
        return len(self._nodes)


def _size(aliases: MappingOf[int, str]) -> int:
    return 1 + len(aliases)  # a node without any takes room, too


def decode(
    topic: str, payload: bytes, arrived_at_ms: int, mapping: Mapping, births: Births
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
    if kind.endswith("BIRTH"):
        told = {m.alias: m.name for m in said.metrics if m.HasField("alias") and m.name}
        births.tell((group, node), told, anew=kind == "NBIRTH")
    aliases = births.of((group, node))
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
    aliases: MappingOf[int, str],
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
