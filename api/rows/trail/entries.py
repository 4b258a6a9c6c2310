"""Rows of the audit trail."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import Field

from api.rows.base import Row
from domain.audit import AuditEntry
from reports.words.audit import entry_sentence


class AuditRow(Row):
    """An entry of the audit trail: who did what to which object, when, from what to what."""

    number: int = Field(description="Its place in the chain, from 1.")
    at: datetime = Field(description="When, UTC.")
    sentence: str = Field(description="All of it as a sentence, by `lang`.")
    principal: str = Field(
        description="Who acted: the name of a key, `local administrator` (the command line), "
        "`processor`, `service`; `before the chain`: nobody wrote it down then."
    )
    person: str = Field(description="Whose own key it was; empty where several may hold it.")
    word: str = Field(description="On whose word: the name that stands under it.")
    action: str = Field(description="What was done.", examples=["close"])
    kind: str = Field(description="The kind of object.", examples=["revision"])
    object: str = Field(description="Its id.", examples=["hall/2026-01/1"])
    institution: str = Field(description="Institution id; empty: the whole installation.")
    contract: str = Field(description="Contract id; empty: none.")
    before: str = Field(description="What it was, as JSON; empty: there was nothing.")
    after: str = Field(description="What it became, as JSON; empty: nothing is left.")
    reason: str = Field(description="Why.")
    previous: str = Field(description="SHA-256 of the entry before.")
    digest: str = Field(description="SHA-256 of this one: docs/audit.md says over what.")


def audit_row(entry: AuditEntry, lang: str) -> AuditRow:
    """The row of an entry, its sentence in a language."""
    act, actor = entry.act, entry.actor
    return AuditRow(
        number=entry.number,
        at=entry.at,
        sentence=entry_sentence(entry, lang),
        principal=actor.principal,
        person=actor.person,
        word=actor.word,
        action=act.action,
        kind=act.kind,
        object=act.id,
        institution=act.institution,
        contract=act.contract,
        before=_json(act.before),
        after=_json(act.after),
        reason=act.reason,
        previous=entry.previous,
        digest=entry.digest,
    )


def _json(fields: Mapping[str, Any] | None) -> str:
    return "" if fields is None else json.dumps(fields, ensure_ascii=False, sort_keys=True)
