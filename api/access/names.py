"""Whose name stands under what is entered: the caller's own, never another's."""

from api.access.keys import ANYONE, INSTALLATION
from api.problems import ProblemError
from domain.access import Principal, may_be_one_person, name_problem


def own_name(principal: Principal) -> str:
    """By which name a principal signs: the person whose own key it is, else the key's holder.

    Empty for the installation's key, as for this machine's own people: as at the command line they
    act as the administrator, on the word of whom they name.
    """
    if principal.person:
        return principal.person
    # Themselves, not somebody whom a key lets do as much.
    return "" if principal is ANYONE or principal is INSTALLATION else principal.name


def signed(given: str, principal: Principal) -> str:
    """The name to keep: the principal's own, or `given` where they act on somebody's word.

    Raises ProblemError 403 where another's name is given than the principal's own, 422 for a name
    that cannot stand (see domain.access). An empty name on nobody's word stays empty: whether one
    is needed, the record decides.
    """
    own = own_name(principal)
    if own:
        if given.strip() and not may_be_one_person(given, own):
            raise ProblemError(403, "not_your_name", given=given[:100], person=own)
        return own
    problem = name_problem(given) if given.strip() else None
    if problem is not None:
        raise ProblemError(422, "bad_name", reason=problem)
    return given
