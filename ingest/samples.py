"""Sample messages in files, to try a mapping on.

``*.txt``: a message a line, topic then payload, as ``mosquitto_sub -v`` prints them; a payload
that begins with ``hex:`` is read as bytes. A topic with spaces ends where what follows looks like
a payload: an object, a list, ``hex:``, a text in quotes or a single number. ``*.toml``: one message with `topic` and `payload`
(or `payload_hex`), as in Civicmeter's own recorded payloads.
"""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from config.written import text_of
from domain.errors import ConfigError

_PAYLOAD = re.compile(
    r' (?=[{\["]|hex:|[-+]?(?:[0-9.]+(?:e[-+]?[0-9]+)?|nan|inf|null|unknown|unavailable)\s*$)',
    re.IGNORECASE,
)


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
    return path.suffix == ".toml" and "[[mapping]]" in _text(path)


def _lines(path: Path) -> Iterator[Sample]:
    try:
        text = text_of(path.read_bytes())
    except ValueError:  # a payload of bytes must not cost the others
        text = path.read_bytes().decode("utf-8", "surrogateescape")
    for number, line in enumerate(re.split(r"\r?\n", text), 1):
        topic, payload = _apart(line)
        if not topic.strip():
            continue
        where = f"{path.name}:{number}"
        if payload.startswith("hex:"):
            yield Sample(where, topic, _unhex(where, payload[4:]))
        else:
            yield Sample(where, topic, payload.encode("utf-8", "surrogateescape"))


def _apart(line: str) -> tuple[str, str]:
    """Topic and payload of a line."""
    found = _PAYLOAD.search(line)
    if found is None:
        topic, _, payload = line.partition(" ")
        return topic, payload
    return line[: found.start()], line[found.end() :]


def _text(path: Path) -> str:
    try:
        return text_of(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from error


def _toml(path: Path) -> Iterator[Sample]:
    text = _text(path)
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
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
