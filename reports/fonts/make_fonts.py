"""Make the report's fonts: subsets of Noto Sans CJK SC (OFL), Regular and Bold, and Rare.

Run it by hand when a character of ours is missing; the results are kept in the repository::

    python reports/fonts/make_fonts.py [--only Rare]

It reads Debian's `fonts-noto-cjk`. A modified font must not pass for the original, so the
families are renamed. Rare holds every other Chinese character that the source has, for names of
places and people; it is used only for a report that has one. To keep it small its outlines are on
a grid of half as many units, and it is packed with xz.
"""

import argparse
import lzma
from io import BytesIO
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTCollection, TTFont
from fontTools.ttLib.scaleUpem import scale_upem

HERE = Path(__file__).parent
FAMILY, RARE_FAMILY = "Civicmeter Sans", "Civicmeter Rare"
RARE_UNITS_PER_EM = 500
FACE = "Noto Sans CJK SC"

LATIN = [*range(0x20, 0x7F), *range(0xA0, 0x180)]
SIGNS = [
    *range(0x2010, 0x2028),  # dashes, quotation marks, ellipsis
    *range(0x2030, 0x2034),
    *range(0x2070, 0x2090),  # superscripts and subscripts
    *range(0x2190, 0x2194),  # arrows
    *map(ord, "Δαβγηθλμρσπ‹›€℃№™−∑√∞≈≠≤≥±×÷·■□▲△▼▽◆○●★☆✓"),
    *range(0x3000, 0x3018),  # ideographic punctuation
    *range(0xFF01, 0xFF5F),  # full-width forms
]


def gb2312(rows: range) -> set[int]:
    """The characters of GB 2312's rows: 16–55 are level 1, 56–87 level 2, 1–9 signs."""
    found = set()
    for row in rows:
        for cell in range(1, 95):
            try:
                found |= set(map(ord, bytes((row + 0xA0, cell + 0xA0)).decode("gb2312")))
            except UnicodeDecodeError:
                continue
    return found


def own_texts() -> set[int]:
    """Every character of our own texts, so that no sentence of ours lacks a glyph."""
    texts = (HERE.parents[1] / "config" / "texts").glob("*.toml")
    return {ord(c) for p in texts for c in p.read_text(encoding="utf-8") if c >= " "}


def face(collection: Path) -> TTFont:
    for font in TTCollection(str(collection)).fonts:
        if font["name"].getDebugName(1) == FACE or font["name"].getDebugName(16) == FACE:
            return font
    raise SystemExit(f"{collection} has no face {FACE}: install Debian's fonts-noto-cjk")


def rename(font: TTFont, family: str, style: str) -> None:
    names = {
        1: family,
        2: style,
        3: f"{family} {style} subset of {FACE}",
        4: f"{family} {style}",
        6: f"{family.replace(' ', '')}-{style}",
    }
    table = font["name"]
    table.names = [n for n in table.names if n.nameID in (0, 13, 14)]
    for name_id, value in names.items():
        table.setName(value, name_id, 3, 1, 0x409)
    top = font["CFF "].cff
    top.fontNames = [names[6]]
    top[0].FullName, top[0].FamilyName = names[4], family


def made(collection: Path, characters: set[int], family: str, style: str) -> TTFont:
    font = face(collection)
    options = subset.Options()
    rare = family == RARE_FAMILY
    # Without locl: the variants would double the size.
    options.layout_features = [] if rare else ["kern"]
    options.hinting = False
    options.desubroutinize = rare  # larger, but xz finds what is alike better than we do
    options.notdef_outline = rare
    options.name_IDs = ["*"]
    options.drop_tables += ["vhea", "vmtx", "VORG", "BASE", "DSIG"]
    if rare:
        options.drop_tables += ["GSUB", "GPOS"]
    worker = subset.Subsetter(options)
    worker.populate(unicodes=sorted(characters))
    worker.subset(font)
    rename(font, family, style)
    font["head"].modified = font["head"].created  # the same bytes at every run
    font.recalcTimestamp = False
    return font


def save(font: TTFont, out: Path) -> None:
    content = BytesIO()
    font.save(content)
    data = content.getvalue()
    if out.suffix == ".xz":
        literal = {"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "lc": 4, "lp": 0}
        data = lzma.compress(data, filters=[literal | {"pb": 0}])
    out.write_bytes(data)
    print(f"{out.name}: {len(font.getGlyphOrder())} glyphs, {len(data) / 1e6:.2f} MB")


def is_chinese(code: int) -> bool:
    """Whether it is a character of the unified ideographs or of an extension of them."""
    return 0x3400 <= code <= 0x4DBF or 0x4E00 <= code <= 0x9FFF or 0x20000 <= code <= 0x3FFFF


def make_rare(collection: Path) -> None:
    ours = set(TTFont(HERE / "CivicmeterSans-Regular.otf").getBestCmap())
    wanted = {c for c in face(collection).getBestCmap() if is_chinese(c)} - ours
    font = made(collection, wanted, RARE_FAMILY, "Regular")
    halved = BytesIO()
    font.save(halved)  # scaled as read back: the source is a lazy part of a collection
    font = TTFont(halved, recalcTimestamp=False)
    scale_upem(font, RARE_UNITS_PER_EM)
    save(font, HERE / "CivicmeterRare-Regular.otf.xz")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=Path, default=Path("/usr/share/fonts/opentype/noto"))
    parser.add_argument("--only", choices=["Regular", "Bold", "Rare"])
    asked = parser.parse_args()
    basic = set(LATIN) | set(SIGNS) | own_texts()
    for style, rows in (("Regular", range(1, 88)), ("Bold", range(16, 56))):
        if asked.only in (None, style):
            collection = asked.source / f"NotoSansCJK-{style}.ttc"
            font = made(collection, basic | gb2312(rows), FAMILY, style)
            save(font, HERE / f"CivicmeterSans-{style}.otf")
    if asked.only in (None, "Rare"):
        make_rare(asked.source / "NotoSansCJK-Regular.ttc")


if __name__ == "__main__":
    main()
