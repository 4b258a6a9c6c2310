"""Civicmeter's own payload, the shape ThingsBoard made common.

Topic ``civicmeter/v1/<device>/telemetry``; one of::

    {"ts": 1451649600512, "values": {"energy_import_kwh": 1.5}}
    [{"ts": …, "values": {…}}, …]
    {"power_w": 12}                       (no time: the time of arrival)

`ts` is in milliseconds since the epoch; keys of `values` are quantity names.
Source: ThingsBoard, MQTT device API, telemetry upload.
"""

from collections.abc import Sequence
from typing import Annotated

import msgspec

from domain.errors import PayloadError
from domain.judge import LARGEST_MS, quoted
from domain.readings import Reading, Run, runs_of
from ingest.decode.base import Decoded, Reject
from ingest.decode.values import UNREADABLE, epoch_ms, number, read_json, refuse_repeated
from ingest.mapping import Mapping


class Telemetry(msgspec.Struct, gc=False):
    """Values that hold at one time."""

    ts: Annotated[int, msgspec.Meta(ge=-LARGEST_MS, le=LARGEST_MS)]
    values: dict[str, float]


# What the generated constructor of a named tuple does, without its detour through Python.
_new = tuple.__new__
_fast = msgspec.json.Decoder(Telemetry | list[Telemetry])


def decode(topic: str, payload: bytes, arrived_at_ms: int, mapping: Mapping) -> Decoded:
    """The readings of one device, named by the topic; without `ts` it is the time of arrival.

    >>> from ingest.mapping import NATIVE
    >>> topic = "civicmeter/v1/roof/telemetry"
    >>> decode(topic, b'{"pv_power_w": 12}', 1_773_547_200_000, NATIVE[0]).untimed
    1
    >>> decode(topic, b'{"ts": 0, "values": {"power_w": NaN}}', 0, NATIVE[0]).rejects[0].code
    'not_finite'
    """
    device = mapping.device_of(topic)
    try:
        said = _fast.decode(payload)
    except UNREADABLE:
        return from_plain(device, read_json(payload), arrived_at_ms)
    # Two quotes for `ts`, two for `values`, two a name: with more, a name is there twice, or
    # something is said besides; the slow way tells.
    if isinstance(said, list):
        runs = runs_of_telemetry(device, said)
        if payload.count(b'"') != 4 * len(said) + 2 * sum([len(run.at_ms) for run in runs]):
            return from_plain(device, read_json(payload), arrived_at_ms)
        return Decoded(runs, [])
    if payload.count(b'"') != 4 + 2 * len(said.values):
        return from_plain(device, read_json(payload), arrived_at_ms)
    return Decoded([_new(Run, (device, q, (said.ts,), (v,))) for q, v in said.values.items()], [])


def runs_of_telemetry(device: str, several: Sequence[Telemetry]) -> list[Run]:
    """What a device says, as one run for each quantity."""
    values = [t.values for t in several]
    try:
        columns = {q: [v[q] for v in values] for q in values[0]} if values else {}
    except KeyError:
        columns = {}
    if len(columns) * len(values) != sum(map(len, values)):  # not all say the same quantities
        return runs_of(Reading(device, q, t.ts, v) for t in several for q, v in t.values.items())
    at_ms = [t.ts for t in several]
    return [Run(device, q, at_ms, column) for q, column in columns.items()]


def from_plain(device: str, content: object, arrived_at_ms: int) -> Decoded:
    """The slow way, value by value, so that a bad one costs none of the others.

    Items without a time get one each, in their order.
    """
    decoded = Decoded([], [])
    untimed, items_untimed = 0, 0
    for item in content if isinstance(content, list) else [content]:
        try:
            without = _item(device, item, arrived_at_ms + items_untimed, decoded)
        except PayloadError as error:
            decoded.rejects.append(Reject(device, error.code, error.detail))
            continue
        untimed += without
        items_untimed += without > 0
    return decoded._replace(untimed=untimed)


def _item(device: str, item: object, arrived_at_ms: int, into: Decoded) -> int:
    """Read one item; gives how many of its readings had no time of their own."""
    if not isinstance(item, dict):
        refuse_repeated(item)
        raise PayloadError("bad_shape", f"{quoted(item)} is not an object with ts and values")
    timed = "ts" in item
    at_ms = epoch_ms(item["ts"]) if timed else arrived_at_ms
    values = item["values"] if "values" in item else {k: v for k, v in item.items() if k != "ts"}
    if not isinstance(values, dict):
        refuse_repeated(values)
        raise PayloadError("bad_shape", f"values {quoted(values)} is not an object")
    before = len(into.runs)
    for quantity, value in values.items():
        try:
            into.add(device, quantity, at_ms, number(value))
        except PayloadError as error:
            into.rejects.append(Reject(device, error.code, f"{quantity}: {error.detail}"))
    return 0 if timed else len(into.runs) - before
