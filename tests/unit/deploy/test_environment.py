"""Set-up begins afresh after a failure, and says what to do; on a tree of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.paths import ROOT


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree whose lock names a file that is not there, so that no network is asked."""
    (tmp_path / "deploy").mkdir()
    (tmp_path / "tests").mkdir()
    shutil.copy(ROOT / "deploy" / "environment.py", tmp_path / "deploy")
    (tmp_path / "requirements.lock").write_text("./not-there.whl\n")
    return tmp_path


def set_up(tree: Path, kind: str, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(tree / "deploy" / "environment.py"), kind]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=300, env={**os.environ, **env}
    )


def test_a_half_made_folder_is_made_anew_and_a_failed_step_is_named(tree: Path) -> None:
    half = tree / ".venv" / "bin"
    half.mkdir(parents=True)
    (half / "python").symlink_to(sys.executable)  # where python3-venv was missing, no pip follows
    (half / "left-over").touch()
    done = set_up(tree, "run")
    assert done.returncode == 2
    assert not (half / "left-over").exists()
    asked = subprocess.run([half / "pip", "--version"], capture_output=True, text=True)
    assert str(tree) in asked.stdout
    assert "Python packages of requirements.lock" in done.stdout and "FAILED in" in done.stdout
    assert "not-there.whl" in done.stderr and "type the same make again" in done.stderr


def test_an_environment_that_cannot_be_made_leaves_nothing(tree: Path) -> None:
    (tree / "venv.py").write_text("raise SystemExit('no room')")  # what `-m venv` finds first
    done = set_up(tree, "run", PYTHONPATH=str(tree))
    assert done.returncode == 2 and "no room" in done.stderr
    assert not (tree / ".venv").exists()


@pytest.mark.parametrize(("ci", "code"), [("true", 2), ("", 0)])
def test_a_part_that_may_not_be_installed_is_named_and_fails_in_ci(
    tree: Path, ci: str, code: int
) -> None:
    (tree / "tests" / "parts.py").write_text("print('mosquitto')")
    done = set_up(tree, "parts", CI=ci, PATH="/nowhere")  # where there is no apt-get
    assert done.returncode == code
    assert "As root, type: apt-get install mosquitto" in done.stderr
    assert ("are skipped" in done.stderr) is (code == 0)
