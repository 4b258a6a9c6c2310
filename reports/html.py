"""The report as one self-contained HTML file: no script, no other file, prints well."""

import base64
from dataclasses import asdict
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from reports.document import Document
from reports.svg import drawn

TEMPLATES = Path(__file__).parent / "templates"


def html(document: Document) -> bytes:
    """The HTML file, charts inside as SVG images. Run it in a worker."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["data_uri"] = _data_uri
    template = environment.get_template("report.html")
    return template.render(**drawn(asdict(document))).encode()


def _data_uri(svg: str) -> str:
    # As an image, a chart cannot run scripts, and its ids cannot meet another chart's.
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
