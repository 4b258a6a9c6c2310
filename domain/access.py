"""Who may do what: principals, the grants that say which actions on which objects, and the
names people sign with.

Whoever acts is a Principal: the holder of a key, somebody at the command line, nobody in
particular. What they may do is asked in one way everywhere, `Principal.may`.
"""

import unicodedata
from dataclasses import dataclass
from enum import StrEnum


class Action(StrEnum):
    """What can be done with an installation's data."""

    READ = "read"
    POST = "post"
    """Readings."""
    CORRECT = "correct"
    """Readings, without changing them."""
    ADJUST = "adjust"
    """Enter a non-routine adjustment of a contract, and see the evidence of such."""
    APPROVE = "approve"
    """What somebody else entered, or refuse it."""
    CLOSE = "close"
    SIGN = "sign"
    ADMINISTER = "administer"
    AUDIT = "audit"
    """See who changed what, in the audit trail."""


@dataclass(frozen=True, slots=True)
class Grant:
    """Actions, and the objects they are allowed on; None: on every one of that kind.

    An object has to be within every kind that is narrowed: with `institutions` and `devices`
    given, only those devices, and only while they are in those institutions.
    """

    actions: frozenset[Action]
    institutions: frozenset[str] | None = None
    contracts: frozenset[str] | None = None
    devices: frozenset[str] | None = None

    def covers(self, institution: str | None, contract: str | None, device: str | None) -> bool:
        """Whether an object with these ids is within the grant."""
        asked = (
            (self.institutions, institution),
            (self.contracts, contract),
            (self.devices, device),
        )
        return all(within is None or one in within for within, one in asked)


@dataclass(frozen=True, slots=True)
class Principal:
    """Who acts, and what they were granted. `person` is whose own key it is, as they sign; empty
    where several may hold it.

    >>> esco = Principal("esco", (Grant(frozenset({Action.POST}), frozenset({"hall"})),))
    >>> esco.may(Action.POST, institution="hall"), esco.may(Action.POST, institution="mill")
    (True, False)
    >>> esco.may(Action.POST), esco.may_somewhere(Action.POST)
    (False, True)
    """

    name: str
    grants: tuple[Grant, ...] = ()
    person: str = ""

    def may(
        self,
        action: Action,
        *,
        institution: str | None = None,
        contract: str | None = None,
        device: str | None = None,
    ) -> bool:
        """Whether the action is allowed on the object with these ids.

        Say all that is known of it. What is left out counts as any: a grant that is narrowed
        to some contracts does not answer for an institution as a whole, so that a question
        asked too widely is refused, never let through.
        """
        return any(
            action in g.actions and g.covers(institution, contract, device) for g in self.grants
        )

    def may_somewhere(self, action: Action) -> bool:
        """Whether there may be any object the action is allowed on."""
        return any(action in g.actions for g in self.grants)

    def reach(self, action: Action) -> tuple[Grant, ...] | None:
        """The grants that allow the action; None: one of them does on everything."""
        found = tuple(g for g in self.grants if action in g.actions)
        return None if any(g.covers(None, None, None) for g in found) else found


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
