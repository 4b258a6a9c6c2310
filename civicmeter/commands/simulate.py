"""`civicmeter simulate`: run simulated devices; see the truth they simulated; judge by it."""

import json
import signal
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING

import click

from civicmeter.output import progress_line
from domain.errors import ConfigError

if TYPE_CHECKING:
    from simulators.scenarios import Scenario
    from simulators.sending.pace import Pace


SCENARIOS = "demo, tiny, city, province, hostile, vendor-conformance"


@click.group("simulate")
def command() -> None:
    """Run simulated devices; see the truth they simulated; judge a pipeline by it.

    The same scenario, seed, months, faults and present give the same bytes.
    """


def _scenario_options(function: Callable[..., None]) -> Callable[..., None]:
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


_truth_folder = click.option(
    "--truth",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("civicmeter-truth"),
    show_default=True,
    help="Folder for what was sent and what was true.",
)


@command.command("run", short_help="Publish a scenario over MQTT.")
@_scenario_options
@click.option("--host", default="127.0.0.1", show_default=True, help="The broker's host.")
@click.option("--port", default=1883, show_default=True, help="The broker's port.")
@click.option("--username", default="", help="At the broker, if it asks for one.")
@click.option("--password", default="", help="At the broker, if it asks for one.")
@_truth_folder
@click.option("--live/--no-live", default=False, help="Go on in real time after the backfill.")
@click.option(
    "--speed",
    type=click.FloatRange(min=0, min_open=True),
    help="With --live and a --now in the past: time passes so many times as fast.",
)
@click.option("--json-progress", is_flag=True, help="Progress as JSON lines on stdout.")
@click.option(
    "--ahead",
    type=click.IntRange(min=1),
    metavar="N",
    help="At most N messages more than a collector has dealt with; how many those are is read "
    "from stdin, a number a line.",
)
def run(
    chosen: "Scenario",
    host: str,
    port: int,
    username: str,
    password: str,
    folder: Path,
    live: bool,
    speed: float | None,
    json_progress: bool,
    ahead: int | None,
) -> None:
    """Publish a scenario over MQTT: the past as fast as the broker takes it, then live.

    What was sent and acknowledged, what is true and which faults happened is written to the
    truth folder.
    """
    from simulators.sending.pace import Pace
    from simulators.sending.publish import Publisher
    from simulators.sending.run import Run

    stop = threading.Event()
    going_live = threading.Event()
    _end_on_signals(stop, going_live)
    client_id = f"civicmeter-simulate-{chosen.name}"
    with Publisher(
        host, port, client_id=client_id, username=username, password=password
    ) as publisher:
        running = Run(chosen, publisher, folder)
        if ahead is not None:
            pace = Pace(ahead)
            threading.Thread(target=_listen, args=(pace,), daemon=True).start()
            running.hold = pace.wait
        if json_progress:
            sent = running.backfill(_json_lines())
            _say({"event": "backfilled", "sent": sent})
        else:
            with progress_line() as progress:
                sent = running.backfill(lambda done, total: progress("sent", done, total))
            click.echo(f"{sent:,} readings acknowledged; the truth is in {folder}")
        if live:
            going_live.set()
            running.live(stop, speed)


@command.command("truth", short_help="What a scenario sends and what is true, unsent.")
@_scenario_options
@_truth_folder
def truth(chosen: "Scenario", folder: Path) -> None:
    """Write what a scenario sends and what is true, without sending it; no broker needed.

    Ends with a count of the faults and a digest of all that would be sent.
    """
    from simulators.truth.unsent import write_truth

    with progress_line() as progress:
        told = write_truth(chosen, folder, lambda done, total: progress("told", done, total))
    click.echo(told.summary())
    click.echo(f"the truth is in {folder}")


@command.command("faults")
def faults() -> None:
    """Print the kinds of faults and how a fault file is written."""
    from simulators.faults import spec

    click.echo(str(spec.__doc__).replace("``", "").replace("::", ":"))
    width = max(map(len, spec.KINDS))
    for kind, what in spec.KINDS.items():
        click.echo(f"{kind:{width}}  {what.replace('`', '')}")


@command.command("mapping", short_help="The mapping a collector needs for a scenario.")
@_scenario_options
def mapping(chosen: "Scenario") -> None:
    """Print the mapping a collector needs for a scenario's foreign devices."""
    if not chosen.mapping:
        raise ConfigError(f"every device of {chosen.name} speaks the native format: none is needed")
    click.echo(chosen.mapping, nl=False)


@command.command("score", short_help="A scenario through a whole pipeline: the scorecard.")
@_scenario_options
@click.option("--json", "as_json", is_flag=True, help="The scorecard as JSON, and nothing else.")
@click.option(
    "--keep",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep truth and stores in this (empty) folder.",
)
@click.pass_context
def score(ctx: click.Context, chosen: "Scenario", as_json: bool, keep: Path | None) -> None:
    """Run a scenario through a whole embedded pipeline and judge its results by the truth.

    Broker, collector, stores and HTTP service are embedded and used for nothing else; ports are
    free ones of this machine. docs/scorecard.md says what each line means.
    """
    from civicmeter.demo.scoring import score_scenario, scorecard_lines

    if keep is not None and keep.exists() and any(keep.iterdir()):
        raise ConfigError(f"{keep} is not empty: choose another with --keep")
    asked = ctx.params
    again = [f"--months={asked['months']}"] if asked["months"] else []
    again += [f"--faults={asked['fault_file']}"] if asked["fault_file"] else []
    with tempfile.TemporaryDirectory(prefix="civicmeter-score-") as scratch, progress_line() as say:
        card = score_scenario(chosen, again, keep or Path(scratch), say)
    click.echo(json.dumps(card.as_dict(), indent=2) if as_json else scorecard_lines(card))


@command.command("judge", short_help="The scorecard of any pipeline's results.")
@_truth_folder
@click.option(
    "--results",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    required=True,
    help="Folder with stored.parquet and results.json (see simulators/truth/score.py).",
)
def judge(folder: Path, results: Path) -> None:
    """Judge what any pipeline computed by the truth; prints the scorecard as JSON."""
    from simulators.truth.score import read_results, read_truth
    from simulators.truth.score import score as scorecard

    card = scorecard(read_truth(folder), read_results(results))
    click.echo(json.dumps(card.as_dict(), indent=2))


def _instant(text: str) -> datetime:
    if not text:
        return datetime.now(UTC)
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(
            f"--now {text!r} is not a time: write it like 2026-11-23T08:00:00+08:00"
        ) from error
    if at.tzinfo is None:
        raise ConfigError(
            f"--now {text!r} has no time zone: write it like 2026-11-23T08:00:00+08:00"
        )
    return at


def _end_on_signals(stop: threading.Event, going_live: threading.Event) -> None:
    """SIGTERM or Ctrl-C ends a backfill at once and the live part in good order."""

    def asked(_signal: int, _frame: object) -> None:
        if not going_live.is_set() or stop.is_set():
            raise SystemExit(1)
        # From a thread: the main one may be inside this very event's lock.
        threading.Thread(target=stop.set).start()

    signal.signal(signal.SIGTERM, asked)
    signal.signal(signal.SIGINT, asked)


def _listen(pace: "Pace") -> None:
    """Hand on what stdin says of the collector, to its end."""
    for line in sys.stdin:
        with suppress(ValueError):
            pace.done(int(line))
    pace.end()


def _json_lines() -> Callable[[int, int], None]:
    def show(sent: int, total: int) -> None:
        _say({"event": "progress", "sent": sent, "total": total})

    return show


def _say(event: dict[str, object]) -> None:
    click.echo(json.dumps(event))
