"""Every command's mistakes: exit code 2 and one line that says what to do."""

import socket
from importlib import import_module
from pathlib import Path

import click
import pytest

from civicmeter.cli import COMMANDS
from tests.command_line import run


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_that_help_names_is_there_and_explains_itself(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command = import_module(f"civicmeter.commands.{name}").command
    assert isinstance(command, click.Command)
    assert run(name, "--help") == 0
    assert "Usage: civicmeter " + name in capsys.readouterr().out


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["proces"], "No such command 'proces'"),
        (["process", "--wrong"], "No such option"),
        (["process", "--month", "2019-13"], "YYYY-MM"),
        (["close", "March"], "YYYY-MM"),
        (["process", "--store", "mysql://x"], "sqlite:///"),
        (["process", "--data", "/proc/nowhere"], "--data"),
        (["close", "2019-03"], "never computed"),
        (["restore", "/nowhere"], "does not exist"),
        (["demo", "--port", "eight"], "not a valid integer"),
    ],
)
def test_a_mistake_exits_with_2_and_says_what_to_do(
    args: list[str],
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(*args) == 2
    error = capsys.readouterr().err
    assert says in error
    assert "Traceback" not in error


def test_a_taken_port_is_told_before_anything_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert run("demo", "--once", "--data", str(tmp_path / "d"), "--port", str(port)) == 2
    error = capsys.readouterr().err
    assert f"port {port}" in error and "--port" in error
    assert not (tmp_path / "d").exists()


def test_a_demo_never_touches_a_folder_that_holds_something_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert run("demo", "--once", "--data", str(tmp_path), "--port", str(port)) == 2
    assert "not empty" in capsys.readouterr().err
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_a_wrong_environment_variable_refuses_to_start(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CIVICMETER_STROE", "x")
    assert run("process") == 2
    assert "CIVICMETER_STROE is not a setting" in capsys.readouterr().err
