"""Whose name stands under what is entered: the caller's own, where the key says who that is."""

from api.problems import ProblemError
from domain.access import Principal, may_be_one_person, name_problem


def signed(given: str, principal: Principal) -> str:
    """The name to keep: `given`, or the person whose own key it is.

    Raises ProblemError 403 where another's name is given with a personal key, 422 for a name
    that cannot stand (see domain.access). An empty name stays empty with a key that is nobody's
    own: whether one is needed, the record decides.
    """
    if principal.person:
        if given.strip() and not may_be_one_person(given, principal.person):
            raise ProblemError(403, "not_your_name", given=given[:100], person=principal.person)
        return principal.person
    problem = name_problem(given) if given.strip() else None
    if problem is not None:
        raise ProblemError(422, "bad_name", reason=problem)
    return given
