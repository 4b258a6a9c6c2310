import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from civicmeter.demo.audit import Audit, compare

times = st.lists(st.integers(0, 50), max_size=40)


def _run(sent: list[int], stored: list[int]) -> Audit:
    return compare(
        np.array(sent, np.int64),
        np.array(sent, float),
        np.array(stored, np.int64),
        np.array(stored, float),
    )


@given(times, times)
def test_lost_and_duplicated_are_counted_as_by_hand(sent: list[int], stored: list[int]) -> None:
    found = _run(sent, stored)
    assert found.lost == len(set(sent) - set(stored))
    assert found.duplicated == len(stored) - len(set(stored))
    assert found.readings == len(stored)
    assert found.altered == 0


def test_another_value_at_the_same_time_is_seen() -> None:
    at = np.array([1, 2, 3], np.int64)
    found = compare(at, np.array([1.0, 2.0, 3.0]), at, np.array([1.0, 2.5, 3.0]))
    assert found == Audit(readings=3, lost=0, duplicated=0, altered=1)
    assert not found.clean and _run([1, 2], [2, 1]).clean
