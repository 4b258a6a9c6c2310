"""`civicmeter simulate` says what there is to choose from."""

import tomllib

import pytest
from click.testing import CliRunner

from civicmeter.commands import simulate
from civicmeter.commands.simulate.scenario_options import SCENARIOS as SCENARIOS_SHOWN
from simulators.faults import KINDS, parse_faults
from simulators.scenarios import SCENARIOS


def test_help_names_every_scenario() -> None:
    assert set(SCENARIOS_SHOWN.split(", ")) == set(SCENARIOS)


@pytest.mark.parametrize("name", sorted(simulate.command.commands))
def test_every_command_says_what_it_does_in_a_line_that_is_not_cut(name: str) -> None:
    shown = CliRunner().invoke(simulate.command, ["--help"]).output
    (line,) = [text for text in shown.splitlines() if text.split()[:1] == [name]]
    assert not line.endswith("...")
    for option in simulate.command.commands[name].params:
        assert getattr(option, "help", ""), option.name


def test_the_kinds_of_faults_are_printed_with_an_example_that_can_be_read() -> None:
    shown = CliRunner().invoke(simulate.command, ["faults"])
    assert shown.exit_code == 0
    told = {line.split()[0] for line in shown.output.splitlines() if line.strip()}
    assert set(KINDS) <= told
    lines = [text for text in shown.output.splitlines() if text.startswith("    ")]
    (fault,) = parse_faults(tomllib.loads("\n".join(lines)), "the example")
    assert fault.kind == "spike" and fault.rate == 0.02
