"""Passwords, hashed with argon2id (RFC 9106, its second recommendation: 64 MiB, three passes)."""

import secrets
from functools import cache

from anyio import CapacityLimiter
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

_HASHER = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
_AT_ONCE = 2
"""64 MiB and a tenth of a second each: who tries many passwords holds up only who signs in."""


def password_threads() -> CapacityLimiter:
    """Those who look at passwords wait for each other."""
    return CapacityLimiter(_AT_ONCE)


def hashed(password: str) -> str:
    """How a password is kept: another text each time, in PHC form."""
    return _HASHER.hash(password)


def is_right(kept: str, password: str) -> bool:
    """Whether it is the password that was hashed; of nobody (empty), never, and after as much work,
    so that the time tells nobody which names there are."""
    nobodys = _nobodys()
    try:
        return _HASHER.verify(kept or nobodys, password) and bool(kept)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys() -> str:
    return hashed(secrets.token_hex(32))
