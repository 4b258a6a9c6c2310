"""Names of people who sign: what a name may be made of, and which two might be one person's."""

import unicodedata

_WRITTEN_TOGETHER = frozenset({"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "LATIN"})
"""Scripts one name may mix: 王芳 Wang. Their letters are not taken for each other."""

_LOOK_ALIKE = str.maketrans(
    # Cyrillic, Greek, then what is taken for i and o: as casefold leaves them.
    "авекмнорстухіјѕԁһԛԝ" + "αβεζηικμνορτυχγ" + "l1|ı0",
    "abekmhopctyxijsdhqw" + "abezhikmnoptyxy" + "iiiio",
)


def name_problem(name: str) -> str | None:
    """Why a name cannot stand under a decision, as a sentence; None when it can.

    Letters of another alphabet that look like Latin ones make one person two, so the alphabets
    that can be taken for each other may not be mixed, and nothing in a name may be invisible.

    >>> name_problem("Wang Fang"), name_problem("王芳"), name_problem("王芳 Wang")
    (None, None, None)
    >>> name_problem("W\\u0430ng")
    "the name 'W\\u0430ng' mixes letters of CYRILLIC and LATIN: write it in one alphabet"
    """
    if not name.strip():
        return "a name is missing: say who it is"
    if any(unicodedata.category(c) in ("Cc", "Cf", "Co", "Cn", "Cs") for c in name):
        return f"the name {name!r} holds characters that cannot be seen: write it without them"
    scripts = {unicodedata.name(c, "UNKNOWN").split()[0] for c in _plain(name) if c.isalpha()}
    if len(scripts) > 1 and scripts - _WRITTEN_TOGETHER:
        listed = " and ".join(sorted(scripts))
        return f"the name {name!r} mixes letters of {listed}: write it in one alphabet"
    return None


def may_be_one_person(one: str, other: str) -> bool:
    """Whether two names could be read as the same: but for case, width, spaces, accents and
    letters of other alphabets that look alike.

    >>> may_be_one_person("Cao", "\\u0421\\u0430\\u043e"), may_be_one_person("Wang", "Li")
    (True, False)
    """
    return _skeleton(one) == _skeleton(other)


def _plain(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def _skeleton(name: str) -> str:
    letters = unicodedata.normalize("NFD", _plain(name))
    kept = (c for c in letters if unicodedata.category(c) not in ("Mn", "Cf", "Cc"))
    return "".join(kept).translate(_LOOK_ALIKE)
