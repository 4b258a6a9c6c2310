"""How long the texts may be that people and their programs put into the ledger.

Every adapter holds to them, so that no request, command or workbook can fill the disk or make a
page unreadable with one text. What devices say is cut instead (see AsideEntry): nobody could
answer them.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from domain.adjustments import Adjustment, Decision
from domain.audit import Act, Actor
from domain.corrections import Correction
from domain.errors import ConfigError
from store.ledger.records import to_plain

NAME_CHARS = 200
"""Of a person, an id, a file."""
TEXT_CHARS = 2_000
"""Of a reason, a formula, a note."""
RECORD_CHARS = 100_000
"""Of all texts of one registry record together."""


def require_length(what: str, text: str, most: int) -> None:
    """Raises ConfigError that names `what` is too long, and by how much."""
    if len(text) > most:
        raise ConfigError(
            f"{what} has {len(text):,} characters and at most {most:,} are kept: shorten it, and"
            f" put the rest into a document that it names (it begins {text[:60]!r})"
        )


def require_correction(one: Correction) -> None:
    """Raises ConfigError for a text that is too long."""
    about = f"of the correction of {one.device[:NAME_CHARS]}"
    for what, text in (("device", one.device), ("quantity", one.quantity), ("author", one.author)):
        require_length(f"the {what} {about}", text, NAME_CHARS)
    require_length(f"the reason {about}", one.reason, TEXT_CHARS)


def require_adjustment(one: Adjustment) -> None:
    """Raises ConfigError for a text that is too long."""
    for name in ("institution", "contract", "carrier", "author"):
        require_length(f"the {name} of the adjustment", getattr(one, name), NAME_CHARS)
    for name in ("reason", "formula", "evidence"):
        require_length(f"the {name} of the adjustment", getattr(one, name), TEXT_CHARS)
    for decision in one.decisions:
        require_decision(decision)


def require_decision(one: Decision) -> None:
    """Raises ConfigError for a text that is too long."""
    require_signature("the decision", one.by, one.reason)


def require_signature(what: str, by: str, reason: str) -> None:
    """Raises ConfigError for a name or a reason that is too long."""
    require_length(f"the name under {what}", by, NAME_CHARS)
    require_length(f"the reason of {what}", reason, TEXT_CHARS)


def require_entry(actor: Actor, act: Act) -> None:
    """Raises ConfigError for a text of an entry of the audit trail that is too long."""
    about = f"of the audit entry on {act.kind} {act.id[:NAME_CHARS]}"
    for what in ("principal", "person", "word"):
        require_length(f"the {what} {about}", getattr(actor, what), NAME_CHARS)
    require_length(f"the reason {about}", act.reason, TEXT_CHARS)


def require_records(records: Iterable[Any]) -> None:
    """Raises ConfigError for a record of the registry with a text that is too long."""
    for record in records:
        name = f"{type(record).__name__.lower()} {record.id[:NAME_CHARS]}"
        require_length(f"the id of {name}", record.id, NAME_CHARS)
        whole = 0
        for field, text in _texts(to_plain(record)):
            require_length(f"{field} of {name}", text, TEXT_CHARS)
            whole += len(text)
        if whole > RECORD_CHARS:
            raise ConfigError(
                f"{name} holds {whole:,} characters and at most {RECORD_CHARS:,} are kept:"
                " shorten its texts and lists"
            )


def _texts(plain: Any, field: str = "") -> Iterable[tuple[str, str]]:
    """Every text in a plain record, with the name of the field it is in."""
    if isinstance(plain, str):
        yield field, plain
    elif isinstance(plain, Mapping):
        for key, value in plain.items():
            yield f"a key in {field}", str(key)
            yield from _texts(value, field or str(key))
    elif isinstance(plain, (list, tuple)):
        for value in plain:
            yield from _texts(value, field)
