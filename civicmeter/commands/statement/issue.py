"""`civicmeter statement issue CONTRACT YYYY-MM`."""

import getpass

import click

from civicmeter.wiring.issuing import issue
from civicmeter.wiring.pipeline import open_pipeline
from config.settings import Settings
from domain.access import name_problem
from domain.calendar import Month
from domain.errors import ConfigError


@click.command("issue")
@click.argument("contract", metavar="CONTRACT")
@click.argument("month", metavar="YYYY-MM")
@click.option("--by", "issued_by", default=None, metavar="NAME", help="Who issues; default: you.")
@click.pass_obj
def issue_command(settings: Settings, contract: str, month: str, issued_by: str | None) -> None:
    """Issue the statement of a contract's month, once all its months are closed.

    It is never changed. What a restated month comes to is settled in the next statement, by lines
    that take back and settle anew; issued again, the last month gets one of these lines alone.
    """
    name = issued_by or getpass.getuser()
    if problem := name_problem(name):
        raise ConfigError(problem)
    with open_pipeline(settings) as pipeline:
        one = issue(pipeline, contract, Month.parse(month), name)
    content = one.content
    click.echo(
        f"{one.agreement} {one.month}: statement {one.number}, payable {content['payable_cny']} CNY, "
        f"issued by {one.issued_by}, digest {one.digest[:16]}"
    )
    for restated in content["restated"]:
        click.echo(
            f"  {restated['month']} was settled to {restated['was_cny']} CNY and comes to "
            f"{restated['now_cny']} CNY"
        )
