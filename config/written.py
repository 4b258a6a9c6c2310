"""Text as firmware and office programs write it: encodings, C's words for no number, and names
that an object holds twice.

Pure, and shared by everything that reads bytes from outside.
"""

import codecs
import json
import re
from collections.abc import Iterable
from typing import Any

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # begins like that of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NO_NUMBER = re.compile(
    # A string stays what it is; one that is not closed goes on to the end, and is looked at once.
    r'"(?:[^"\\]++|\\.)*+"?'
    r"|[-+]?(?:nan(?:\([^)\s]{0,40}\))?|infinity|inf|1\.#[a-z]{2,5}[0-9]{0,3})(?![\w\"])",
    re.IGNORECASE | re.DOTALL,
)


class Repeated(tuple[Any, ...]):
    """All that one object says under one name, where it says it more than once."""

    __slots__ = ()


def text_of(data: bytes, *, chinese: bool = False) -> str:
    """The text of a file: UTF-8, with or without a byte order mark, or UTF-16 as Windows saves
    it; with `chinese` also GB 18030 (GBK), where it is not UTF-8.

    Raises ValueError with a sentence that says what to do.

    >>> text_of("度".encode("utf-16")), text_of("度".encode("gbk"), chinese=True)
    ('度', '度')
    """
    encoding, mark = next(((e, b) for b, e in _BOMS if data.startswith(b)), ("", b""))
    if not encoding:
        encoding = _utf_16_without_mark(data) or "utf-8"
    try:
        return data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        if chinese and encoding == "utf-8":
            try:
                return data.decode("gb18030")
            except UnicodeDecodeError:
                pass
        known = "UTF-8, UTF-16 or GBK" if chinese else "UTF-8 or UTF-16"
        raise ValueError(
            f"the text is not {known} (byte {error.start + len(mark)}): save it as UTF-8"
        ) from error


def _utf_16_without_mark(data: bytes) -> str:
    """Latin letters in UTF-16 have a zero beside every byte; no text in UTF-8 has any."""
    head = data[:4]
    if len(head) == 4 and head[1::2] == b"\0\0" and 0 not in head[::2]:
        return "utf-16-le"
    if len(head) == 4 and head[::2] == b"\0\0" and 0 not in head[1::2]:
        return "utf-16-be"
    return ""


def lenient_json(text: str) -> Any:
    """JSON in which ``nan``, ``-nan(ind)``, ``inf`` and ``1.#QNAN`` may stand for numbers, as
    C prints them, and what an object says twice under one name becomes `Repeated`.

    Raises ValueError or RecursionError.

    >>> lenient_json('{"t": -nan, "e": 1, "e": 2}')
    {'t': nan, 'e': (1, 2)}
    """
    try:
        return json.loads(text, object_pairs_hook=_object)
    except ValueError:
        mended = _NO_NUMBER.sub(_as_json, text)
        if mended == text:
            raise
        return json.loads(mended, object_pairs_hook=_object)


def names_once(content: object, written: bytes) -> bool:
    """Whether JSON surely holds no name twice in an object; `content` is what was read of it.

    Counts quotes, which costs a fraction of reading. False may also mean that it cannot be
    told so, for example for escaped quotes: `lenient_json` decides then.
    """
    strings = 0
    stack: list[object] = [content]
    while stack:
        part = stack.pop()
        if isinstance(part, str):
            strings += 1
        elif isinstance(part, dict):
            strings += len(part)
            stack.extend(part.values())
        elif isinstance(part, list):
            stack.extend(part)
    return 2 * strings == written.count(b'"')


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    by_name: dict[str, list[Any]] = {}
    for name, value in pairs:
        by_name.setdefault(name, []).append(value)
    return {name: _one(values) for name, values in by_name.items()}


def _one(values: Iterable[Any]) -> Any:
    several = Repeated(values)
    return several[0] if len(several) == 1 else several


def _as_json(match: re.Match[str]) -> str:
    word = match[0]
    if word.startswith('"'):
        return word
    lower = word.lower()
    if "nan" in lower or "ind" in lower:
        return "NaN"
    return "-Infinity" if word.startswith("-") else "Infinity"
