"""`civicmeter person list`."""

import click

from civicmeter.output import table_text
from civicmeter.wiring.pipeline import open_pipeline
from config.settings import Settings
from domain.people import Account


@click.command("list")
@click.pass_obj
def list_command(settings: Settings) -> None:
    """List who signs in: as what, on what, how, and who is locked."""
    with open_pipeline(settings) as pipeline:
        people = pipeline.ledger.people()
    rows = [("login", "name", "holder", "role", "only", "signs in by", "locked")]
    rows += [_row(account) for account in people]
    click.echo(table_text(rows) if people else "nobody signs in yet: civicmeter person add …")


def _row(account: Account) -> tuple[str, str, str, str, str, str, str]:
    narrowed = (account.institutions, account.contracts, account.devices)
    only = ", ".join(sorted(one for ids in narrowed if ids is not None for one in ids)) or "all"
    ways = (("password", account.password), ("identity provider", account.subject))
    by = ", ".join(way for way, known in ways if known)
    locked = f"{account.locked_at:%Y-%m-%d}" if account.locked_at else "–"
    return (account.login, account.person, account.holder, account.role, only, by, locked)
