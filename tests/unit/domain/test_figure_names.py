"""The registry of figures: its lists hold names of the table, each once."""

from itertools import chain

import pytest

from domain.comparing import change_ratio
from domain.figure_kinds import GROUPS
from domain.figure_names import AMONG_PEERS, COLUMNS, COMPARED, FIGURE_NAMES, group_of
from domain.figure_table import ROWS
from domain.figures import Shares


def test_every_name_is_there_once() -> None:
    assert len(FIGURE_NAMES) == len(ROWS)


def test_lists_name_figures_and_none_of_them_twice() -> None:
    for names in (COMPARED, AMONG_PEERS, *COLUMNS.values()):
        assert set(names) <= set(FIGURE_NAMES)
        assert len(names) == len(set(names))


def test_only_what_adds_up_over_months_is_summed_over_a_year() -> None:
    for name in COMPARED:
        assert FIGURE_NAMES[name].adds_over_time
        assert "institution" in FIGURE_NAMES[name].subjects


def test_shares_and_temperatures_add_up_over_nothing() -> None:
    for row in ROWS:
        if row.kind in ("ratio", "temperature"):
            assert row.adds == "no", row.name
        if row.unit == "1":
            assert row.kind in ("ratio", "count"), row.name


def test_every_group_has_figures_and_keeps_them_together() -> None:
    assert {row.group for row in ROWS} == set(GROUPS)
    assert group_of("of_another_version_kwh") == "other"


def test_columns_of_a_table_are_about_the_same_things() -> None:
    for name in chain(COLUMNS["indicators"], ["electricity_cost_cny"]):
        assert "institution" in FIGURE_NAMES[name].subjects
    for name in COLUMNS["savings"]:
        assert FIGURE_NAMES[name].subjects == ("contract",)


@pytest.mark.parametrize(
    ("value", "missing", "earlier", "missing_then", "ratio"),
    [
        (90.0, 0.0, 100.0, 0.0, -0.1),
        (90.0, 0.05, 100.0, 0.05, -0.1),
        (90.0, 0.051, 100.0, 0.0, None),
        (90.0, 0.0, 100.0, 0.051, None),
        (None, 0.0, 100.0, 0.0, None),
        (90.0, 0.0, None, 1.0, None),
        (90.0, 0.0, 0.0, 0.0, None),
    ],
)
def test_months_are_compared_where_both_are_known(
    value: float | None,
    missing: float,
    earlier: float | None,
    missing_then: float,
    ratio: float | None,
) -> None:
    now, then = (Shares.rest(missing=m, estimated=0.0) for m in (missing, missing_then))
    assert change_ratio(value, now, earlier, then, 0.95) == ratio
