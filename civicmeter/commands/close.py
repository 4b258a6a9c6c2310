"""`civicmeter close YYYY-MM`: freeze a month as a signed revision."""

from collections.abc import Mapping
from datetime import UTC, datetime

import click

from civicmeter.by import name_of
from civicmeter.wiring.pipeline import Pipeline, open_pipeline
from config.closing import CHECK_CODES
from config.settings import Settings
from domain.calendar import Month
from domain.closing import Check
from domain.errors import ConfigError
from reports.words.closing import check_sentence, todo_sentence
from store.closing import (
    Closable,
    NotClosedError,
    closable,
    close_month,
    why_not_closed,
    with_authors,
)

NAMED = 12
"""So many institutions of one reason are named, the others counted."""

NOT_PASSED = (
    "{found}; or close it all the same with {waive} and --reason WHY, which is kept beside it"
)
STOPPED = "not tried, because closing ended with the error below; run the same command again"


@click.command("close")
@click.argument("month", metavar="YYYY-MM")
@click.option("--institution", multiple=True, metavar="ID", help="Only these institutions.")
@click.option("--by", metavar="NAME", help="Who signs; default: you.")
@click.option(
    "--reason", default="", help="Why, when a closed month is restated or a check is waived."
)
@click.option(
    "--waive",
    type=click.Choice(CHECK_CODES),
    multiple=True,
    help="Let go a check that is not passed; may be repeated.",
)
@click.pass_obj
def command(
    settings: Settings,
    month: str,
    institution: tuple[str, ...],
    by: str | None,
    reason: str,
    waive: tuple[str, ...],
) -> None:
    """Freeze a month; a pending restatement of a closed one becomes its next revision.

    What can be closed is closed. What was not is named with the reason on standard error, and
    the exit code is 2 where you can do something about it: a month that runs, that could not be
    computed or was computed before it was over, one of which a check is not passed (too much
    missing, a serious finding, meters that do not balance, an adjustment that waits) and not
    waived with --waive, a restatement without --reason, or of what you entered yourself. What is
    closed already is fine; institutions never computed for the month count only when asked for by
    name. `civicmeter restate` shows what a restatement would change, and refuses it.
    """
    wanted = Month.parse(month)
    signed_by = name_of(by or None)
    if waive and not reason.strip():
        raise ConfigError("a waiver needs its reason: say why with --reason")
    with open_pipeline(settings) as pipeline:
        known = pipeline.registry.institution_by_id
        unknown = [i for i in institution if i not in known]
        if unknown:
            raise ConfigError(f"no institution {unknown[0]!r}; there are: {', '.join(known)}")
        asked = institution or tuple(known)
        found = closable(pipeline.ledger, pipeline.registry, asked, wanted, datetime.now(UTC))
        if all(one.status is None for one in found.values()):
            raise ConfigError(
                f"{month} was never computed: run `civicmeter process --month {month}`"
            )
        waived = dict.fromkeys(waive, reason)
        doubtful = {n: one for n, one in found.items() if one.is_restatement or one.blocking}
        found |= with_authors(pipeline.ledger, pipeline.registry, doubtful)
        problems = {n: why_not_closed(one, signed_by, reason, waived) for n, one in found.items()}
        reasons = {name: _told(problem) for name, problem in problems.items() if problem}
        closing = [name for name in found if name not in reasons]
        for done, name in enumerate(closing):
            try:
                _close(pipeline, found[name], signed_by, reason, waived)
            except Exception:
                _tell(_grouped(reasons | dict.fromkeys(closing[done:], STOPPED)))
                raise
        _tell_late(pipeline, wanted, set(closing))
    _tell(_grouped(reasons))
    excused = {"unchanged"} if institution else {"unchanged", "never"}
    if any(problem.code not in excused for problem in problems.values() if problem):
        raise ConfigError(f"{month} is not closed for all that were asked for: see above")


def _close(
    pipeline: Pipeline, one: Closable, by: str, reason: str, waived: Mapping[str, str]
) -> None:
    let_go = dict.fromkeys(check.code for check in one.blocking)
    now = datetime.now(UTC)
    revision = close_month(pipeline.ledger, one, by=by, reason=reason, waive=waived, now=now)
    if let_go:
        click.echo(f"{one.institution} {one.month}: waived by {by}: {', '.join(let_go)}")
    click.echo(
        f"{one.institution} {one.month}: revision {revision.number}, "
        f"signed by {revision.signed_by}, digest {revision.digest[:16]}"
    )


def _told(problem: NotClosedError) -> str:
    return _not_passed(problem.checks) if problem.checks else str(problem)


def _not_passed(left: tuple[Check, ...]) -> str:
    """What was found that keeps a month open, what to do, and how to let it go."""
    told = dict.fromkeys(f"{check_sentence(c, 'en')}: {todo_sentence(c, 'en')}" for c in left)
    codes = " ".join(f"--waive {code}" for code in dict.fromkeys(c.code for c in left))
    return NOT_PASSED.format(found="; ".join(told), waive=codes)


def _grouped(reasons: Mapping[str, str]) -> dict[str, list[str]]:
    """The institutions of each reason."""
    found: dict[str, list[str]] = {}
    for name, why in reasons.items():
        found.setdefault(why, []).append(name)
    return found


def _tell(not_closed: Mapping[str, list[str]]) -> None:
    for why, names in not_closed.items():
        shown = ", ".join(names[:NAMED])
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        click.echo(f"not closed: {shown}{more}: {why}", err=True)


def _tell_late(pipeline: Pipeline, month: Month, closed: set[str]) -> None:
    """What was signed is what was computed, and readings may have come since."""
    late = sorted(
        t.institution
        for t in pipeline.ledger.touched()
        if t.month == month and t.institution in closed
    )
    if late:
        click.echo(
            f"closed as computed: {', '.join(late)}: readings have arrived since; "
            "`civicmeter process --touched` shows whether they change it",
            err=True,
        )
