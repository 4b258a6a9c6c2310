"""Rows of what keeps a month from being closed."""

from collections.abc import Collection, Iterable
from datetime import datetime

from pydantic import Field

from api.rows.base import Row
from domain.closing import Check, Waiver
from domain.closing.checks import waived_by
from reports.words.closing import check_sentence, todo_sentence


class CheckRow(Row):
    """A check that a month does not pass, and who has let it go."""

    code: str = Field(description="Which check.", examples=["incomplete"])
    subject: str = Field(description="Figure, device or contract that it is about.")
    sentence: str = Field(description="What was found, by `lang`.")
    todo: str = Field(description="What to do, by `lang`.")
    blocks: bool = Field(description="Whether it keeps the month open while nobody waives it.")
    waived_by: str = Field(description="Who has; empty: nobody.")
    waived_reason: str = Field(description="Why.")
    waived_at: datetime | None = Field(description="When, UTC.")


def check_rows(checks: Iterable[Check], waivers: Collection[Waiver], lang: str) -> list[CheckRow]:
    """The rows of checks, each with who has let go what it says."""
    found = []
    for check in checks:
        waiver = waived_by(check, waivers)
        found.append(
            CheckRow(
                code=check.code,
                subject=check.subject,
                sentence=check_sentence(check, lang),
                todo=todo_sentence(check, lang),
                blocks=check.blocks,
                waived_by=waiver.by if waiver else "",
                waived_reason=waiver.reason if waiver else "",
                waived_at=waiver.at if waiver else None,
            )
        )
    return found
