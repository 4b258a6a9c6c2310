"""An entry of the audit trail as one sentence."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from config.texts import text, texts
from domain.audit import Act, Actor, AuditEntry
from reports.words.texts import joined

_ROOM = "audit"
_FIELDS = 6
_FOR_MACHINES = ("row", "stored")
"""Digests that a verification compares and nobody reads."""
_VALUE_CHARS = 80
_DIGEST = re.compile("[0-9a-f]{64}")


def entry_sentence(entry: AuditEntry, lang: str) -> str:
    """Who did what to which object, from what to what, and why."""
    act = entry.act
    fields = list(_fields(act, lang))
    if len(fields) > _FIELDS:
        more = text(_ROOM, "fields_more", lang, count=f"{len(fields) - _FIELDS:,}")
        fields = [*fields[:_FIELDS], more]
    return text(
        _ROOM,
        "line",
        lang,
        who=_who(entry.actor, lang),
        did=_word("did", act.action, lang),
        kind=_word("kind_of", act.kind, lang),
        object=_DIGEST.sub(lambda found: f"{found[0][:12]}…", act.id),
        change=text(_ROOM, "change", lang, fields=joined(fields, lang)) if fields else "",
        why=text(_ROOM, "why", lang, reason=act.reason) if act.reason else "",
    )


def kinds() -> tuple[str, ...]:
    """The kinds of objects that entries tell of."""
    return _named("kind_of")


def actions() -> tuple[str, ...]:
    """What is done to them."""
    return _named("did")


def _named(group: str) -> tuple[str, ...]:
    return tuple(k.removeprefix(f"{group}.") for k in texts(_ROOM) if k.startswith(f"{group}."))


def _who(actor: Actor, lang: str) -> str:
    principal = _word("principal", actor.principal, lang)
    if actor.person:
        word = actor.word or actor.person
        return text(_ROOM, "by_person", lang, word=word, person=actor.person, principal=principal)
    if not actor.word:
        return principal
    return text(_ROOM, "by_word", lang, word=actor.word, principal=principal)


def _word(group: str, name: str, lang: str) -> str:
    """The words for a name; the name itself where there are none, as of a newer program's."""
    key = f"{group}.{name}"
    return text(_ROOM, key, lang) if key in texts(_ROOM) else name


def _fields(act: Act, lang: str) -> Iterator[str]:
    before, after = act.before or {}, act.after or {}
    for name in dict.fromkeys([*after, *before]):
        if name in _FOR_MACHINES or (name in after and after[name] == before.get(name, ...)):
            continue
        if act.before is None and after[name] in (None, "", [], {}):
            continue  # of something new, what it has
        values = {"field": name, "before": _value(before, name, lang)}
        values["after"] = _value(after, name, lang)
        key = "is_now" if name not in before else "was" if name not in after else "from_to"
        yield text(_ROOM, key, lang, **values)


def _value(values: Mapping[str, Any], name: str, lang: str) -> str:
    value = values.get(name)
    if value is None or value == "":
        return text(_ROOM, "nothing", lang)
    if isinstance(value, dict) and set(value) == {"sha256", "chars"}:
        digest = str(value["sha256"])[:12]
        return text(_ROOM, "large", lang, chars=f"{value['chars']:,}", digest=digest)
    said = _flat(value)
    if "sha256" in name or name == "digest":
        return f"{said[:12]}…"
    return said if len(said) <= _VALUE_CHARS else f"{said[: _VALUE_CHARS - 1]}…"


def _flat(value: Any) -> str:
    """Lists and what is named in them, in a line."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {_flat(part)}" for name, part in value.items())
    return "; ".join(map(_flat, value)) if isinstance(value, list) else str(value)
