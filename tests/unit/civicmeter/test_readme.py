"""What the README tells people to type exists, in both languages alike."""

import re
import shlex
from pkgutil import iter_modules

import click
import pytest

from civicmeter.cli import COMMANDS, civicmeter
from config.settings import PREFIX, Settings
from tests.paths import ROOT

READMES = ("README.md", "README.zh.md")


def commands(name: str) -> list[str]:
    """The lines of fenced blocks that begin with `civicmeter` or `make`, without comments."""
    text = (ROOT / name).read_text(encoding="utf-8")
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    lines = [line.split("  #")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line.startswith(("civicmeter ", "make "))]


def test_both_readmes_give_the_same_commands() -> None:
    assert commands(READMES[0]) == commands(READMES[1])
    assert len(commands(READMES[0])) >= 6


@pytest.mark.parametrize("line", commands(READMES[0]))
def test_each_command_and_option_exists(line: str) -> None:
    program, *words = shlex.split(line)
    if program == "make":
        targets = (ROOT / "Makefile").read_text(encoding="utf-8")
        assert re.search(rf"^{words[0]}:", targets, re.MULTILINE)
        return
    context = click.Context(civicmeter)
    command: click.Command | None = civicmeter
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        command = command.get_command(context, words.pop(0))
    assert command is not None, line
    known = {option for parameter in command.params for option in parameter.opts}
    assert {w for w in words if w.startswith("--")} <= known


@pytest.mark.parametrize("name", READMES)
def test_each_setting_named_is_one(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    named = {n.removesuffix("_FILE").lower() for n in re.findall(rf"{PREFIX}([A-Z_]+)", text)}
    assert named and named <= set(Settings.__slots__)


@pytest.mark.parametrize("name", [*READMES, "CONTRIBUTING.md", "docs/why.md", "docs/why.zh.md"])
def test_every_file_linked_and_every_target_named_is_there(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    assert links and all((ROOT / name).parent.joinpath(link).exists() for link in links)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    named = set(re.findall(r"`make ([a-z-]+)", text))
    assert named and named <= targets


def test_every_command_is_described_in_the_table_help_shows() -> None:
    assert {m.name for m in iter_modules([str(ROOT / "civicmeter" / "commands")])} == set(COMMANDS)
