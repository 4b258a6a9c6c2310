"""Who may do what: principals, and the grants that say which actions on which objects.

Whoever acts is a Principal: the holder of a key, somebody at the command line, nobody in
particular. What they may do is asked in one way everywhere, `Principal.may`.
"""

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
