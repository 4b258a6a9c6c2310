"""The report as PDF, typeset by typst; the same bytes for the same document."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import typst

from reports.characters import FONTS, RARE_FAMILY, Beyond, boxed, rare_font
from reports.document import Document
from reports.svg import drawn

TEMPLATE = Path(__file__).parent / "templates" / "report.typ"
ARCHIVAL: Literal["a-2b"] = "a-2b"
FAMILY = "Civicmeter Sans"


def pdf(document: Document, beyond: Beyond) -> bytes:
    """A PDF/A-2b file, for archives that keep it for years. Run it in a worker.

    PDF/A refuses a character that no font can show: one that is `beyond` all fonts is set as a
    box, which ours have.
    """
    return typeset(TEMPLATE, drawn(boxed(asdict(document), beyond.missing)), beyond)


def typeset(template: Path, data: dict[str, Any], beyond: Beyond) -> bytes:
    """A PDF/A-2b of a template of ours; all that it says is in `data`."""
    fonts = [FAMILY, RARE_FAMILY] if beyond.rare else [FAMILY]
    with _font_folders(beyond) as folders:
        made: bytes = typst.compile(
            str(template),
            root=str(template.parent),
            font_paths=folders,
            ignore_system_fonts=not beyond.foreign,
            sys_inputs={"data": json.dumps(data | {"fonts": fonts}, ensure_ascii=False)},
            pdf_standards=ARCHIVAL,
        )
    return made


@contextmanager
def _font_folders(beyond: Beyond) -> Iterator[list[str]]:
    """The folders of the fonts that are needed; the packed one lies unpacked in one of them."""
    if not beyond.rare:
        yield [str(FONTS)]
        return
    with TemporaryDirectory(prefix="civicmeter-fonts-") as folder:
        Path(folder, "CivicmeterRare-Regular.otf").write_bytes(rare_font())
        yield [str(FONTS), folder]
