"""Keys by which vendors, managers and their programs are known: what each may do, and how long.

A key is shown once, as ``cm_PREFIX_SECRET``, and kept as a digest. Its secret is 256 random bits,
so a plain SHA-256 is enough: there is nothing to guess, unlike a person's password.
"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from domain.access import Action, Grant, Principal
from domain.audit import LOCAL, PROCESSOR, SERVICE


class Role(StrEnum):
    """What a key's holder, or a person, is here for."""

    VIEWER = "viewer"
    VENDOR = "vendor"
    """Posts what its devices say, mends it, proposes adjustments."""
    MANAGER = "manager"
    """Of an institution's energy: as a vendor, and closes months."""
    SIGNER = "signer"
    """Approves what others entered, and signs."""
    AUDITOR = "auditor"
    ADMIN = "admin"


_ENTERS = frozenset({Action.READ, Action.POST, Action.CORRECT, Action.ADJUST})
ACTIONS: Mapping[Role, frozenset[Action]] = {
    Role.VIEWER: frozenset({Action.READ}),
    Role.VENDOR: _ENTERS,
    Role.MANAGER: _ENTERS | {Action.CLOSE},
    Role.SIGNER: frozenset({Action.READ, Action.APPROVE, Action.SIGN}),
    Role.AUDITOR: frozenset({Action.READ, Action.AUDIT}),
    Role.ADMIN: frozenset(Action),
}
"""What each role may do, within what its key is narrowed to."""

NOTED_EVERY = timedelta(minutes=1)
"""So often the use of a key is noted."""
_MARK = "cm"
_PREFIX_BYTES, _SECRET_BYTES = 4, 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """What a holder's key, or a person, may do. `holder` is the vendor's id, `person` whose own it
    is, as they sign (empty: a program's, or several people's). `institutions`, `contracts` and
    `devices` narrow it; None: all.
    """

    holder: str
    role: Role
    person: str = ""
    institutions: frozenset[str] | None = None
    contracts: frozenset[str] | None = None
    devices: frozenset[str] | None = None

    def principal(self) -> Principal:
        """Who acts with it."""
        grant = Grant(ACTIONS[self.role], self.institutions, self.contracts, self.devices)
        return Principal(self.holder, (grant,), self.person)

    def is_within(self, other: "Granted") -> bool:
        """Whether it lets do nothing that the other does not let do, of the same holder."""
        narrowed = (
            (self.institutions, other.institutions),
            (self.contracts, other.contracts),
            (self.devices, other.devices),
        )
        return (
            self.holder == other.holder
            and ACTIONS[self.role] <= ACTIONS[other.role]
            and all(
                theirs is None or (own is not None and own <= theirs) for own, theirs in narrowed
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Key(Granted):
    """A key as it is kept.

    It holds within ``[issued_at, expires_at)`` (None: for ever), until it is revoked; `issued_at` is to
    come where it was issued beforehand.
    """

    prefix: str
    digest: str
    issued_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None

    def state(self, now: datetime) -> str:
        """``valid``, or why it is not: ``revoked``, ``expired``, ``early``."""
        if self.revoked_at is not None and self.revoked_at <= now:
            return "revoked"
        if self.expires_at is not None and self.expires_at <= now:
            return "expired"
        return "valid" if self.issued_at <= now else "early"

    def is_use_noted(self, now: datetime) -> bool:
        """Whether a use of it was noted so lately that one now need not be."""
        return self.last_used_at is not None and now - self.last_used_at < NOTED_EVERY

    def is_of(self, text: str) -> bool:
        """Whether this is the key that somebody shows, whatever its state."""
        return hmac.compare_digest(digest_of(text), self.digest)

    def renewed(self, prefix: str, digest: str, at: datetime, expires_at: datetime | None) -> "Key":
        """Another key for the same, from an instant on."""
        return replace(
            self,
            prefix=prefix,
            digest=digest,
            issued_at=at,
            expires_at=expires_at,
            revoked_at=None,
            last_used_at=None,
        )


def new_key_text() -> tuple[str, str]:
    """A new key as it is shown, and its prefix.

    >>> text, prefix = new_key_text()
    >>> prefix_of(text) == prefix
    True
    """
    prefix = secrets.token_hex(_PREFIX_BYTES)
    return f"{_MARK}_{prefix}_{secrets.token_hex(_SECRET_BYTES)}", prefix


def prefix_of(text: str) -> str | None:
    """The readable part of a key; None for what is none of ours."""
    mark, *parts = text.split("_")
    if mark != _MARK or [len(p) for p in parts] != [2 * _PREFIX_BYTES, 2 * _SECRET_BYTES]:
        return None
    return parts[0]


def digest_of(text: str) -> str:
    """SHA-256 of a key as it is shown, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


RESERVED = frozenset(
    {"key", "reader", "anyone", LOCAL.principal, PROCESSOR.principal, SERVICE.principal}
)
"""Who is called so in the audit trail is no holder of an issued key."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds keys: a vendor, an office, a program. `name` is as people call it."""

    id: str
    name: str
    added_at: datetime
