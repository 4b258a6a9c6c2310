"""The command line as tests run it: in this process, for its exit code."""

from civicmeter.cli import main


def run(*args: object) -> int:
    """The exit code of `civicmeter ARGS`."""
    try:
        main([*map(str, args)])
    except SystemExit as stop:
        return int(stop.code or 0)
    return 0
