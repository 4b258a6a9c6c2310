"""Rows of a month's life: where it stands, its signed revisions, what waits, its reports."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from pydantic import Field

from api.rows.base import UNITS, MonthRow, month_fields, number_field, unit_of
from api.rows.standing import StandingResult
from domain.closing import Waiver
from domain.figures import MonthResult
from domain.places import Institution
from store.ledger.canonical import canonical_json
from store.ledger.port import MonthStatus, Revision


class MonthStateRow(MonthRow):
    digest: str = Field(description="Digest of the result's canonical JSON.")
    computed_at: datetime = Field(description="When it was last computed, UTC.")
    closed_at: datetime | None = Field(None, description="When it was last closed, UTC.")
    waived: str = Field(
        "", description="Checks before closing that were let go, and by whom: code (name), by ', '."
    )


def month_state_row(
    institution: Institution, status: MonthStatus, waivers: Iterable[Waiver] = ()
) -> MonthStateRow:
    return MonthStateRow(
        **month_fields(institution, status.month, status),
        digest=status.digest,
        computed_at=status.computed_at,
        closed_at=status.closed_at,
        waived=", ".join(dict.fromkeys(f"{w.code} ({w.by})" for w in waivers)),
    )


class RevisionRow(MonthRow):
    number: int = Field(description="Number of this revision, from 1.")
    digest: str = Field(description="Digest of the frozen result.")
    code_version: str = Field(description="Version of Civicmeter that computed it.")
    signed_by: str = Field(description="Who signed it.")
    reason: str = Field(description="Why, for a restatement.")
    closed_at: datetime = Field(description="When it was signed, UTC.")


def revision_row(institution: Institution, status: MonthStatus, revision: Revision) -> RevisionRow:
    return RevisionRow(
        **month_fields(institution, status.month, status),
        number=revision.number,
        digest=revision.digest,
        closed_at=revision.closed_at,
        code_version=revision.code_version,
        signed_by=revision.signed_by,
        reason=revision.reason,
    )


class ReportRow(MonthRow):
    lang: str = Field(description="Language of the report.")
    format: str = Field(description="html, pdf or xlsx.")
    url: str = Field(description="Where to fetch it, relative to this service.")


def report_row(institution: Institution, status: MonthStatus, lang: str, format: str) -> ReportRow:
    name = quote(institution.id, safe="")
    return ReportRow(
        **month_fields(institution, status.month, status),
        lang=lang,
        format=format,
        url=f"/v1/reports/{name}/{status.month}.{format}?lang={lang}",
    )


class ChangeRow(MonthRow):
    """One figure that a waiting restatement would change: its value or its evidence."""

    name: str = Field(description=f"Name of the figure, or empty for the month; {UNITS}.")
    subject: str = Field(description="Subject of the figure.")
    unit: str = Field(description="Unit of the values.")
    standing_value: float | None = Field(description="The signed value, in `unit`.")
    pending_value: float | None = Field(description="The value that waits, in `unit`.")
    change: float | None = Field(description="pending − standing, in `unit`.")
    standing_measured_share: float | None = number_field("Measured share as signed, 0 to 1", "1")
    pending_measured_share: float | None = number_field("Measured share that waits, 0 to 1", "1")
    standing_findings: str = Field(description="Codes of what was to know, by ', '.")
    pending_findings: str = Field(description="Codes of what there is to know then, by ', '.")
    days_changed: int = Field(description="Day values behind the figure that would change.")


_Key = tuple[str, str]

_MONTH: _Key = ("", "")


def change_rows(standing: StandingResult, pending: MonthResult) -> list[ChangeRow]:
    """Figures whose value, evidence or day values differ, or that come or go.

    One without a name stands for the month itself: its findings and models. Both results are
    compared in the form that is signed, so whatever made the restatement is among the rows.
    """
    old, new = _Signed(standing.result), _Signed(pending)
    rows = []
    for key in dict.fromkeys([*old.keys(), *new.keys()]):
        days = old.days(key).items() ^ new.days(key).items()
        before, after = old.figures.get(key, {}), new.figures.get(key, {})
        if before == after and not days:
            continue
        signed, waits = before.get("value"), after.get("value")
        rows.append(
            ChangeRow(
                **standing.head,
                name=key[0],
                subject=key[1],
                unit=unit_of(key[0]) if key[0] else "",
                standing_value=signed,
                pending_value=waits,
                change=None if signed is None or waits is None else waits - signed,
                standing_measured_share=_measured(before),
                pending_measured_share=_measured(after),
                standing_findings=_codes(before),
                pending_findings=_codes(after),
                days_changed=len({day for day, _ in days}),
            )
        )
    return rows


class _Signed:
    """A result in its canonical form: figures and day values by name and subject."""

    def __init__(self, result: MonthResult) -> None:
        form: dict[str, Any] = json.loads(canonical_json(result))
        self.figures: dict[_Key, dict[str, Any]] = {
            (f["name"], f["subject"]): f for f in form["figures"]
        }
        self.figures[_MONTH] = {"findings": form["findings"], "models": form["models"]}
        self._days: dict[_Key, dict[str, tuple[Any, ...]]] = {}
        for name, subject, day, *rest in form["days"]:
            self._days.setdefault((name, subject), {})[day] = tuple(rest)

    def keys(self) -> list[_Key]:
        return [*self.figures, *self._days]

    def days(self, key: _Key) -> Mapping[str, tuple[Any, ...]]:
        return self._days.get(key, {})


def _measured(figure: Mapping[str, Any]) -> float | None:
    shares: list[float | None] = figure.get("shares", [None])
    return shares[0]


def _codes(figure: Mapping[str, Any]) -> str:
    return ", ".join(sorted({f["code"] for f in figure.get("findings", ())}))
