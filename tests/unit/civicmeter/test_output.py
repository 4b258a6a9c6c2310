"""Progress and tables: plain lines for files and pipes, drawn for a terminal (a real one, a pty)."""

import os
import pty
import re
import subprocess
import sys

import pytest

from civicmeter.output import progress_line, table_text

ROWS = [("institution", "kWh"), ("东营市教育局", "1,234"), ("hall", "–")]
PROGRESS = """
from civicmeter.output import progress_line
with progress_line() as progress:
    for done in range(0, 101):
        progress("sent", done, 100)
    progress("已存", 2_000, 4_000)
print("the result")
"""
TABLE = f"""
import click
from civicmeter.output import table_text
click.echo(table_text({ROWS!r}))
"""
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def on_a_terminal(code: str, *, stream: str, columns: int = 80) -> tuple[str, str]:
    """What a program writes to `stream`, which is a terminal, and to the other one, a pipe."""
    ours, theirs = pty.openpty()
    other = "stdout" if stream == "stderr" else "stderr"
    environment = os.environ | {"TERM": "xterm", "COLUMNS": str(columns)}
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        env=environment,
        text=True,
        **{stream: theirs, other: subprocess.PIPE},  # type: ignore[call-overload]
    )
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 4096):
            shown += part
    except OSError:  # how Linux says that nobody writes to a terminal any more
        pass
    os.close(ours)
    piped = process.communicate(timeout=60)[other == "stderr"]
    assert process.returncode == 0
    return shown.decode(), piped


def test_elsewhere_progress_is_a_line_each_tenth(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_line() as progress:
        for done in range(0, 1001, 50):
            progress("sent", done, 1000)
        progress("nothing", 0, 0)
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert lines[0] == "sent: 0 of 1,000 (0%)"
    assert lines[-2:] == ["sent: 1,000 of 1,000 (100%)", "nothing: 0 of 0 (100%)"]
    assert len(lines) == 12
    assert out == ""


def test_on_a_terminal_progress_is_a_bar_for_each_thing() -> None:
    shown, piped = on_a_terminal(PROGRESS, stream="stderr")
    last = _ESCAPES.sub("", shown).replace("\r", "\n").split("\n")
    assert any("sent" in line and "100 of 100 (100%)" in line for line in last)
    assert any("已存" in line and "2,000 of 4,000 (50%)" in line for line in last)
    assert "\x1b[" in shown
    assert piped == "the result\n"


def test_elsewhere_a_table_is_plain_lines_with_wide_characters_counted_as_two() -> None:
    assert table_text(ROWS).splitlines() == [
        "institution   kWh  ",
        "东营市教育局  1,234",
        "hall          –    ",
    ]


def test_on_a_terminal_a_table_fits_its_width() -> None:
    from rich.cells import cell_len

    shown, _ = on_a_terminal(TABLE, stream="stdout", columns=16)
    lines = _ESCAPES.sub("", shown).splitlines()
    assert max(map(cell_len, lines)) <= 16
    letters = re.sub(r"[\s─]", "", "".join(lines))
    for cell in ("1,234", "hall", "–"):
        assert cell in letters
    # The name is folded between characters, none is cut in two or lost.
    assert [c for c in letters if "一" <= c <= "鿿"] == list("东营市教育局")


def test_help_loads_neither_rich_nor_pandas() -> None:
    code = (
        "import sys\nfrom civicmeter.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'rich', 'pandas', 'numpy', 'sqlalchemy', 'fastapi'} & set(sys.modules)\n"
        "sys.exit(f'loaded: {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Usage: civicmeter" in done.stdout
