"""Which characters of a report our fonts have, and what draws the others.

Ours are `fonts/CivicmeterSans-*.otf`: all that everyday texts need. A name of a place or a person
may hold a character beyond these. `fonts/CivicmeterRare-Regular.otf.xz` has 23,000 more; beyond
those the machine's own fonts are asked, and what nobody has is drawn as a box and told.
"""

import base64
import lzma
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

FONTS = Path(__file__).parent / "fonts"
RARE_FAMILY = "Civicmeter Rare"
BOX = "□"
"""What stands for a character that no font has: its own glyph would be blank."""


@dataclass(frozen=True, slots=True)
class Beyond:
    """The characters of a report that our everyday fonts lack, each once, sorted.

    `rare` are in our font of rare ones, `foreign` in fonts of this machine alone, `missing` in
    none: a PDF shows `BOX` for them, a page what the reader's machine has.
    """

    rare: str = ""
    foreign: str = ""
    missing: str = ""


def beyond_ours(tree: Any) -> Beyond:
    """What the texts of a document, given as a tree of plain values, need beyond our fonts."""
    used = {c for text in _texts(tree) for c in text if ord(c) > 0x7F}
    lacking = {c for c in used if _is_drawn(c)} - _in_sans()
    if not lacking:
        return Beyond()
    rare = lacking & _in_rare()
    # What a private character looks like is a matter of each font: none but its own is right.
    private = {c for c in lacking if unicodedata.category(c) == "Co"}
    unsure = lacking - rare - private
    # The typesetter brings some fonts of its own: they have ₂ and the like.
    unsure -= {c for c in unsure if _typst_draws(c, system_fonts=False)}
    foreign = {c for c in unsure if _typst_draws(c, system_fonts=True)}
    missing = (unsure - foreign) | private
    return Beyond(*("".join(sorted(found)) for found in (rare, foreign, missing)))


def _texts(tree: Any) -> Iterator[str]:
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, dict):
        for key, value in tree.items():
            yield str(key)
            yield from _texts(value)
    elif isinstance(tree, list | tuple):
        for value in tree:
            yield from _texts(value)


def boxed(tree: Any, missing: str) -> Any:
    """The tree with a box in the place of every character of `missing`."""
    if not missing:
        return tree
    if isinstance(tree, str):
        return tree.translate(dict.fromkeys(map(ord, missing), BOX))
    if isinstance(tree, dict):
        return {boxed(k, missing): boxed(v, missing) for k, v in tree.items()}
    if isinstance(tree, list | tuple):
        return [boxed(v, missing) for v in tree]
    return tree


def _is_drawn(character: str) -> bool:
    """Not a space, a control or a selector of a variant: these have no shape of their own."""
    selector = 0xFE00 <= ord(character) <= 0xFE0F or 0xE0100 <= ord(character) <= 0xE01EF
    return not selector and unicodedata.category(character) not in ("Cc", "Cf", "Zs", "Zl", "Zp")


@cache
def _in_sans() -> frozenset[str]:
    return _characters_of((FONTS / "CivicmeterSans-Regular.otf").read_bytes())


@cache
def _in_rare() -> frozenset[str]:
    return _characters_of(rare_font())


def _characters_of(font: bytes) -> frozenset[str]:
    from fontTools.ttLib import TTFont

    return frozenset(map(chr, TTFont(BytesIO(font), lazy=True).getBestCmap()))


@cache
def rare_font() -> bytes:
    """The font of rare characters, unpacked (6 MB); only a report that needs one unpacks it."""
    return lzma.decompress((FONTS / "CivicmeterRare-Regular.otf.xz").read_bytes())


@cache
def _typst_draws(character: str, *, system_fonts: bool) -> bool:
    """Whether a font that it finds has the character: PDF/A refuses what none can show."""
    import typst

    try:
        typst.compile(
            b"#sys.inputs.character",
            sys_inputs={"character": character},
            ignore_system_fonts=not system_fonts,
            pdf_standards="a-2b",
        )
    except typst.TypstError:
        return False
    return True


@cache
def rare_face(characters: str) -> str:
    """A CSS rule with a font of these rare characters alone: some 200 bytes each."""
    from fontTools import subset
    from fontTools.ttLib import TTFont

    font = TTFont(BytesIO(rare_font()), recalcTimestamp=False)
    worker = subset.Subsetter(subset.Options(notdef_outline=True, name_IDs=["*"]))
    worker.populate(text=characters)
    worker.subset(font)
    made = BytesIO()
    font.save(made)
    data = base64.b64encode(made.getvalue()).decode()
    source = f"url(data:font/otf;base64,{data})"
    return f'@font-face {{ font-family: "{RARE_FAMILY}"; src: {source}; }}'
