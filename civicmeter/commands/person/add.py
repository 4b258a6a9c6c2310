"""`civicmeter person add LOGIN --name NAME --holder ID --role ROLE --by NAME`."""

from datetime import UTC, datetime

import click

from civicmeter.commands.person.typed import PASSWORD_FILE, password_hash
from civicmeter.narrowing import NARROWING, require_known
from civicmeter.wiring.pipeline import open_pipeline
from config.settings import Settings
from domain.access import name_problem
from domain.audit import LOCAL
from domain.errors import ConfigError
from domain.keys import Role
from domain.people import Account, login_problem, plain_login


@click.command("add")
@click.argument("login", metavar="LOGIN")
@click.option("--name", required=True, help="By which they sign what they enter.")
@click.option(
    "--holder", required=True, metavar="ID", help="Whose they are: civicmeter vendor list."
)
@click.option("--role", type=click.Choice([r.value for r in Role]), required=True)
@NARROWING
@PASSWORD_FILE
@click.option(
    "--subject",
    default="",
    metavar="TEXT",
    help="Who they are to the identity provider (its claim sub); then no password is asked for.",
)
@click.option("--by", required=True, metavar="NAME", help="On whose word.")
@click.pass_obj
def add_command(
    settings: Settings,
    login: str,
    name: str,
    holder: str,
    role: str,
    institution: tuple[str, ...],
    contract: tuple[str, ...],
    device: tuple[str, ...],
    password_file: str | None,
    subject: str,
    by: str,
) -> None:
    """Add somebody who signs in. What they may do is what a key of the role may."""
    login = plain_login(login)
    for problem in (login_problem(login), name_problem(name), name_problem(by)):
        if problem:
            raise ConfigError(problem)
    account = Account(
        login=login,
        holder=holder,
        role=Role(role),
        person=name,
        added_at=datetime.now(UTC),
        password="" if subject and password_file is None else password_hash(login, password_file),
        subject=subject,
        institutions=frozenset(institution) or None,
        contracts=frozenset(contract) or None,
        devices=frozenset(device) or None,
    )
    with open_pipeline(settings) as pipeline:
        require_known(pipeline.ledger.registry(), account, "the person")
        pipeline.ledger.add_person(account, actor=LOCAL.on_word_of(by))
    click.echo(f"{login} ({name}) may sign in at /sign-in, as {role} of {holder}")
