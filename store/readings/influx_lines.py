"""Readings as InfluxDB line protocol, and devices as its CSV answers name them.

Measurement = device class, tags device and institution, a field per quantity; readings of the
same device and time go in one line. Source: InfluxDB 2.x line protocol reference.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache

from domain.readings import Reading, Run
from store.readings.frames import chunks
from store.readings.port import DeviceTags, Directory

_ESCAPED_IN_TAG = re.compile(r"([,= ])")
_NOT_WRITABLE = (
    "InfluxDB cannot hold a device or institution id like this"
    " (control character, or backslash before comma, space, equals sign or end)"
)
_DEVICES_REMEMBERED = 100_000
# A backslash is itself; only one that would meet an escape or end the value cannot be said.
_NOT_A_TAG = re.compile(r"[\x00-\x1f\x7f]|\\[,= ]|\\$|^$")


def escaped_tag(value: str) -> str:
    """A tag value as line protocol and the CSV answers of older engines write it."""
    return _ESCAPED_IN_TAG.sub(r"\\\1", value)


def device_of_tag(devices: Sequence[str]) -> dict[str, str]:
    """How a CSV answer may name each device, in both spellings → the device.

    Engines from 1.6 to 2.8 escape tags as line protocol does; 1.11, 1.12 and 2.9 give them as
    they are. `devices` are of one part of `told_apart`.
    """
    return {f"device={name}": d for d in devices for name in (d, escaped_tag(d))}


def told_apart(devices: Sequence[str], most: int) -> Iterator[Sequence[str]]:
    """The devices in parts of at most `most`, in each of which no answer can mean two of them:
    ``a\\ b`` is how an older engine spells ``a b``, so it is asked for alone."""
    spelt = {escaped for d in devices if (escaped := escaped_tag(d)) != d}
    alone = [d for d in devices if d in spelt]
    yield from chunks([d for d in devices if d not in spelt] if alone else devices, most)
    for device in alone:
        yield [device]


def why_not_writable(device: str, directory: Directory) -> str | None:
    """Why InfluxDB could not hold readings of a device, or None."""
    tags = directory.get(device)
    if tags is None:
        return "the device is not in the directory"
    return None if _is_writable(device, tags) else _NOT_WRITABLE


@lru_cache(maxsize=_DEVICES_REMEMBERED)
def _is_writable(device: str, tags: DeviceTags) -> bool:
    return not (_NOT_A_TAG.search(device) or _NOT_A_TAG.search(tags.institution or "-"))


def encode(readings: Sequence[Reading], directory: Directory) -> bytes:
    """One line for each device and time, in nanoseconds."""
    heads = {device: _head(device, directory[device]) for device in {r[0] for r in readings}}
    names = {quantity: escaped_tag(quantity) for quantity in {r[1] for r in readings}}
    lines: dict[tuple[str, int], str] = {}
    for device, quantity, at_ms, value in readings:
        if (device, at_ms) in lines:
            lines[device, at_ms] += f",{names[quantity]}={float(value)!r}"
        else:
            lines[device, at_ms] = f"{heads[device]} {names[quantity]}={float(value)!r}"
    return "\n".join([f"{line} {at_ms}000000" for (_, at_ms), line in lines.items()]).encode()


def encode_runs(runs: Sequence[Run], directory: Directory) -> bytes:
    """As `encode`, of runs: one a series."""
    several = {device for device, count in Counter(run[0] for run in runs).items() if count > 1}
    names = {quantity: escaped_tag(quantity) for quantity in {run[1] for run in runs}}
    lines: list[str] = []
    shared: dict[tuple[str, int], str] = {}
    for device, quantity, times, values in runs:
        head = _head(device, directory[device])
        name = names[quantity]
        if device not in several:
            lines += [
                f"{head} {name}={float(v)!r} {t}000000" for t, v in zip(times, values, strict=True)
            ]
            continue
        for at_ms, value in zip(times, values, strict=True):
            key = (device, at_ms)
            known = shared.get(key)
            begun = f"{head} " if known is None else f"{known},"
            shared[key] = f"{begun}{name}={float(value)!r}"
    lines += [f"{line} {at_ms}000000" for (_, at_ms), line in shared.items()]
    return "\n".join(lines).encode()


def pieces(runs: Sequence[Run], most: int) -> Iterator[list[Run]]:
    """The runs in parts of at most `most` readings."""
    if sum([len(run[2]) for run in runs]) <= most:
        yield from [list(runs)] if runs else []
        return
    some: list[Run] = []
    room = most
    for run in runs:
        start, count = 0, len(run.at_ms)
        while start < count:
            end = min(count, start + room)
            some.append(_part(run, start, end))
            room -= end - start
            start = end
            if not room:
                yield some
                some, room = [], most
    if some:
        yield some


def _part(run: Run, start: int, end: int) -> Run:
    if (start, end) == (0, len(run.at_ms)):
        return run
    return run._replace(at_ms=run.at_ms[start:end], value=run.value[start:end])


def encode_singly(readings: Sequence[Reading], directory: Directory) -> bytes:
    """One line for each reading, so that none shares the fate of another."""
    return b"\n".join(encode([r], directory) for r in readings)


@lru_cache(maxsize=_DEVICES_REMEMBERED)
def _head(device: str, tags: DeviceTags) -> str:
    institution = f",institution={escaped_tag(tags.institution)}" if tags.institution else ""
    return f"{tags.device_class},device={escaped_tag(device)}{institution}"
