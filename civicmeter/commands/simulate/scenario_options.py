"""The options that several subcommands of `simulate` share."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path

import click

from domain.errors import ConfigError
from domain.instants import InstantError, parse_instant

SCENARIOS = "demo, tiny, city, province, hostile, vendor-conformance"


def scenario_options(function: Callable[..., None]) -> Callable[..., None]:
    """The options that say which scenario, as of when; the command gets a `Scenario`."""

    @click.option(
        "--scenario",
        "name",
        default="demo",
        metavar="NAME",
        show_default=True,
        help=f"What to simulate: {SCENARIOS}.",
    )
    @click.option(
        "--now",
        "now_text",
        default="",
        metavar="ISO",
        help="The present, up to which there are readings; default: now.",
    )
    @click.option(
        "--seed",
        default=1,
        metavar="N",
        show_default=True,
        help="Of weather, people and faults: another one, another city.",
    )
    @click.option(
        "--months",
        type=int,
        metavar="N",
        help="The last full months before the present, of scenarios whose length is free.",
    )
    @click.option(
        "--faults",
        "fault_file",
        type=click.Path(path_type=Path, dir_okay=False),
        help="TOML file of (further) faults; `civicmeter simulate faults` says how to write one.",
    )
    @wraps(function)
    def chosen(
        name: str,
        now_text: str,
        seed: int,
        months: int | None,
        fault_file: Path | None,
        **others: object,
    ) -> None:
        import pyarrow

        from simulators.faults import read_faults
        from simulators.scenarios import scenario

        # The system's own allocator keeps some 40 MB less than Arrow's pools.
        pyarrow.set_memory_pool(pyarrow.system_memory_pool())
        made = scenario(name, _instant(now_text), seed, months)
        function(made.with_faults(read_faults(fault_file)) if fault_file else made, **others)

    return chosen


truth_folder = click.option(
    "--truth",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("civicmeter-truth"),
    show_default=True,
    help="Folder for what was sent and what was true.",
)


def _instant(text: str) -> datetime:
    if not text:
        return datetime.now(UTC)
    try:
        return parse_instant(text)
    except InstantError as error:
        wrong = "has no time zone" if error.fault == "no_zone" else "is not a time"
        raise ConfigError(
            f"--now {text!r} {wrong}: write it like 2026-11-23T08:00:00+08:00"
        ) from error
