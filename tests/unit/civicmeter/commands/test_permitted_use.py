"""A statement counts no figure that may not be used for settlement."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from civicmeter.wiring import settling
from civicmeter.wiring.pipeline import open_pipeline
from config.settings import Settings
from domain.figures import Figure, MonthResult, Shares
from domain.findings import Finding
from domain.places import Term
from domain.registry import Registry
from tests.command_line import run
from tests.unit.civicmeter.commands.test_contract import CONTRACT, JANUARY, PLACE, _result

GAP = Shares.known(0.8)
SERIOUS = Finding("savings_meter_event", "serious", "retrofit")
Change = Callable[[Figure], Figure]


def _changed(result: MonthResult, change: Change) -> MonthResult:
    figures = (change(f) if f.name == "avoided_energy_kwh" else f for f in result.figures)
    return replace(result, figures=tuple(figures))


def _data(folder: Path, not_proven: str, change: Change) -> Path:
    """January saves 4,000 kWh, proven; 1,500 CNY."""
    terms = (
        *CONTRACT.payment_terms,
        Term("minimum_known_ratio", "0.5"),
        Term("not_proven", not_proven),
    )
    contract = replace(CONTRACT, payment_terms=terms)
    with open_pipeline(Settings(data=folder)) as pipeline:
        pipeline.save_registry(Registry((PLACE,), (), (), (contract,)))
        pipeline.ledger.save_result(_changed(_result(JANUARY, 4_000.0), change))
        pipeline.ledger.close("hall", JANUARY, signed_by="Li")
    return folder


@pytest.mark.parametrize("change", [{"shares": GAP}, {"findings": (SERIOUS,)}])
@pytest.mark.parametrize(
    ("not_proven", "told"),
    [
        ("point", "may not be used for settlement (too much missing or estimated"),
        ("bound", "may not be used for settlement (too much missing or estimated"),
        ("nothing", "may not be used for settlement (too much missing or estimated"),
        ("wait", "it is settled when its contract year is proven"),
    ],
)
def test_what_may_not_be_settled_does_not_count(
    change: dict[str, object],
    not_proven: str,
    told: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Proven or not, and though the contract asks for half of the days only."""
    data = _data(tmp_path, not_proven, lambda f: replace(f, **change))  # type: ignore[arg-type]
    assert run("contract", "settle", "retrofit", "2025-01", "--lang", "en", "--data", data) == 0
    said = capsys.readouterr().out
    assert "To pay: 0.00 CNY" in said
    assert told in said


def test_what_may_be_settled_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = _data(tmp_path, "wait", lambda f: replace(f, shares=Shares.known(0.9)))
    assert run("contract", "settle", "retrofit", "2025-01", "--lang", "en", "--data", data) == 0
    assert "To pay: 1500.00 CNY" in capsys.readouterr().out


def test_a_statement_is_reckoned_again_by_the_rules_of_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One from before there were any counted what was missing a fifth."""
    data = _data(tmp_path, "wait", lambda f: replace(f, shares=GAP))
    asked = ("retrofit", "2025-01", "--data", data)
    with monkeypatch.context() as before:
        before.setattr(settling, "use_rules", tuple)
        assert run("statement", "issue", *asked, "--by", "Li") == 0
    assert "payable 1500.00 CNY" in capsys.readouterr().out
    assert run("statement", "reproduce", *asked) == 0
    with open_pipeline(Settings(data=data)) as pipeline:
        (one,) = pipeline.ledger.statements()
    assert "uses" not in one.content


def test_a_statement_holds_the_rules_it_was_reckoned_by(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = _data(tmp_path, "wait", lambda f: f)
    asked = ("retrofit", "2025-01", "--data", data)
    assert run("statement", "issue", *asked, "--by", "Li") == 0
    with open_pipeline(Settings(data=data)) as pipeline:
        (one,) = pipeline.ledger.statements()
    assert [r["use"] for r in one.content["uses"]] == ["settlement"]
    monkeypatch.setattr(settling, "use_rules", tuple)
    assert run("statement", "reproduce", *asked) == 0
