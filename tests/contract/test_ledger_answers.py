"""What the ledger answers again and again, on SQLite and on a real PostgreSQL."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.calendar import Month
from domain.figures import MonthResult
from store.ledger.answers import MonthCounts, View
from store.ledger.canonical import canonical_json, digest
from store.ledger.sql.ledger import SqlLedger
from store.opening import open_ledger
from tests.ledger_sample import MARCH, figure, result


def whole(result: MonthResult) -> bytes:
    return canonical_json(replace(result, days=())).encode()


WHOLE = View("whole", "1", whole)


@pytest.fixture
def ledger(url: str) -> SqlLedger:
    return open_ledger(url, lambda: [WHOLE])


def version_of(ledger: SqlLedger, institution: str) -> str:
    return ledger.results_versions([institution]).get(institution, "")


def test_a_version_is_another_after_every_change(ledger: SqlLedger) -> None:
    seen = [version_of(ledger, "a")]

    def changed() -> bool:
        seen.append(version_of(ledger, "a"))
        return seen[-1] not in seen[:-1]

    assert ledger.results_version() == ""
    ledger.save_result(result(1.0, "a"))
    assert changed()
    everybody = ledger.results_version()
    ledger.save_result(result(2.0, "a"))
    assert changed()
    ledger.close("a", MARCH, signed_by="x")
    assert changed() and ledger.results_version() != everybody
    ledger.close("a", MARCH, signed_by="x")
    assert not changed(), "closing again changes nothing"
    everybody = ledger.results_version()
    ledger.save_result(result(1.0, "b"))
    assert not changed(), "another institution"
    assert ledger.results_version() != everybody
    assert ledger.results_versions() == {i: version_of(ledger, i) for i in ("a", "b")}
    asked = ledger.results_versions(["", "a", "nobody"])
    assert asked == {"": ledger.results_version(), "a": version_of(ledger, "a")}


def test_a_view_of_another_shape_is_made_again(ledger: SqlLedger, url: str) -> None:
    ledger.save_result(result(1.0, "a"))
    newer = View("whole", "2", lambda _: b"newer")
    assert [body for _, body in ledger.shown(newer)] == [b"newer"]
    assert [body for _, body in ledger.shown(replace_make(newer, b"not made"))] == [b"newer"]
    assert [body for _, body in ledger.shown(WHOLE)] == [whole(result(1.0, "a"))]


def replace_make(view: View, body: bytes) -> View:
    return view._replace(make=lambda _: body)


def test_what_nobody_kept_is_made_once(url: str) -> None:
    older = open_ledger(url)
    for institution in ("a", "b"):
        older.save_result(result(1.0, institution))
    assert older.shown(replace_make(WHOLE, b"made"), "a")[0][1] == b"made"
    assert [v for _, v in older.shown(replace_make(WHOLE, b"later"))] == [b"made", b"later"]
    older.close_connections()


def test_who_asks_is_answered_while_nothing_can_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    ledger.save_result(result(1.0, "a"))
    monkeypatch.setattr("store.ledger.sql.engine._BUSY_TIMEOUT_S", 0.05)
    ledger.close_connections()
    again = open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    other = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert again.shown(WHOLE)[0][1] == whole(result(1.0, "a"))
    other.execute("ROLLBACK")
    other.close()
    again.close_connections()


def test_views_of_what_is_gone_are_gone(ledger: SqlLedger) -> None:
    ledger.save_result(result(1.0, "a"))
    old = ledger.statuses()[0].digest
    ledger.save_result(result(2.0, "a"))
    ledger.save_result(result(1.0, "a"))
    ((status, body),) = ledger.shown(replace_make(WHOLE, b"made again"))
    assert (status.digest, body) == (old, whole(result(1.0, "a")))
    ledger.close("a", MARCH, signed_by="x")
    ledger.save_result(result(3.0, "a"))
    ledger.save_result(result(1.0, "a"))  # the restatement comes to nothing; what stands stays
    assert ledger.shown(replace_make(WHOLE, b"again"))[0][1] == whole(result(1.0, "a"))


steps = st.lists(
    st.tuples(
        st.sampled_from("ab"),
        st.integers(0, 2),
        st.one_of(st.just("close"), st.floats(0.5, 3.0).map(lambda v: round(v))),
    ),
    max_size=25,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps)
def test_answers_are_what_the_results_say_after_any_course(
    ledger: SqlLedger, course: list[tuple[str, int, object]]
) -> None:
    """Computed, closed, restated in any order: views, values and counts are those of `results`."""
    for institution, back, what in course:
        month = MARCH.plus(-back)
        if what != "close":
            value = float(str(what))
            made = result(value, institution, month)
            more = (*made.figures, figure(value * 2, f"{institution}-m"))
            ledger.save_result(replace(made, figures=more))
        elif any((s.institution, s.month) == (institution, month) for s in ledger.statuses()):
            ledger.close(institution, month, signed_by="x")
    standing = ledger.results()
    _same(ledger, standing)
    for month in (MARCH, MARCH.plus(-1)):
        part = [r for r in standing if r.month == month]
        _same(ledger, part, month, month.plus(1))


def _same(
    ledger: SqlLedger,
    standing: list[MonthResult],
    start: Month | None = None,
    end: Month | None = None,
) -> None:
    shown = ledger.shown(WHOLE, None, start, end)
    assert [body for _, body in shown] == [whole(r) for r in standing]
    assert [s.digest for s, _ in shown] == [digest(r) for r in standing]
    statuses = ledger.statuses(None, start, end)
    assert [replace(s, closed_at=None) for s in statuses] == [s for s, _ in shown]
    assert ledger.count_months(None, start, end) == len(standing)
    of_a = [r for r in standing if r.institution == "a"]
    assert ledger.count_months("a", start, end) == len(of_a)
    found = {
        (v.institution, v.month, v.name, v.subject): (v.value, v.measured, v.estimated, v.missing)
        for v in ledger.values(["electricity_use_kwh"], start, end)
    }
    assert found == {
        (r.institution, str(r.month), f.name, f.subject): (
            f.value,
            f.shares.measured,
            f.shares.estimated,
            f.shares.missing,
        )
        for r in standing
        for f in r.figures
        if f.name == "electricity_use_kwh"
    }
    if start is None:
        assert ledger.month_counts() == _counts(ledger)
        _same_latest(ledger, standing)


def _same_latest(ledger: SqlLedger, standing: list[MonthResult]) -> None:
    months = {r.institution: r.month for r in standing}  # sorted by month
    last = [r for r in standing if r.month == months[r.institution]]
    expected = {(r.institution, str(r.month), whole(r)) for r in last}
    assert set(ledger.latest_shown(WHOLE)) == expected
    for some in ([], ["b"], ["a", *map(str, range(1_000))]):
        part = {e for e in expected if e[0] in some}
        assert set(ledger.latest_shown(WHOLE, some)) == part
    assert ledger.months_known() == sorted({r.month for r in standing})
    assert ledger.months_known("a") == [r.month for r in standing if r.institution == "a"]


def test_latest_views_that_nobody_kept_are_made_once(ledger: SqlLedger) -> None:
    for institution in ("a", "b"):
        ledger.save_result(result(1.0, institution))
    newer = View("whole", "2", lambda r: f"made of {r.institution}".encode())
    made = {"a": b"made of a", "b": b"made of b"}
    for view in (newer, replace_make(newer, b"made again")):
        assert {r.institution: r.body for r in ledger.latest_shown(view)} == made


def _counts(ledger: SqlLedger) -> list[MonthCounts]:
    every = ledger.statuses()
    return [
        MonthCounts(
            institution,
            len(own := [s for s in every if s.institution == institution]),
            sum(s.revision > 0 for s in own),
            sum(s.state == "restatement_pending" for s in own),
            str(max(s.month for s in own)),
        )
        for institution in sorted({s.institution for s in every})
    ]


def test_values_by_institution_and_subject(ledger: SqlLedger) -> None:
    for institution in ("a", "b"):
        made = result(1.0, institution)
        ledger.save_result(replace(made, figures=(*made.figures, figure(None, "m"))))
    names = ["electricity_use_kwh"]
    assert {v.institution for v in ledger.values(names, institutions=["b"])} == {"b"}
    assert [v.value for v in ledger.values(names, institutions=["b"], subject="m")] == [None]
    assert ledger.values(["water_use_m3"]) == []
