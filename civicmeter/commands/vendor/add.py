"""`civicmeter vendor add ID --name NAME --by NAME`."""

from datetime import UTC, datetime

import click

from civicmeter.wiring.pipeline import open_pipeline
from config.settings import Settings
from domain.access import name_problem
from domain.audit import LOCAL
from domain.errors import ConfigError
from domain.keys import Holder


@click.command("add")
@click.argument("id", metavar="ID")
@click.option("--name", required=True, help="As people call it.")
@click.option("--by", required=True, metavar="NAME", help="On whose word.")
@click.pass_obj
def add_command(settings: Settings, id: str, name: str, by: str) -> None:
    """Add a holder of keys: a vendor, an office, a program."""
    for given in (name, by):
        if problem := name_problem(given):
            raise ConfigError(problem)
    if not id.strip() or not id.isprintable() or id != id.strip():
        raise ConfigError(f"{id!r} is no id: letters, digits and dashes will do")
    with open_pipeline(settings) as pipeline:
        holder = Holder(id, name, datetime.now(UTC))
        pipeline.ledger.add_holder(holder, actor=LOCAL.on_word_of(by))
    click.echo(f"{id} is added; a key for it: civicmeter vendor issue-key {id} --by {by!r}")
