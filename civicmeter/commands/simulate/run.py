"""`civicmeter simulate run`: publish a scenario over MQTT."""

import json
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from civicmeter.commands.simulate.scenario_options import scenario_options, truth_folder
from civicmeter.output import progress_line

if TYPE_CHECKING:
    from simulators.scenarios import Scenario
    from simulators.sending.pace import Pace


@click.command("run", short_help="Publish a scenario over MQTT.")
@scenario_options
@click.option("--host", default="127.0.0.1", show_default=True, help="The broker's host.")
@click.option("--port", default=1883, show_default=True, help="The broker's port.")
@click.option("--username", default="", help="At the broker, if it asks for one.")
@click.option("--password", default="", help="At the broker, if it asks for one.")
@truth_folder
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
def run_command(
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
