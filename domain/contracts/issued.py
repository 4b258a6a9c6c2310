"""A statement that was issued: what both sides sign. It is never changed; what its month comes to
later is settled in the next one, by lines that take back and settle anew."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any, Literal

from domain.calendar import Month
from domain.contracts.money import ZERO, fen
from domain.contracts.statement import Statement
from domain.figures.uses import UseRule
from domain.places import Term

Side = Literal["owner", "vendor", "verifier"]
SIDES: tuple[Side, ...] = ("owner", "vendor", "verifier")


@dataclass(frozen=True, slots=True)
class Restated:
    """An earlier month that was settled to `was_cny` and comes to `now_cny` by what stands now."""

    month: Month
    was_cny: Decimal
    now_cny: Decimal


@dataclass(frozen=True, slots=True)
class RestsOn:
    """A closed month of an institution that a statement was reckoned from."""

    institution: str
    month: Month
    revision: int
    digest: str


@dataclass(frozen=True, slots=True)
class Waived:
    """A check that a month it rests on did not pass, and who let it go, why and when."""

    institution: str
    month: Month
    code: str
    by: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is issued: the month's statement (None: only earlier months are restated), with the
    terms and the closed months it rests on, so that anybody can reckon it again.

    What was waived of these months, and the rules of what may be settled by, are in the text where
    there are any: a statement from before there were has the same text still.
    """

    agreement: str
    month: Month
    number: int
    owners: tuple[str, ...]
    vendor: str
    form: str
    terms: tuple[Term, ...]
    statement: Statement | None
    restated: tuple[Restated, ...]
    rests_on: tuple[RestsOn, ...]
    waived: tuple[Waived, ...] = ()
    uses: tuple[UseRule, ...] = ()

    @property
    def payable_cny(self) -> Decimal:
        """The month's amount and the differences of the restated ones."""
        own = self.statement.amount_cny if self.statement is not None else ZERO
        return fen(own + sum((r.now_cny - r.was_cny for r in self.restated), ZERO))

    def body(self) -> str:
        """All of it as one line of JSON: sorted keys, no spaces, money as decimal text."""
        plain = _plain(self) | {"payable_cny": str(self.payable_cny)}
        for name in ("waived", "uses"):
            if not plain[name]:
                del plain[name]
        if self.statement is not None:
            plain["statement"]["amount_cny"] = str(self.statement.amount_cny)
        return json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Signature:
    """One side's name under a statement; `digest` is of the body it signed."""

    side: Side
    by: str
    at: datetime
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A statement as it is kept: `body` is its JSON, `digest` the SHA-256 of it."""

    agreement: str
    month: Month
    number: int
    body: str
    digest: str
    code_version: str
    issued_by: str
    issued_at: datetime
    signatures: tuple[Signature, ...] = ()

    @property
    def content(self) -> Mapping[str, Any]:
        """The body, read: amounts are decimal text."""
        read: Mapping[str, Any] = json.loads(self.body)
        return read


def digest_of(body: str) -> str:
    return sha256(body.encode()).hexdigest()


CODE_LENGTH = 20
"""Hexadecimal digits: 80 bits, which nobody finds by trying."""


def code_of(digest: str) -> str:
    """What is printed on paper to look a digest up by: its first 80 bits, in fives.

    >>> code_of("0123456789abcdef" * 4)
    '01234-56789-abcde-f0123'
    """
    return "-".join(digest[k : k + 5] for k in range(0, CODE_LENGTH, 5))


def start_of_digest(code: str) -> str | None:
    """What a digest begins with, of a code as people type it, or of the digest itself; None where
    it cannot be one.

    >>> start_of_digest(" 01234-56789-ABCDE-F0123 ")
    '0123456789abcdef0123'
    """
    plain = "".join(c for c in code.lower() if c not in " -‐–_")
    is_one = CODE_LENGTH <= len(plain) <= 64 and all(c in "0123456789abcdef" for c in plain)
    return plain if is_one else None


def settled_amounts(issued: Iterable[Issued]) -> dict[Month, Decimal]:
    """What each month has been settled to by statements issued so far, in their order."""
    found: dict[Month, Decimal] = {}
    for one in issued:
        content = one.content
        if content["statement"] is not None:
            found[one.month] = Decimal(content["statement"]["amount_cny"])
        for restated in content["restated"]:
            found[Month.parse(restated["month"])] = Decimal(restated["now_cny"])
    return found


def restated_months(
    settled: Mapping[Month, Decimal], now: Sequence[Statement]
) -> tuple[Restated, ...]:
    """The months that were settled to something else than they come to now."""
    return tuple(
        Restated(s.month, settled[s.month], s.amount_cny)
        for s in now
        if s.month in settled and settled[s.month] != s.amount_cny
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Month | Decimal):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value
