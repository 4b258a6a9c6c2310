"""Make the report's fonts: subsets of Noto Sans CJK SC (OFL), Regular and Bold.

Run it by hand when a character is missing; the results are kept in the repository::

    python3 -m venv /tmp/fonts && /tmp/fonts/bin/pip install fonttools
    /tmp/fonts/bin/python reports/fonts/make_fonts.py

It reads Debian's `fonts-noto-cjk`. fonttools is no dependency of Civicmeter: only this script
needs it. A modified font must not pass for the original, so the family is renamed.
"""

import argparse
from pathlib import Path

from fontTools import subset  # type: ignore[import-not-found]
from fontTools.ttLib import TTCollection, TTFont  # type: ignore[import-not-found]

HERE = Path(__file__).parent
FAMILY = "Civicmeter Sans"
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


def rename(font: TTFont, style: str) -> None:
    names = {
        1: FAMILY,
        2: style,
        3: f"{FAMILY} {style} subset of {FACE}",
        4: f"{FAMILY} {style}",
        6: f"CivicmeterSans-{style}",
    }
    table = font["name"]
    table.names = [n for n in table.names if n.nameID in (0, 13, 14)]
    for name_id, value in names.items():
        table.setName(value, name_id, 3, 1, 0x409)
    top = font["CFF "].cff
    top.fontNames = [names[6]]
    top[0].FullName, top[0].FamilyName = names[4], FAMILY


def make(collection: Path, style: str, characters: set[int], out: Path) -> None:
    font = face(collection)
    options = subset.Options()
    options.layout_features = ["kern"]  # without locl: the variants would double the size
    options.hinting = False
    options.name_IDs = ["*"]
    options.drop_tables += ["vhea", "vmtx", "VORG", "BASE", "DSIG"]
    worker = subset.Subsetter(options)
    worker.populate(unicodes=sorted(characters))
    worker.subset(font)
    rename(font, style)
    font["head"].modified = font["head"].created  # the same bytes at every run
    font.recalcTimestamp = False
    font.save(str(out))
    print(f"{out.name}: {len(font.getGlyphOrder())} glyphs, {out.stat().st_size / 1e6:.2f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=Path, default=Path("/usr/share/fonts/opentype/noto"))
    source = parser.parse_args().source
    basic = set(LATIN) | set(SIGNS) | own_texts()
    make(
        source / "NotoSansCJK-Regular.ttc",
        "Regular",
        basic | gb2312(range(1, 88)),
        HERE / "CivicmeterSans-Regular.otf",
    )
    make(
        source / "NotoSansCJK-Bold.ttc",
        "Bold",
        basic | gb2312(range(16, 56)),
        HERE / "CivicmeterSans-Bold.otf",
    )


if __name__ == "__main__":
    main()
