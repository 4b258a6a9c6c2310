"""The table of what is metered, and its agreement with the tables beside it."""

import pytest

from domain.carriers import (
    BOARD_USES,
    ENERGY_CARRIERS,
    ENERGY_USES,
    EXPORT,
    FIGURE_OF_REGISTER,
    METERED,
    USES,
    Metered,
    uses_of,
)
from domain.figure_names import FIGURE_NAMES
from domain.places import Carrier
from domain.quantities import QUANTITIES


@pytest.mark.parametrize("row", METERED, ids=lambda row: row.figure)
def test_a_register_and_its_figure_have_one_unit(row: Metered) -> None:
    assert QUANTITIES[row.register].kind == "total_increasing"
    assert FIGURE_NAMES[row.figure].unit == row.unit == QUANTITIES[row.register].unit
    assert FIGURE_NAMES[row.figure].group == "use"
    assert "device" in FIGURE_NAMES[row.figure].subjects


def test_registers_and_figures_are_there_once() -> None:
    assert len(FIGURE_OF_REGISTER) == len({m.figure for m in METERED}) == len(METERED)


def test_what_is_given_away_is_no_use() -> None:
    assert EXPORT not in USES
    assert EXPORT.figure not in ENERGY_USES


def test_every_carrier_has_a_use_with_a_colour_and_one_field_of_the_survey_at_most() -> None:
    for carrier in Carrier:
        uses = uses_of(carrier)
        assert uses
        assert all(u.colour.startswith("#") for u in uses)
        assert sum(u.surveyed for u in uses) <= 1


def test_energy_is_what_becomes_standard_coal() -> None:
    assert set(Carrier) - ENERGY_CARRIERS == {Carrier.WATER}
    for use in ENERGY_USES.values():
        assert use.coal.startswith("standard_coal.national.")
        assert use.co2.startswith("co2.")


def test_boards_show_uses_in_an_order_of_their_own() -> None:
    assert [u.board for u in BOARD_USES] == list(range(1, len(BOARD_USES) + 1))
