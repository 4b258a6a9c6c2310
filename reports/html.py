"""The report as one self-contained HTML file: no script, no other file, prints well."""

import base64
import re
from dataclasses import asdict
from functools import partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from reports.characters import Beyond, rare_face
from reports.document import Document
from reports.svg import drawn

TEMPLATES = Path(__file__).parent / "templates"
_SVG_BEGINS = re.compile(r"<svg[^>]*>")


def html(document: Document, beyond: Beyond) -> bytes:
    """The HTML file, charts inside as SVG images. Run it in a worker."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # A page uses its reader's fonts, which seldom have rare characters: these it brings along.
    face = rare_face(beyond.rare) if beyond.rare else ""
    environment.filters["data_uri"] = partial(_data_uri, face)
    template = environment.get_template("report.html")
    return template.render(**drawn(asdict(document)), face=Markup(face)).encode()


def _data_uri(face: str, svg: str) -> str:
    """A chart as an image: so it cannot run scripts, its ids cannot meet another chart's, and it
    sees no font but those of the system and its own."""
    if face:
        svg = _SVG_BEGINS.sub(lambda begins: f"{begins[0]}<style>{face}</style>", svg, count=1)
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
