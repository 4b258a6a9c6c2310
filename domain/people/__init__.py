"""People who sign in: what each may do is what a key of theirs might, and how long a session holds.

A password is known by its argon2 hash only, a session by the digest of 256 random bits.
"""

import hashlib
import re
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.keys import Granted

SESSION_LASTS = timedelta(hours=12)
"""A working day; then one signs in again."""
LEAST_CHARS, MOST_CHARS = 12, 200
"""Of a password. NIST SP 800-63B asks for length, and for no rules of composition."""
_LEAST_DIFFERENT = 5
_TELLING_CHARS = 4
"""A shorter login is in many a sentence by chance."""
_LOGIN = re.compile(r"[\w.@-]{1,100}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account(Granted):
    """A person as kept. They type `login`, and sign as `person`.

    `password` is a hash in PHC form; empty: they have none. `subject` is who they are to the
    identity provider; empty: it does not know them. While locked they may not sign in, and no
    session of theirs holds.
    """

    login: str
    added_at: datetime
    password: str = ""
    subject: str = ""
    locked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """A person who signed in; `digest` is that of what their browser holds. It holds within
    ``[begun_at, expires_at)``, until it is ended."""

    digest: str
    login: str
    begun_at: datetime
    expires_at: datetime


def new_session(login: str, now: datetime) -> tuple[str, Session]:
    """What the browser is given, and the session as it is kept."""
    text = secrets.token_hex(32)
    return text, Session(session_digest(text), login, now, now + SESSION_LASTS)


def session_digest(text: str) -> str:
    """SHA-256 of what a browser holds, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def plain_login(text: str) -> str:
    """A login as it is kept, however it was typed.

    >>> plain_login(" Wang.Fang "), plain_login("\\uff37ang")
    ('wang.fang', 'wang')
    """
    return unicodedata.normalize("NFKC", text).strip().casefold()


def login_problem(login: str) -> str | None:
    """Why a login will not do, as a sentence; None when it does.

    >>> login_problem("wang.fang"), login_problem("王芳")
    (None, None)
    """
    if _LOGIN.fullmatch(login) and login == plain_login(login):
        return None
    return f"{login[:100]!r} is no login: small letters, digits, and . - _ @ will do"


def password_problem(password: str, login: str) -> str | None:
    """Why a password will not do, as a sentence; None when it does.

    >>> password_problem("correct horse battery", "wang") is None
    True
    >>> password_problem("a delightful morning", "li") is None
    True
    """
    if not LEAST_CHARS <= len(password) <= MOST_CHARS:
        return f"a password has {LEAST_CHARS} to {MOST_CHARS} characters: a short sentence will do"
    if len(set(password)) < _LEAST_DIFFERENT:
        return f"a password has at least {_LEAST_DIFFERENT} different characters"
    if len(login) >= _TELLING_CHARS and login in password.casefold():
        return "a password that holds the login is guessed first: leave it out"
    return None


# Guessing. Attempts are counted before a password is looked at, so that many at once are no way
# around; the right one takes its own back.

GUESSING_WINDOW = timedelta(minutes=15)
NAME_ATTEMPTS, ADDRESS_ATTEMPTS = 10, 50
"""So many of a name, and from an address, within a window; then none for as long again."""


@dataclass(frozen=True, slots=True)
class Attempts:
    """How often it was tried since when, and until when nobody may try (None: they may)."""

    count: int
    since: datetime
    until: datetime | None = None

    def is_shut(self, now: datetime) -> bool:
        return self.until is not None and now < self.until

    def is_over(self, now: datetime) -> bool:
        """Whether nothing is remembered of them any more."""
        return not self.is_shut(now) and now >= self.since + GUESSING_WINDOW

    def and_one(self, now: datetime, most: int) -> "Attempts":
        """With one more, which is the last for a while where it is the `most`-th."""
        count = self.count + 1
        return Attempts(count, self.since, now + GUESSING_WINDOW if count >= most else None)


def mark_of(kind: str, text: str) -> str:
    """By which the attempts of a name or an address are counted: what is typed as a name may be a
    password, and is not kept."""
    return hashlib.sha256(f"{kind}\n{text}".encode()).hexdigest()
