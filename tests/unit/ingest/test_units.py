"""Units as devices name them."""

import pytest

from ingest.units import conversion


@pytest.mark.parametrize(
    ("value", "sent", "wanted", "expected"),
    [
        (1500, "Wh", "kWh", 1.5),
        (3.6e6, "J", "kWh", 1.0),
        (1, "GJ", "kWh", 277.7777777777778),
        (1, "MWh", "GJ", 3.6),
        (95, "%", "1", 0.95),
        (0.5, "/", "%", 50.0),
        (392, "mA", "A", 0.392),
        (212, "°F", "°C", 100.0),
        (273.15, "K", "°C", 0.0),
        (7, "kWh", "kWh", 7.0),
    ],
)
def test_units(value: float, sent: str, wanted: str, expected: float) -> None:
    found = conversion(sent, wanted)
    assert found is not None
    scale, offset = found
    assert value * scale + offset == pytest.approx(expected, abs=1e-9)


def test_units_that_do_not_fit() -> None:
    assert conversion("kWh", "W") is None
    assert conversion("L", "kg") is None
