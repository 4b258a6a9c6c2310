"""The replay: measured use becomes registers whose differences are that use again."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from domain.calendar import Month
from simulators.devices.block import Carry
from simulators.devices.replayed.cambridge import BEDFORD, CambridgeBuilding
from simulators.devices.replayed.pvdaq import MeasuredPv
from tests.paths import ROOT, SHARED

SHIPPED = ROOT / "simulators" / "data"
MEASURED = SHARED / "data"


def whole(site: CambridgeBuilding | MeasuredPv, device: str, column: int = 0) -> pd.Series:
    """All of a device's values of one quantity by time."""
    carry: Carry = {}
    parts = []
    month = site.first
    while site.end and month < site.end:
        for block in site.month(month, carry).blocks:
            if block.device == device:
                parts.append(pd.Series(block.values[:, column], index=block.at_ms))
        month = month.plus(1)
    return pd.concat(parts)


@pytest.mark.parametrize("building", ["b20", "b31", "b64", "b105"])
@pytest.mark.parametrize("fuel", ["electricity", "gas"])
def test_the_register_grows_by_exactly_what_was_measured(building: str, fuel: str) -> None:
    register = whole(CambridgeBuilding(building), f"cam-{building}-{fuel}")
    table = pd.read_parquet(SHIPPED / "cambridge_use.parquet")
    tenths = table[f"{building}_{fuel}"]
    assert register.index.is_monotonic_increasing and register.index.is_unique
    assert len(register) == len(tenths) + 1
    gaps = tenths.isna().to_numpy()
    assert np.array_equal(register.isna().to_numpy()[1:], gaps)  # an outage is not sent
    known = register.dropna()
    assert (known.diff().dropna() >= 0).all()
    assert known.iloc[-1] - known.iloc[0] == pytest.approx(tenths.sum() / 10, abs=0.2)


def test_each_local_month_is_a_difference_of_two_readings() -> None:
    site, carry = CambridgeBuilding("b31"), {}
    for number in range(1, 7):
        month = Month(2018, number)
        made = site.month(month, carry)
        block = next(b for b in made.blocks if b.device == "cam-b31-electricity")
        truth = next(t for t in made.truth if t.subject == "cam-b31-electricity")
        before = block.values[0, 0] if number == 1 else last  # noqa: F821
        last = block.values[-1, 0]
        assert block.at_ms[-1] == int(month.interval("Europe/London")[1].timestamp() * 1000)
        assert last - before == pytest.approx(truth.per_day.sum(), abs=0.02)


def test_the_station_belongs_to_one_building_and_serves_all() -> None:
    sites = [CambridgeBuilding("b31", with_weather=True), CambridgeBuilding("b20")]
    owners = [s.id for s in sites for d in s.devices if d.id == BEDFORD]
    assert owners == ["cam-b31"]
    assert {i.weather_device for s in sites for i in s.institutions} == {BEDFORD}
    temperature = whole(sites[0], BEDFORD)
    assert len(temperature) == 17_520
    assert -10 < temperature.min() < 0 and 30 < temperature.max() < 42


def test_a_measured_pv_year_adds_up_its_power() -> None:
    site = MeasuredPv()
    energy, power = (whole(site, "pvdaq-50-array", c) for c in (0, 1))
    watts = pd.read_parquet(SHIPPED / "pvdaq_50_power.parquet")["ac_power_w"] / 10
    assert power.notna().sum() == watts.notna().sum()
    assert energy.iloc[-1] - energy.iloc[0] == pytest.approx(watts.sum() / 4000, abs=0.01)
    assert 4000 < watts.sum() / 4000 < 6000


def test_measured_institutions_say_so_and_name_their_source() -> None:
    for site in (CambridgeBuilding("b64"), MeasuredPv()):
        (institution,) = site.institutions
        assert institution.origin == "measured"
        assert "实测" in institution.name_zh and "measured" in institution.name_en
        assert "licence" in institution.provenance or "CC-BY" in institution.provenance


@pytest.mark.long
def test_the_shipped_files_are_those_of_the_archives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not MEASURED.is_dir():
        pytest.skip("the full archives (../shared/data) are not on this machine")
    from simulators.data import build

    monkeypatch.setattr(build, "HERE", tmp_path)
    assert build.main([str(MEASURED)]) == 0
    for shipped in SHIPPED.glob("*.parquet"):
        pd.testing.assert_frame_equal(
            pd.read_parquet(shipped), pd.read_parquet(tmp_path / shipped.name)
        )


def test_the_shipped_files_are_small() -> None:
    assert sum(f.stat().st_size for f in SHIPPED.glob("*.parquet")) < 1_500_000
