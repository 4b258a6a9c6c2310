"""Readings one by one and as runs are the same readings."""

from hypothesis import given
from hypothesis import strategies as st

from domain.readings import Reading, Run, joined, readings_of, runs_of

READINGS = st.lists(
    st.builds(
        Reading,
        st.sampled_from("ab"),
        st.sampled_from("xy"),
        st.integers(-5, 5),
        st.floats(allow_nan=False),
    )
)


@given(READINGS)
def test_each_series_keeps_its_readings_in_order(readings: list[Reading]) -> None:
    runs = runs_of(readings)
    assert len({run[:2] for run in runs}) == len(runs)
    for run in runs:
        assert run.readings() == [r for r in readings if r[:2] == run[:2]]
    assert sum(len(run.at_ms) for run in runs) == len(readings)


@given(READINGS)
def test_joining_runs_is_like_making_them_at_once(readings: list[Reading]) -> None:
    single = [Run(r.device, r.quantity, (r.at_ms,), (r.value,)) for r in readings]
    assert joined(single) == runs_of(readings)
    assert list(readings_of(single)) == readings
    assert joined(joined(single)) == joined(single)


def test_joining_leaves_the_parts_as_they_were() -> None:
    part = Run("a", "x", [1], [1.0])
    assert joined([part, part]) == [Run("a", "x", [1, 1], [1.0, 1.0])]
    assert part == Run("a", "x", [1], [1.0])
