"""What docs/ingest.md shows works as shown."""

import re
import shlex
from pathlib import Path

import click
import pytest

from civicmeter.cli import civicmeter
from ingest.decode import decoders
from ingest.live.router import Router
from ingest.mapping import read_mappings
from store.aside import POSTED
from tests.paths import ROOT

PAGE = (ROOT / "docs" / "ingest.md").read_text(encoding="utf-8")


def test_the_mappings_shown_are_read(tmp_path: Path) -> None:
    path = tmp_path / "mapping.toml"
    path.write_text("\n".join(re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)), encoding="utf-8")
    router = Router(read_mappings(path))
    payload = b'{"timestamp": 5, "node": "plc-1", "group": "g", "values": {"kw": 2}}'
    decoded = router.decode("neuron/x/upload", payload, 0)
    assert decoded.readings == [("b7-elec", "power_w", 5, 2000.0)]
    payload = b'{"M-17": [{"ts": 5, "values": {"kWh": 2}}]}'
    decoded = router.decode(POSTED, payload, 0)
    assert decoded.readings == [("b7-elec", "energy_import_kwh", 5, 2.0)]


def test_every_format_is_named() -> None:
    for name in decoders():
        assert f"`{name}`" in PAGE


@pytest.mark.parametrize("line", re.findall(r"^    (civicmeter .*)$", PAGE, re.MULTILINE))
def test_every_command_shown_is_there(line: str) -> None:
    words = shlex.split(line.replace("[", "").replace("]", ""))[1:]
    context = click.Context(civicmeter)
    command: click.Command = civicmeter
    while isinstance(command, click.Group):
        found = command.get_command(context, words.pop(0))
        assert found is not None
        command = found
    # Parses without running; a file that is not there is not looked at.
    command.make_context("c", words, resilient_parsing=False)
