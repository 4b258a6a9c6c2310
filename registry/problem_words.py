"""What is wrong with a registry, in Chinese: sentences that the code says in English, where it finds
the fault, told by the list of them in both languages (`config/texts/registry_problems.toml`).

A sentence that is not in the list stays English: better than none. A test holds the list complete.
"""

import re
from collections.abc import Iterator
from functools import cache

from config.texts import text, texts
from registry.headings import both_names
from registry.reading import Problem

_ROOM = "registry_problems"
_LONGEST = 2_000
_HOLE = re.compile(r"\{(\w+)\}")
_PARTS = ("fault", "hint", "low", "what", "kind", "meant")
"""Values that may be sentences, or words, of the list."""
_KINDS = ("institution", "building", "meter", "pv", "bin", "weather", "contract")


def problem_text(problem: Problem, lang: str) -> str:
    """A problem with its place, in Chinese or English."""
    if lang != "zh":
        return str(problem)
    sheet, column = problem.sheet, problem.column
    where = [text(_ROOM, "place", lang, sheet=both_names("sheet", sheet, lang))] if sheet else []
    where += [text(_ROOM, "row", lang, row=problem.row)] if problem.row else []
    if column:
        where.append(text(_ROOM, "column", lang, column=both_names("column", column, lang)))
    said = reason_text(problem.reason, lang)
    return f"{' '.join(where)}：{said}" if where else said


def reason_text(reason: str, lang: str) -> str:
    """What is wrong and what to do, without its place."""
    return reason if lang != "zh" or len(reason) > _LONGEST else _translated(reason) or reason


def _translated(reason: str) -> str | None:
    """The Chinese sentence; None where the list has none."""
    for pattern, zh in _sentences():
        if found := pattern.fullmatch(reason):
            values = found.groupdict()
            for name in _PARTS:
                if name in values:
                    values[name] = _translated(values[name]) or values[name]
            return zh.format(**values)
    return None


@cache
def _sentences() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(_pattern(en), re.DOTALL), zh) for en, zh in _listed())


def _listed() -> Iterator[tuple[str, str]]:
    """English and Chinese of every sentence: first those that begin with a record's kind and id,
    which others could be taken for."""
    found = texts(_ROOM)
    rest = []
    for key, entry in found.items():
        group = key.partition(".")[0]
        if group in ("record", "fit") and key != "fit.double":
            for kind in _KINDS:
                names = found[f"kind.{kind}"]
                en, zh = (f"{names[x]} {{own_id}} {entry[x]}" for x in ("en", "zh"))
                yield en, zh
        elif group != key:
            rest.append((entry["en"], entry["zh"]))
    yield from rest


_NUMBER = r"(?:[-+.,\deE]+|nan|-?inf)"
_WIDTH = {
    "own_id": r"(?:'[^']*'|\"[^\"]*\")",
    "number": _NUMBER,
    "most": _NUMBER,
    "hint": r"(?:[^\d.,].*)?",
}


def _pattern(en: str) -> str:
    """A regular expression for a sentence with its values left open."""
    parts = _HOLE.split(en)
    between, names = parts[::2], parts[1::2]
    pattern = re.escape(between[0])
    for name, after in zip(names, between[1:], strict=True):
        pattern += f"(?P<{name}>{_WIDTH.get(name, '.+?')}){re.escape(after)}"
    return pattern
