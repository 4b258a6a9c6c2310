"""Charts as SVG text, through vl-convert; call it in a worker (see `isolated`)."""

import json
import re
from functools import cache
from typing import Any

import vl_convert

from reports.characters import FONTS
from reports.charts.look import Spec

_ID = re.compile(r'(?<=id="clip)\d+|(?<=url\(#clip)\d+')


@cache
def _fonts_known() -> None:
    vl_convert.register_font_directory(str(FONTS))


def to_svg(spec: Spec) -> str:
    """The drawing of a Vega-Lite specification, the same bytes for the same specification."""
    _fonts_known()
    drawing = vl_convert.vegalite_to_svg(json.dumps(spec), vl_version="6.4")
    # The engine numbers its ids on from drawing to drawing; number each drawing's from one.
    numbers = {found: str(i) for i, found in enumerate(dict.fromkeys(_ID.findall(drawing)), 1)}
    return _ID.sub(lambda m: numbers[m[0]], drawing)


def drawn(tree: Any) -> Any:
    """The tree of a document with the SVG of every chart beside its specification's place."""
    if isinstance(tree, list | tuple):
        return [drawn(t) for t in tree]
    if not isinstance(tree, dict):
        return tree
    if "spec" in tree:
        rest = {k: v for k, v in tree.items() if k != "spec"}
        return {**rest, "svg": to_svg(tree["spec"])}
    return {k: drawn(v) for k, v in tree.items()}
