"""A character that our everyday fonts lack is drawn by another font, or as a box that is told."""

import base64
import re
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import asdict, replace
from importlib.resources import files
from io import BytesIO
from pathlib import Path

import pytest
import python_calamine
from fontTools.pens.boundsPen import BoundsPen
from fontTools.ttLib import TTFont

from config.texts import texts
from reports.characters import BOX, Beyond, beyond_ours, boxed, rare_face
from reports.document import build_document
from reports.model import ReportModel
from reports.render import FORMATS, Rendered, missing_text, rendered_many
from tests.report_sample import sample_model
from tests.servers import find_program

NAMED = "瀍㵲䶮𠮷"
"""Of a river, a county, a person and a shop: none is in GB 2312, the last is beyond the BMP."""
NOBODY_HAS = "\ue123\U00031abc"
"""Of private use, whose look each font makes up, and never assigned."""
WORDLESS = "\u200b\ufe0f\u3000\u00ad"


def named(name: str) -> ReportModel:
    model = sample_model()
    devices = tuple(replace(d, name_zh=f"{NAMED[:2]}{d.name_zh}") for d in model.devices)
    return replace(model, institution=replace(model.institution, name_zh=name), devices=devices)


@pytest.fixture(scope="module")
def made() -> dict[str, Rendered]:
    """A report of an institution named with rare characters, and a PDF with some that nobody
    has."""
    place = named(f"{NAMED}县机关事务局")
    jobs = [(place, "zh", form) for form in FORMATS]
    jobs.append((named(f"甲{NOBODY_HAS}乙"), "zh", "pdf"))
    names = [*FORMATS, "boxes"]
    return dict(zip(names, rendered_many(jobs), strict=True))


def poppler(program: str, content: bytes, *options: str) -> bytes:
    path = Path(find_program("pdftoppm")).with_name(program)
    done = subprocess.run([str(path), *options], input=content, capture_output=True, check=True)
    return done.stdout


def test_what_our_fonts_have_needs_no_other() -> None:
    rooms = (p.name.removesuffix(".toml") for p in (files("config") / "texts").iterdir())
    tree = [asdict(build_document(sample_model(), "zh"))]
    tree += [list(entry.values()) for room in rooms for entry in texts(room).values()]
    assert beyond_ours(tree) == Beyond()
    assert beyond_ours({"name": WORDLESS}) == Beyond()


def test_each_character_is_asked_for_where_it_is() -> None:
    found = beyond_ours({"a": [NAMED, ("x",)], "b": NOBODY_HAS})
    assert found == Beyond(rare="".join(sorted(NAMED)), missing="".join(sorted(NOBODY_HAS)))
    assert beyond_ours("ℵ").missing == "", "typst's own fonts have it"


def test_the_pdf_says_and_draws_rare_characters(made: dict[str, Rendered]) -> None:
    pdf = made["pdf"]
    assert pdf.missing == ""
    assert NAMED.encode() in poppler("pdftotext", pdf.content, "-", "-")
    fonts = poppler("pdffonts", pdf.content, "-").decode()
    assert "CivicmeterRare" in fonts
    assert b"pdfaid" in pdf.content, "still for archives"
    glyphs = list(drawn_glyphs(pdf.content, NAMED))
    assert len(set(glyphs)) == len(NAMED), "each looks different: none is a blank or a box"
    for glyph in glyphs:
        ink = sum(byte < 128 for byte in glyph) / len(glyph)
        assert 0.04 < ink < 0.6


def drawn_glyphs(pdf: bytes, name: str) -> Iterator[bytes]:
    """The greyscale pictures of the characters of the title that begins with `name`."""
    page = poppler("pdftotext", pdf, "-bbox", "-", "-").decode(errors="replace")
    words = re.findall(
        r'<word xMin="(.*?)" yMin="(.*?)" xMax="(.*?)" yMax="(.*?)">(.*?)</word>', page
    )
    *corners, text = next(w for w in words if w[4].startswith(name))
    left, top, right, bottom = (float(corner) * 200 / 72 for corner in corners)
    width = (right - left) / len(text)
    for k in range(len(name)):
        box = (left + k * width, top, width, bottom - top)
        options = [o for n, v in zip("xyWH", box, strict=True) for o in (f"-{n}", str(round(v)))]
        picture = poppler("pdftoppm", pdf, "-gray", "-r", "200", "-l", "1", *options)
        yield picture.split(b"\n", 3)[3]


def test_charts_show_them_too(made: dict[str, Rendered]) -> None:
    text = poppler("pdftotext", made["pdf"].content, "-", "-").decode()
    assert text.count(NAMED[:2]) > text.count(NAMED) + 3


def test_the_page_brings_the_rare_characters_along(made: dict[str, Rendered]) -> None:
    page = made["html"].content.decode()
    faces = re.findall(r"font/otf;base64,([^)]*)\)", page)
    assert len(faces) == 1
    assert_draws(base64.b64decode(faces[0]), NAMED)
    charts = re.findall(r"svg\+xml;base64,([^\"]*)", page)
    assert charts
    for chart in charts:
        svg = base64.b64decode(chart).decode()
        ET.fromstring(svg)
        assert "@font-face" in svg and "Civicmeter Rare" in svg
    assert len(page) < 2_000_000, "a few glyphs, not the font"


def assert_draws(font: bytes, characters: str) -> None:
    read = TTFont(BytesIO(font))
    glyphs, names = read.getGlyphSet(), read.getBestCmap()
    for character in characters:
        pen = BoundsPen(glyphs)
        glyphs[names[ord(character)]].draw(pen)
        assert pen.bounds is not None, character


def test_a_page_without_rare_characters_brings_no_font() -> None:
    (page,) = rendered_many([(sample_model(), "en", "html")])
    assert b"@font-face" not in page.content


def test_a_face_is_the_same_bytes_every_time() -> None:
    rare_face.cache_clear()
    first = rare_face(NAMED)
    rare_face.cache_clear()
    assert rare_face(NAMED) == first


def test_the_workbook_holds_the_characters_themselves(made: dict[str, Rendered]) -> None:
    book = python_calamine.load_workbook(BytesIO(made["xlsx"].content))
    first = book.get_sheet_by_index(0).to_python()
    assert str(first[0][0]).startswith(NAMED)


def test_what_no_font_has_is_a_box_and_is_told(made: dict[str, Rendered]) -> None:
    boxes = made["boxes"]
    assert boxes.missing == "".join(sorted(NOBODY_HAS))
    assert f"甲{BOX}{BOX}乙".encode() in poppler("pdftotext", boxes.content, "-", "-")
    assert b"pdfaid" in boxes.content
    (one, two) = list(drawn_glyphs(boxes.content, f"甲{BOX}{BOX}"))[1:]
    assert sum(byte < 128 for byte in one) > 20 and sum(byte < 128 for byte in two) > 20
    assert "U+E123" in missing_text(boxes.missing) and "install" in missing_text(boxes.missing)
    assert boxed({"a": ["x\ue123"]}, "\ue123") == {"a": [f"x{BOX}"]}
