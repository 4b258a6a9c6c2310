"""The wide tables of the API hold the figures that the registry says, in its order."""

import pytest

from api.rows.base import Row
from api.rows.indicators import CostRow, IndicatorRow
from api.rows.quality import DeviceQualityRow
from api.rows.savings import SavingsRow
from api.rows.solar import PvRow
from api.rows.waste import WasteRow
from domain.figure_kinds import Table
from domain.figure_names import COLUMNS, FIGURE_NAMES

BOUNDS_ONLY = "avoided_energy_nominal_kwh"
"""Of it the interval has columns; its value is that of the avoided energy."""


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("pv", PvRow),
        ("waste", WasteRow),
        ("indicators", IndicatorRow),
        ("costs", CostRow),
        ("readings", DeviceQualityRow),
        ("savings", SavingsRow),
    ],
)
def test_a_row_has_the_columns_of_its_table(table: Table, row: type[Row]) -> None:
    columns = tuple(n for n in row.model_fields if n in FIGURE_NAMES)
    assert columns == tuple(n for n in COLUMNS[table] if n != BOUNDS_ONLY)
