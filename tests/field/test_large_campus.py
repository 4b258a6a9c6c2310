"""The largest campus meant by our limits: 110 kV, DN 600, 500 t/h of steam, 50 MW of PV, nothing
registered that says how large it is. All that it says is right, from its first day on."""

from pathlib import Path

import numpy as np
import pytest

from config.limits import TIME_LIMITS
from domain.judge import Judge
from domain.places import AnyDevice, Carrier
from tests.field.case import (
    Case,
    Floats,
    Source,
    bin_,
    clock,
    inverter,
    meter,
    office,
    register,
    september,
    sun,
    weighed,
)
from tests.field.run import NOW, figure_of, september_figures

OURS = Source("", 0)
AT = clock()


def _case(device: AnyDevice, quantity: str, figure: str, start: float, use: Floats) -> Case:
    said = {quantity: (AT, register(start, use))}
    return Case(device.institution, "", OURS, device, said, figure, september(use))


def _campus() -> tuple[Case, ...]:
    load = office(38_000.0, 22_000.0)  # kWh an hour: up to 60 MW and a tenth more
    steam, water = office(900.0, 750.0), office(1_500.0, 1_500.0)
    gas, cold = office(20_000.0, 17_000.0), office(100.0, 250.0)
    scale = weighed(18_000.0, 9_000.0, noise_kg=20.0)
    half = clock(0.5)
    return (
        _case(meter("grid"), "energy_import_kwh", "electricity_use_kwh", 5.2e9, load),
        _case(meter("grid-new"), "energy_import_kwh", "electricity_use_kwh", 0.0, load),
        _case(meter("main", Carrier.WATER), "water_m3", "water_use_m3", 4.1e8, water),
        _case(meter("boilers", Carrier.NATURAL_GAS), "gas_m3", "natural_gas_use_m3", 2.2e9, gas),
        _case(meter("steam", Carrier.HEAT), "heat_gj", "heat_use_gj", 1.6e8, steam),
        _case(meter("cold", Carrier.COOLING), "cooling_gj", "cooling_use_gj", 0.0, cold),
        _case(
            inverter("roofs", 50_000.0), "pv_energy_kwh", "pv_generation_kwh", 9e8, sun(40_000.0)
        ),
        Case(
            "compactor",
            "",
            OURS,
            bin_("compactor", 9_000.0, None),
            {"mass_kg": (half, scale.gross)},
            "waste_mass_kg",
            september(scale.deposits),
            within=0.03,
        ),
    )


CAMPUS = _campus()


@pytest.fixture(scope="module")
def september_of(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[object]]:
    folder: Path = tmp_path_factory.mktemp("campus")
    return september_figures(CAMPUS, folder)  # type: ignore[return-value]


@pytest.mark.parametrize("case", CAMPUS, ids=lambda c: c.name)
def test_all_that_the_largest_campus_says_counts(
    case: Case, september_of: dict[str, list[object]]
) -> None:
    found = figure_of(case, september_of)  # type: ignore[arg-type]
    assert found.value == pytest.approx(case.truth, rel=case.within)
    assert found.shares.missing == pytest.approx(0.0, abs=1e-9)
    assert not [f.code for f in found.findings if f.severity == "serious"]


@pytest.mark.parametrize("case", CAMPUS, ids=lambda c: c.name)
def test_none_of_its_readings_is_refused(case: Case) -> None:
    device = case.device
    judge = Judge({device.id: device}, TIME_LIMITS, int(NOW.timestamp() * 1000))
    for quantity, (at, value) in case.said.items():
        for t, v in zip(at.tolist(), np.asarray(value).tolist(), strict=True):
            if t <= judge.now_ms:
                assert judge.refusal(device.id, quantity, t, v) is None
