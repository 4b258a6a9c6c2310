"""What is kept of results is what the ledger says, and only changed institutions are read again."""

from collections.abc import Collection
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store.known_results import MOST_QUESTIONS, KnownResults
from store.ledger.answers import Value
from store.ledger.sql.ledger import SqlLedger
from store.opening import open_ledger
from tests.ledger_sample import MARCH, result

NAMES = ["electricity_use_kwh"]


@pytest.fixture
def ledger(tmp_path: Path) -> SqlLedger:
    return open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}")


def values(ledger: SqlLedger, those: Collection[str]) -> dict[str, list[Value]]:
    found: dict[str, list[Value]] = {}
    for v in ledger.values(NAMES, institutions=those):
        found.setdefault(v.institution, []).append(v)
    return {i: sorted(vs) for i, vs in found.items()}


class Asking:
    """Keeps whom it was asked about."""

    def __init__(self, ledger: SqlLedger) -> None:
        self.ledger, self.asked = ledger, list[set[str]]()

    def __call__(self, those: Collection[str]) -> dict[str, list[Value]]:
        self.asked.append(set(those))
        return values(self.ledger, those)


def test_only_the_changed_are_read_again(ledger: SqlLedger) -> None:
    for institution in "ab":
        ledger.save_result(result(1.0, institution))
    known, read = KnownResults(ledger), Asking(ledger)
    for _ in range(2):
        assert set(known.of_each("q", ["a", "b", "nobody"], read)) == {"a", "b"}
    assert read.asked == [{"a", "b", "nobody"}]
    ledger.save_result(result(2.0, "b"))
    said = known.of_each("q", ["a", "b"], read)
    assert [v.value for v in said["b"]] == [2.0] and read.asked[1:] == [{"b"}]
    assert set(known.of_each("q", ["a"], read)) == {"a"} and len(read.asked) == 2
    ledger.save_result(result(3.0, "nobody"))
    assert set(known.of_each("q", ["a", "b", "nobody"], read)) == {"a", "b", "nobody"}
    assert read.asked[2:] == [{"nobody"}]


def test_what_changes_while_it_is_read_is_read_again(ledger: SqlLedger) -> None:
    ledger.save_result(result(1.0, "a"))
    known = KnownResults(ledger)

    def meanwhile(those: Collection[str]) -> dict[str, list[Value]]:
        found = values(ledger, those)
        ledger.save_result(result(2.0, "a"))
        return found

    assert known.of_each("q", ["a"], meanwhile)["a"][0].value == 1.0
    again = known.of_each("q", ["a"], lambda those: values(ledger, those))
    assert again["a"][0].value == 2.0


def test_questions_are_kept_apart_and_the_oldest_forgotten(ledger: SqlLedger) -> None:
    ledger.save_result(result(1.0, "a"))
    known, read = KnownResults(ledger), Asking(ledger)
    for question in range(MOST_QUESTIONS + 1):
        known.of_each(question, ["a"], read)
    known.of_each(MOST_QUESTIONS, ["a"], read)
    assert len(read.asked) == MOST_QUESTIONS + 1
    known.of_each(0, ["a"], read)
    assert len(read.asked) == MOST_QUESTIONS + 2


courses = st.lists(
    st.tuples(
        st.sampled_from("abc"), st.sampled_from(["close", "ask", 1.0, 2.0]), st.integers(0, 1)
    ),
    max_size=20,
)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(courses)
def test_after_any_course_it_says_what_the_ledger_says(
    ledger: SqlLedger, course: list[tuple[str, str | float, int]]
) -> None:
    known = KnownResults(ledger)
    for institution, what, back in course:
        month = MARCH.plus(-back)
        if isinstance(what, float):
            ledger.save_result(result(what, institution, month))
        elif what == "close" and ledger.statuses(institution, month, month.plus(1)):
            ledger.close(institution, month, signed_by="x")
        elif what == "ask":
            some = [institution, "b"]
            said = known.of_each("q", some, lambda those: values(ledger, those))
            assert said == values(ledger, some)
        assert known.of_all("counts", ledger.month_counts) == ledger.month_counts()
    everybody = list("abc")
    said = known.of_each("q", everybody, lambda those: values(ledger, those))
    assert said == values(ledger, everybody)
