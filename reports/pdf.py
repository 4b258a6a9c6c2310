"""The report as PDF, typeset by typst; the same bytes for the same document."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Literal

import typst

from reports.document import Document
from reports.svg import FONTS, drawn

TEMPLATE = Path(__file__).parent / "templates" / "report.typ"
ARCHIVAL: Literal["a-2b"] = "a-2b"


def pdf(document: Document) -> bytes:
    """A PDF/A-2b file, for archives that keep it for years. Run it in a worker.

    PDF/A refuses a character that no font can show. A name with one that our fonts lack is
    set with the machine's own fonts, and where these lack it too, as a plain PDF with a box in
    its place: a rare character must not cost the report.
    """
    data = json.dumps(drawn(asdict(document)), ensure_ascii=False)
    for standard, system_fonts in ((ARCHIVAL, False), (ARCHIVAL, True)):
        try:
            return _typeset(data, standard, system_fonts=system_fonts)
        except typst.TypstError as error:
            if "could not be displayed" not in str(error):
                raise
    return _typeset(data, None, system_fonts=True)


def _typeset(data: str, standard: Literal["a-2b"] | None, *, system_fonts: bool) -> bytes:
    made: bytes = typst.compile(
        str(TEMPLATE),
        root=str(TEMPLATE.parent),
        font_paths=[str(FONTS)],
        ignore_system_fonts=not system_fonts,
        sys_inputs={"data": data},
        pdf_standards=standard,
    )
    return made
