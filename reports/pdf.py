"""The report as PDF, typeset by typst; the same bytes for the same document."""

import json
from dataclasses import asdict
from pathlib import Path

import typst

from reports.document import Document
from reports.svg import FONTS, drawn

TEMPLATE = Path(__file__).parent / "templates" / "report.typ"


def pdf(document: Document) -> bytes:
    """A PDF/A-2b file, for archives that keep it for years. Run it in a worker."""
    data = json.dumps(drawn(asdict(document)), ensure_ascii=False)
    made: bytes = typst.compile(
        str(TEMPLATE),
        root=str(TEMPLATE.parent),
        font_paths=[str(FONTS)],
        ignore_system_fonts=True,
        sys_inputs={"data": data},
        pdf_standards="a-2b",
    )
    return made
