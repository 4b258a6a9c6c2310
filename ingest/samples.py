"""Sample messages in files, to try a mapping on.

``*.txt``: a message a line, topic then payload, as ``mosquitto_sub -v`` prints them; a payload
that begins with ``hex:`` is read as bytes. ``*.toml``: one message with `topic` and `payload`
(or `payload_hex`), as in Civicmeter's own recorded payloads.
"""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from domain.errors import ConfigError


class Sample(NamedTuple):
    """A message and where it was read."""

    where: str
    topic: str
    payload: bytes


def read_samples(path: Path) -> Iterator[Sample]:
    """The samples of a file, or of every file of a folder. Raises ConfigError."""
    if path.is_dir():
        files = sorted([*path.rglob("*.txt"), *path.rglob("*.toml")])
        files = [f for f in files if not _is_mapping(f)]
        if not files:
            raise ConfigError(f"{path} holds no samples: put *.txt or *.toml files there")
    elif path.is_file():
        files = [path]
    else:
        raise ConfigError(f"no samples at {path}: name a file or a folder")
    for file in files:
        yield from _toml(file) if file.suffix == ".toml" else _lines(file)


def _is_mapping(path: Path) -> bool:
    return path.suffix == ".toml" and b"[[mapping]]" in path.read_bytes()


def _lines(path: Path) -> Iterator[Sample]:
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        topic, _, payload = line.partition(b" ")
        if not topic.strip():
            continue
        where = f"{path.name}:{number}"
        if payload.startswith(b"hex:"):
            payload = _unhex(where, payload[4:].decode(errors="replace"))
        yield Sample(where, topic.decode(errors="replace"), payload)


def _toml(path: Path) -> Iterator[Sample]:
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not TOML: {error}") from error
    topic, payload, as_hex = said.get("topic"), said.get("payload"), said.get("payload_hex")
    if isinstance(topic, str) and isinstance(payload, str):
        yield Sample(path.name, topic, payload.encode())
    elif isinstance(topic, str) and isinstance(as_hex, str):
        yield Sample(path.name, topic, _unhex(path.name, as_hex))
    else:
        raise ConfigError(f"{path} must have topic and payload (or payload_hex)")


def _unhex(where: str, text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise ConfigError(f"{where}: {text[:40]!r} is not hexadecimal") from error
