"""Checkpoints: where the audit trail ended, signed, for somebody else to keep.

A chain proves that nothing in it was changed alone. Who holds the database could still write the
whole chain anew, or cut off its end; a checkpoint kept elsewhere shows both. Ed25519 (RFC 8032)
over one line of JSON: all fields but the signature, keys sorted, no spaces.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from domain.errors import ConfigError
from store.ledger.audit import Head
from store.ledger.chain import at_text

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_FORMAT = "civicmeter-checkpoint/1"
_FIELDS = ("format", "chain", "number", "digest", "at", "public_key")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where a chain ended at an instant (UTC, ISO 8601), and by whose key (hexadecimal)."""

    head: Head
    at: str
    public_key: str


def new_key(path: Path) -> Path:
    """Make a key: the private one in `path`, its owner's only; the public one beside it, whose
    path is given. Raises ConfigError where either is there already or cannot be written."""
    from cryptography.hazmat.primitives import serialization as s
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    public = path.with_name(f"{path.name}.pub")
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption())
    shown = key.public_key().public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo)
    if public.exists():
        raise ConfigError(f"{public} is there already: choose another name for the key")
    _write_new(path, private, 0o600)
    _write_new(public, shown, 0o644)
    return public


def signed(head: Head, at: datetime, key_file: Path) -> str:
    """A checkpoint as the text of a file. Raises ConfigError for a key that cannot be used."""
    key = _private_key(key_file)
    said: dict[str, Any] = {
        "format": _FORMAT,
        "chain": head.chain,
        "number": head.number,
        "digest": head.digest,
        "at": at_text(at),
        "public_key": key.public_key().public_bytes_raw().hex(),
    }
    said["signature"] = key.sign(_signed_bytes(said)).hex()
    return json.dumps(said, indent=2) + "\n"


def read_checkpoint(path: Path, public_key: Path | None = None) -> Checkpoint:
    """A checkpoint whose signature is good; by `public_key`, if one is given, which alone shows
    whose it is. Raises ConfigError for any other file."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        said = json.loads(path.read_bytes())
        head = Head(str(said["chain"]), int(said["number"]), str(said["digest"]))
        found = Checkpoint(head, str(said["at"]), str(said["public_key"]))
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(found.public_key))
        known = said["format"] == _FORMAT
        signature = bytes.fromhex(said["signature"])
        message = _signed_bytes(said)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ConfigError(
            f"{path} is no checkpoint ({error!r}): name a file made by `civicmeter audit checkpoint`"
        ) from error
    if not known:
        raise ConfigError(f"{path} is no checkpoint of this form ({_FORMAT}): update Civicmeter")
    if public_key is not None and _public_bytes(public_key) != bytes.fromhex(found.public_key):
        raise ConfigError(
            f"{path} was signed by another key than {public_key}: somebody exchanged one of them"
        )
    try:
        key.verify(signature, message)
    except InvalidSignature as error:
        raise ConfigError(
            f"the signature of {path} does not fit it: it was changed; take the copy that the"
            " third party kept"
        ) from error
    return found


def _signed_bytes(said: Mapping[str, Any]) -> bytes:
    plain = {name: said[name] for name in _FIELDS}
    return json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _private_key(path: Path) -> "Ed25519PrivateKey":
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise ConfigError(
            f"{path} is no key to sign with ({error}): make one with `civicmeter audit new-key FILE`"
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError(
            f"{path} is no Ed25519 key: make one with `civicmeter audit new-key FILE`"
        )
    if path.stat().st_mode & 0o077:
        raise ConfigError(
            f"others can read the key {path}: say `chmod 600 {path}`, or make another"
        )
    return key


def _public_bytes(path: Path) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError, TypeError) as error:
        raise ConfigError(f"{path} is no public key ({error}): name the FILE.pub") from error
    if not isinstance(key, Ed25519PublicKey):
        raise ConfigError(f"{path} is no Ed25519 key: name the FILE.pub beside the private one")
    return key.public_bytes_raw()


def _write_new(path: Path, content: bytes, mode: int) -> None:
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except OSError as error:
        raise ConfigError(f"{path} cannot be made ({error.strerror}): name another file") from error
    with os.fdopen(file, "wb") as opened:
        opened.write(content)
