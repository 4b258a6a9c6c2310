"""A statement as a file of any format: what it needs from the ledger, and the making in a worker."""

from dataclasses import dataclass
from typing import Literal

from config.texts import Language
from domain.contracts.issued import Issued
from domain.registry import Registry
from reports.render import MEDIA_TYPES, ReportFile
from reports.statements.document import Known, build_statement, file_name
from reports.statements.evidence import Evidence, evidence_of, signed_months
from store.ledger.port import Ledger

PaperFormat = Literal["pdf", "xlsx"]
PAPERS: tuple[PaperFormat, ...] = ("pdf", "xlsx")
PAPERS_PER_WORKER = 300
"""They have no charts, and leave little behind in the process that makes them."""
MEDIA_TYPE = {format: MEDIA_TYPES[format] for format in PAPERS}


@dataclass(frozen=True, slots=True)
class Paper:
    """All that a statement's file is made of."""

    one: Issued
    evidence: tuple[Evidence, ...]
    known: Known
    pending: tuple[str, ...]
    lang: Language
    format: PaperFormat


def paper_of(
    ledger: Ledger, registry: Registry, one: Issued, lang: Language, format: PaperFormat
) -> Paper:
    """Read what stands behind a statement, and what waits to change it."""
    evidence = evidence_of(one, signed_months(ledger, [one]))
    return Paper(
        one, tuple(evidence), known_of(registry, one, lang), pending_of(ledger, one), lang, format
    )


def known_of(registry: Registry, one: Issued, lang: str) -> Known:
    """What the registry calls the parties, devices and contracts of a statement today."""
    owners = [
        registry.institution_by_id[o]
        for o in dict.fromkeys(one.content["owners"])
        if o in registry.institution_by_id
    ]
    ids = {o.id for o in owners}
    names = {o.id: o.name(lang) for o in owners}
    contracts = [c for c in registry.contracts if c.institution in ids]
    devices = [d for d in registry.devices if d.institution in ids]
    for each in (*contracts, *devices):
        names[each.id] = (each.name_zh if lang == "zh" else each.name_en) or each.id
    return Known(names, owners[0].timezone) if owners else Known(names)


def pending_of(ledger: Ledger, one: Issued) -> tuple[str, ...]:
    """The months it rests on of which a restatement waits, as ``id YYYY-MM``."""
    named = {(r["institution"], r["month"]) for r in one.content["rests_on"]}
    waits = [
        (s.institution, str(s.month))
        for place in sorted({place for place, _ in named})
        for s in ledger.statuses(place)
        if s.state == "restatement_pending"
    ]
    return tuple(f"{place} {month}" for place, month in waits if (place, month) in named)


def paper_file(paper: Paper) -> ReportFile:
    """Make the file: in a worker, for a PDF keeps the memory that fonts take."""
    one, lang = paper.one, paper.lang
    if paper.format == "xlsx":
        from reports.statements.workbook import statement_xlsx

        return ReportFile(file_name(one, lang, "xlsx"), statement_xlsx(one, lang, paper.evidence))
    from reports.statements.pdf import statement_pdf

    document = build_statement(one, paper.evidence, lang, paper.known, paper.pending)
    return statement_pdf(document)
