"""The hostile scenario through the whole pipeline: the promises, counted."""

import json
import subprocess
import sys
from typing import Any

import pytest


@pytest.fixture(scope="module")
def card() -> dict[str, Any]:
    command = [
        sys.executable,
        "-m",
        "civicmeter",
        "simulate",
        "score",
        "--scenario",
        "hostile",
        "--months",
        "3",
        "--now",
        "2026-11-23T08:00:00+00:00",
        "--json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_no_reading_is_lost_or_doubled_or_made_up(card: dict[str, Any]) -> None:
    readings = card["readings"]
    assert readings["sent"] == readings["stored"] > 500_000
    assert readings["lost"] == readings["doubled"] == readings["strange"] == 0


def test_use_pv_and_waste_are_near_the_truth(card: dict[str, Any]) -> None:
    assert card["compared"]["use"] > 300
    assert card["use_error_pct"] <= 0.5
    assert card["pv_error_pct"] <= 0.5
    assert card["waste_error_pct"] <= 3.0


def test_the_injected_faults_are_found_and_few_others_claimed(card: dict[str, Any]) -> None:
    faults = card["faults"]
    assert faults["injected"] >= 40
    assert faults["found_pct"] >= 95.0, faults["missed"]
    assert faults["false_per_100_meter_months"] <= 2.0
