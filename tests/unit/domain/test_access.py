"""Principals: what they may do, on what, and what they may not."""

import pytest

from domain.access import Action, Grant, Principal

POST, CORRECT = frozenset({Action.POST}), frozenset({Action.CORRECT})
HALL, MILL = frozenset({"hall"}), frozenset({"mill"})


def test_a_grant_without_bounds_holds_for_everything_but_only_its_actions() -> None:
    anyone = Principal("anyone", (Grant(POST),))
    assert anyone.may(Action.POST) and anyone.may(Action.POST, institution="hall", device="tap")
    assert not anyone.may(Action.CORRECT) and not anyone.may_somewhere(Action.CORRECT)
    assert anyone.reach(Action.POST) is None
    assert anyone.reach(Action.CORRECT) == ()


def test_without_grants_nobody_may_anything() -> None:
    assert not any(Principal("nobody").may_somewhere(action) for action in Action)
    assert not any(Principal("nobody").may(action) for action in Action)


def test_every_bound_of_a_grant_has_to_hold() -> None:
    grant = Grant(POST, institutions=HALL, devices=frozenset({"tap"}))
    gateway = Principal("gateway", (grant,))
    assert gateway.may(Action.POST, institution="hall", device="tap")
    assert not gateway.may(Action.POST, institution="mill", device="tap")
    assert not gateway.may(Action.POST, institution="hall", device="race")


@pytest.mark.parametrize(
    ("grant", "too_wide"),
    [
        (Grant(POST, institutions=HALL), {}),
        (Grant(POST, institutions=HALL), {"device": "tap"}),
        (Grant(POST, devices=frozenset({"tap"})), {"institution": "hall"}),
        (Grant(POST, contracts=frozenset({"lamps"})), {"institution": "hall"}),
    ],
)
def test_a_question_asked_too_widely_is_refused(grant: Grant, too_wide: dict[str, str]) -> None:
    principal = Principal("esco", (grant,))
    assert not principal.may(Action.POST, **too_wide)  # type: ignore[arg-type]
    assert principal.may_somewhere(Action.POST)


def test_grants_add_up_but_do_not_lend_each_other_their_bounds() -> None:
    esco = Principal("esco", (Grant(POST, HALL), Grant(POST | CORRECT, MILL)))
    assert esco.reach(Action.POST) == esco.grants
    assert esco.reach(Action.CORRECT) == esco.grants[1:]
    assert not esco.may(Action.CORRECT, institution="hall")
    both = Principal("esco", (*esco.grants, Grant(POST)))
    assert both.reach(Action.POST) is None


def test_a_part_of_an_institution_is_not_the_whole_of_it() -> None:
    part = Grant(POST, HALL, contracts=frozenset({"lamps"}))
    esco = Principal("esco", (part, Grant(POST, MILL)))
    assert esco.reach(Action.POST) == esco.grants
    assert not esco.may(Action.POST, institution="hall")
    assert esco.may(Action.POST, institution="mill")
