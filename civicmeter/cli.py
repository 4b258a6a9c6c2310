"""The command line: each command is a module of `civicmeter.commands`, loaded when called."""

import logging
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import click

from config.settings import Settings
from domain.errors import CivicmeterError, ConfigError

COMMANDS = {
    "demo": "The whole pipeline on embedded parts, with measured and simulated buildings.",
    "simulate": "Run simulated devices; see the truth they simulated.",
    "collect": "Take readings from MQTT into the store.",
    "ingest": "Try a mapping; see and replay what was kept aside.",
    "broker": "Make the access list of the MQTT broker.",
    "process": "Compute the open months.",
    "correct": "Say what a reading should have been, and why; the raw one stays.",
    "close": "Freeze a month as a signed revision.",
    "export": "Write figures, days, readings or findings as CSV or Parquet.",
    "report": "Write monthly reports as HTML, PDF or XLSX.",
    "serve": "Serve the API and the overview page.",
    "run": "Collect, process and serve in one process.",
    "statement": "Issue a contract's statement, sign it, reckon it again.",
    "savings": "Fit, explain and test baseline models.",
    "contract": "Settle a contract's month; try terms that are being negotiated.",
    "dashboards": "Build the Grafana dashboards, or push them.",
    "registry": "Check, import or export institutions, devices and contracts.",
    "vendor": "Say who may post, mend and see what, and issue their keys.",
    "person": "Say who signs in with a password, and as what; lock them out.",
    "webhooks": "Tell other systems what happened, signed.",
    "audit": "See and verify who changed what; sign where the trail ends.",
    "backup": "Copy the embedded stores while they are in use.",
    "restore": "Put a backup back.",
    "doctor": "Find the usual mistakes.",
}


class LazyCommands(click.Group):
    """Loads a command's module when it is asked for, and gives every command --store & co."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"civicmeter.commands.{cmd_name}").command
        return _with_store_options(command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        # The table above, so that --help need not import pandas.
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _with_store_options(command: click.Command) -> click.Command:
    if isinstance(command, click.Group):
        for sub in command.commands.values():
            _with_store_options(sub)
        return command
    taken = {opt for p in command.params for opt in p.opts}
    for option in _store_options():
        if not taken.intersection(option.opts):
            command.params.append(option)
    return command


def _store_options() -> list[click.Option]:
    def setter(field: str, convert: Callable[[str], object]) -> Callable[..., None]:
        def keep(ctx: click.Context, _param: click.Parameter, value: str | None) -> None:
            if value is not None:
                ctx.obj = replace(ctx.obj, **{field: convert(value)})

        return keep

    def option(
        name: str, metavar: str, convert: Callable[[str], object], text: str
    ) -> click.Option:
        keep = setter(name, convert)
        return click.Option(
            [f"--{name}"], metavar=metavar, expose_value=False, callback=keep, help=text
        )

    return [
        option("data", "DIR", Path, "Folder of the embedded stores."),
        option(
            "store", "URL", str, "Readings: sqlite:///FILE or influxdb+http://HOST:PORT/ORG/BUCKET."
        ),
        option("ledger", "URL", str, "Results: sqlite:///FILE or postgresql+psycopg://…."),
    ]


@click.command(cls=LazyCommands)
@click.version_option(package_name="civicmeter")
@click.pass_context
def civicmeter(ctx: click.Context) -> None:
    """Civicmeter: monthly figures with their evidence, for public buildings."""
    ctx.obj = Settings.from_env()


def main(args: list[str] | None = None) -> None:
    """Run the command line; a user's mistake exits with 2, a failure with 1, both in one line."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        civicmeter.main(args, prog_name="civicmeter")
    except ConfigError as error:
        click.echo(f"civicmeter: {error}", err=True)
        sys.exit(2)
    except CivicmeterError as error:
        click.echo(f"civicmeter: {error}", err=True)
        sys.exit(1)
