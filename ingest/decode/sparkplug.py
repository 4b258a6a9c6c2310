"""Sparkplug B.

Topics ``spBv1.0/<group>/<type>/<node>[/<device>]`` with type NBIRTH, NDATA, DBIRTH or DDATA.
Data messages may name metrics by number only (alias); the numbers are told in the birth
messages. The memory of births is the one thing that outlives a message here; it belongs to
who decodes (a router), and is given in. A number whose birth was not heard (the collector came
later), or forgotten for want of room, is a reject ``unknown_alias`` until the node tells its
births again, which the collector asks it to. What was kept aside till then is read by that
birth: a node tells the same numbers again, unless it was set up anew in between.

Names in ``fields``: ``node/device/metric``, ``device/metric`` or ``metric``. The device is the
field's, else the topic's by the mapping's ``device``, else the Sparkplug device, else the node.
Source: Eclipse Sparkplug specification 3.0.
"""

from collections import OrderedDict
from collections.abc import Iterable
from collections.abc import Mapping as MappingOf
from threading import Lock
from typing import Any

from domain.errors import PayloadError
from ingest.decode.base import Decoded
from ingest.decode.fields import Collecting
from ingest.decode.values import epoch_ms
from ingest.mapping import Mapping

_DATA = {"NBIRTH", "NDATA", "DBIRTH", "DDATA"}
_SIGNED_BITS = {1: 8, 2: 16, 3: 32, 4: 64}
"""Sparkplug's signed integers travel as unsigned ones."""
_NUMERIC = ("int_value", "long_value", "float_value", "double_value")
_BOOLEAN = 11
"""Sparkplug's number of the type."""
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
        self._told_ms: dict[tuple[str, str], int] = {}
        self._new: set[tuple[str, str]] = set()
        self._lock = Lock()

    def of(self, node: tuple[str, str]) -> MappingOf[int, str]:
        """The aliases a node told; none when it was not heard."""
        with self._lock:
            if node not in self._nodes:
                return {}
            self._nodes.move_to_end(node)
            return self._nodes[node]

    def tell(
        self, node: tuple[str, str], aliases: MappingOf[int, str], at_ms: int, *, anew: bool
    ) -> None:
        """A birth of the node (then `anew`: earlier aliases are void) or of a device of it,
        heard at `at_ms`; one from before the last is not believed."""
        with self._lock:
            if at_ms < self._told_ms.get(node, at_ms):
                return
            before = self._nodes.get(node)
            told = dict(aliases) if anew or before is None else {**before, **aliases}
            if self._set(node, told, at_ms) and told != before:
                self._new.add(node)

    def recall(self, node: tuple[str, str], aliases: MappingOf[int, str], at_ms: int) -> bool:
        """All that another process, or an earlier one, heard of a node; True when it is news."""
        with self._lock:
            if at_ms <= self._told_ms.get(node, at_ms - 1):
                return False
            return self._set(node, dict(aliases), at_ms)

    def take_new(self) -> dict[tuple[str, str], tuple[dict[int, str], int]]:
        """What was told since this was last asked: node → aliases and when."""
        with self._lock:
            found = {n: (self._nodes[n], self._told_ms[n]) for n in self._new if n in self._nodes}
            self._new.clear()
            return found

    def tell_again(self, nodes: Iterable[tuple[str, str]]) -> None:
        """Have `take_new` give these once more: they could not be kept."""
        with self._lock:
            self._new.update(nodes)

    def _set(self, node: tuple[str, str], told: dict[int, str], at_ms: int) -> bool:
        before = self._nodes.pop(node, None)
        self._metrics -= 0 if before is None else _size(before)
        self._told_ms.pop(node, None)
        if len(told) > self._metrics_max // 10:
            return False
        self._nodes[node] = told
        self._told_ms[node] = at_ms
        self._metrics += _size(told)
        while self._metrics > self._metrics_max:
            lost, forgotten = self._nodes.popitem(last=False)
            self._told_ms.pop(lost, None)
            self._metrics -= _size(forgotten)
        return True

    def __len__(self) -> int:
        """How many nodes are remembered."""
        return len(self._nodes)


def _size(aliases: MappingOf[int, str]) -> int:
    return 1 + len(aliases)  # a node without any takes room, too


def decode(
    topic: str, payload: bytes, arrived_at_ms: int, mapping: Mapping, births: Births
) -> Decoded:
    """The readings of one message; remembers the aliases a birth tells in `births`."""
    # Protobuf is for who has such nodes: others start without it.
    from ingest.decode.sparkplug_proto import DecodeError, Payload

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
        births.tell((group, node), told, arrived_at_ms, anew=kind == "NBIRTH")
    aliases = births.of((group, node))
    target = mapping.device_of(topic) or mapping.devices.get(device or node, device or node)
    for metric in said.metrics:
        try:
            _metric(collecting, target, (node, device), aliases, metric, said)
        except PayloadError as error:
            collecting.reject(target, error.code, error.detail)
    return collecting.done()


def node_of(topic: str) -> tuple[str, str]:
    """Group and node a topic names."""
    _, group, _, node, *_ = [*topic.split("/"), "", "", "", ""]
    return group, node


def rebirth(topic: str, now_ms: int) -> tuple[str, bytes]:
    """The command that has the node of a topic tell its births again
    (``Node Control/Rebirth`` of the specification)."""
    root, group, _, node, *_ = topic.split("/")
    from ingest.decode.sparkplug_proto import Payload

    command = Payload(timestamp=now_ms, seq=0)
    command.metrics.add(
        name="Node Control/Rebirth", timestamp=now_ms, datatype=_BOOLEAN, boolean_value=True
    )
    return f"{root}/{group}/NCMD/{node}", command.SerializeToString()


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
    if metric.is_null or not any(metric.HasField(f) for f in _NUMERIC):
        # Node control, text and flags are no readings.
        collecting.ignore(name)
        return
    stamp = metric if metric.HasField("timestamp") else said
    at_ms = epoch_ms(stamp.timestamp) if stamp.HasField("timestamp") else None
    node, device = origin
    names = (f"{node}/{device}/{name}", f"{device}/{name}", name)
    collecting.value(target, names, _number(metric), at_ms)


def _number(metric: Any) -> float | int:
    field = next(f for f in _NUMERIC if metric.HasField(f))
    value: float | int = getattr(metric, field)
    bits = _SIGNED_BITS.get(metric.datatype)
    if bits and isinstance(value, int):
        value &= (1 << bits) - 1
        if value >> (bits - 1):
            value -= 1 << bits
    return value
