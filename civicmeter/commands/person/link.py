"""`civicmeter person link LOGIN --subject TEXT --by NAME`."""

import click

from civicmeter.wiring.pipeline import open_pipeline
from config.settings import Settings
from domain.access import name_problem
from domain.audit import LOCAL
from domain.errors import ConfigError
from domain.people import plain_login


@click.command("link")
@click.argument("login", metavar="LOGIN")
@click.option(
    "--subject",
    required=True,
    metavar="TEXT",
    help="Who they are to the identity provider (its claim sub); empty: nobody.",
)
@click.option("--by", required=True, metavar="NAME", help="On whose word.")
@click.pass_obj
def link_command(settings: Settings, login: str, subject: str, by: str) -> None:
    """Say whom the identity provider knows somebody as."""
    if problem := name_problem(by):
        raise ConfigError(problem)
    login = plain_login(login)
    with open_pipeline(settings) as pipeline:
        pipeline.ledger.set_subject(login, subject.strip(), actor=LOCAL.on_word_of(by))
    click.echo(f"{login} is {subject.strip() or 'nobody'} to the identity provider")
