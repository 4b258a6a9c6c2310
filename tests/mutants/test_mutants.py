"""The suite fails for every build that breaks an invariant: else it would not hold it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutants.broken import MUTANTS, Mutant
from tests.paths import ROOMS, ROOT

_NAMES = [mutant.invariant for mutant in MUTANTS]
_NEEDED = (*ROOMS, "tests", "benchmarks", "docs", "deploy")


@pytest.mark.parametrize("mutant", MUTANTS, ids=_NAMES)
def test_every_mutant_still_changes_one_place(mutant: Mutant) -> None:
    said = (ROOT / mutant.file).read_text(encoding="utf-8")
    assert said.count(mutant.right) == 1


def test_every_invariant_is_written_down() -> None:
    text = (ROOT / "docs" / "invariants.md").read_text(encoding="utf-8")
    assert len(set(_NAMES)) == len(_NAMES) >= 10
    assert [name for name in _NAMES if f"`{name}`" not in text] == []


@pytest.mark.long
@pytest.mark.parametrize("mutant", MUTANTS, ids=_NAMES)
def test_a_broken_build_is_noticed(mutant: Mutant, tmp_path: Path) -> None:
    for name in _NEEDED:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ROOT.glob("*.*"):
        if file.is_file():
            shutil.copy(file, tmp_path)
    assert run(tmp_path, mutant) == 0, "they have to pass before"
    broken = tmp_path / mutant.file
    said = broken.read_text(encoding="utf-8")
    broken.write_text(said.replace(mutant.right, mutant.wrong), encoding="utf-8")
    assert run(tmp_path, mutant) == 1


def run(folder: Path, mutant: Mutant) -> int:
    """pytest's exit code for the mutant's tests in a copy of the project."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *mutant.tests]
    own = os.environ | {"PYTHONPATH": str(folder)}
    done = subprocess.run(command, cwd=folder, env=own, capture_output=True, timeout=600)
    return done.returncode
