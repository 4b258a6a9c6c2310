"""The limits of what a value can be."""

import tomllib

import pytest

from config.limits import VALUE_LIMITS, value_limits
from domain.errors import ConfigError
from domain.quantities import QUANTITIES
from tests.paths import ROOT


def rows() -> list[dict[str, object]]:
    text = (ROOT / "config" / "tables" / "limits.toml").read_text(encoding="utf-8")
    found: list[dict[str, object]] = tomllib.loads(text)["limit"]
    return found


def test_every_quantity_has_limits_and_registers_never_start_below_zero() -> None:
    assert VALUE_LIMITS.keys() == QUANTITIES.keys()
    for quantity in QUANTITIES.values():
        if quantity.kind == "total_increasing":
            assert VALUE_LIMITS[quantity.name][0] == 0.0


def test_markers_of_invalid_values_lie_outside() -> None:
    low, high = VALUE_LIMITS["power_w"]
    assert not low <= -(2**23) <= high
    assert not low <= 2**31 - 1 <= high


@pytest.mark.parametrize(
    "change",
    [
        {"minimum": 5.0, "maximum": 5.0},
        {"quantity": "watts"},
        {"source": ""},
        {"minimum": "low"},
    ],
)
def test_a_wrong_row_is_named(change: dict[str, object]) -> None:
    first, *others = rows()
    with pytest.raises(ConfigError, match=r"limits\.toml"):
        value_limits([{**first, **change}, *others])


def test_a_missing_quantity_is_named() -> None:
    with pytest.raises(ConfigError, match="energy_import_kwh"):
        value_limits(rows()[1:])


def test_the_row_that_began_last_holds() -> None:
    first, *others = rows()
    later = {**first, "maximum": 7.0, "valid_from": first["valid_from"].replace(year=2099)}  # type: ignore[attr-defined]
    assert value_limits([later, first, *others])[str(first["quantity"])] == (0.0, 7.0)
