"""`civicmeter restate`: what waits, why and how much money; refused, the signed revision stays."""

from pathlib import Path

import pytest

from civicmeter.wiring.pipeline import open_pipeline
from config.settings import Settings
from domain.registry import Registry
from tests.command_line import run
from tests.unit.civicmeter.commands.test_contract import CONTRACT, JANUARY, PLACE, _result


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """January settled to 1,500 CNY; 1,350 CNY wait."""
    folder = tmp_path / "data"
    with open_pipeline(Settings(data=folder)) as pipeline:
        pipeline.save_registry(Registry((PLACE,), (), (), (CONTRACT,)))
        pipeline.ledger.save_result(_result(JANUARY, 4_000.0))
        pipeline.ledger.close("hall", JANUARY, signed_by="Li")
    assert run("statement", "issue", "retrofit", "2025-01", "--by", "Li", "--data", folder) == 0
    with open_pipeline(Settings(data=folder)) as pipeline:
        pipeline.ledger.save_result(_result(JANUARY, 3_600.0))
    return folder


def test_what_waits_is_told_and_refused(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("restate", "2025-01", "--institution", "hall", "--data", data)
    assert run(*asked) == 0
    said = capsys.readouterr().out
    assert "avoided_energy_kwh" in said and "4,000" in said and "3,600" in said
    assert "retrofit 2025-01: 1500.00 CNY would be 1350.00 CNY (-150.00)" in said
    assert run(*asked, "--refuse", "--by", "Cao") == 2
    assert "needs its reason" in capsys.readouterr().err
    assert run(*asked, "--refuse", "--by", "Cao", "--reason", "a test") == 0
    assert "refused by Cao, revision 1 stays" in capsys.readouterr().out
    assert run(*asked) == 0
    assert "no restatement of hall 2025-01 waits" in capsys.readouterr().out
    refuse = ("statement", "refuse", "retrofit", "2025-01", "--side", "vendor", "--by", "Sun")
    assert run(*refuse, "--reason", "the price", "--data", data) == 0
    assert run("audit", "verify", "--data", data) == 0
