"""A statement as PDF/A-2b: the same bytes for the same statement and the same state of signatures."""

from dataclasses import asdict

from reports.characters import beyond_ours, boxed
from reports.pdf import TEMPLATE, typeset
from reports.render import ReportFile
from reports.statements.document import StatementDocument


def statement_pdf(document: StatementDocument) -> ReportFile:
    """The file; run it in a worker (it keeps the memory that fonts take)."""
    plain = asdict(document)
    beyond = beyond_ours(plain)
    content = typeset(TEMPLATE.with_name("statement.typ"), boxed(plain, beyond.missing), beyond)
    return ReportFile(document.file_name, content, beyond.missing)
