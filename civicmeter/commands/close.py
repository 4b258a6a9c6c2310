"""`civicmeter close YYYY-MM`: freeze a month as a signed revision."""

from collections.abc import Mapping
from datetime import UTC, datetime

import click

from civicmeter.by import name_of
from civicmeter.wiring.pipeline import Pipeline, open_pipeline
from config.closing import CHECK_CODES, check_rules_on
from config.settings import Settings
from domain.calendar import Month, to_ms
from domain.closing import Check, Waiver
from domain.closing.checks import blocking, checks_of, is_within, waiver_problem
from domain.errors import ConfigError
from domain.figures import MonthResult
from domain.figures.comparing import is_running
from processing.quality.failures import failure_of
from reports.words.closing import check_sentence, todo_sentence
from store.ledger.port import MonthStatus

NAMED = 12
"""So many institutions of one reason are named, the others counted."""

UNCHANGED = "closed already, nothing to add"
NEVER = (
    "never computed for {month}; if they have readings, run `civicmeter process --month {month}`"
)
RUNNING = "the month is not over yet; close it later"
UNEXPLAINED = "closed and would change; say why with --reason to approve the restatement"
STALE = (
    "computed before the month was over; run `civicmeter process --month {month}`, then close it"
)
FAILED = (
    "it could not be computed, and what stands is of before ({error}); mend that, then run "
    "`civicmeter process --month {month} --institution ID` and close it"
)
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
    waived with --waive, a restatement without --reason. What is closed
    already is fine; institutions never computed for the month count only when asked for by name.
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
        statuses = {s.institution: s for s in pipeline.ledger.statuses() if s.month == wanted}
        if not any(i in statuses for i in asked):
            raise ConfigError(
                f"{month} was never computed: run `civicmeter process --month {month}`"
            )
        doubts = _doubts(pipeline, wanted)
        reasons = {
            name: _why_not(pipeline, name, statuses.get(name), wanted, reason, doubts)
            for name in asked
        }
        closing = [name for name, why in reasons.items() if not why]
        checks = _checks(pipeline, wanted, closing)
        authors = _authors(pipeline, wanted, [n for n, found in checks.items() if found and waive])
        reasons |= {
            name: waiver_problem(signed_by, authors.get(name, ())) or _not_passed(found, waive)
            for name, found in checks.items()
        }
        closing = [name for name, why in reasons.items() if not why]
        for done, name in enumerate(closing):
            try:
                _waive(pipeline, name, wanted, checks[name], waive, signed_by, reason)
                revision = pipeline.ledger.close(name, wanted, signed_by=signed_by, reason=reason)
            except Exception:
                _tell(wanted, _grouped(reasons | dict.fromkeys(closing[done:], STOPPED)))
                raise
            click.echo(
                f"{name} {month}: revision {revision.number}, "
                f"signed by {revision.signed_by}, digest {revision.digest[:16]}"
            )
        _tell_late(pipeline, wanted, set(closing))
    not_closed = _grouped(reasons)
    _tell(wanted, not_closed)
    excused = {UNCHANGED} if institution else {UNCHANGED, NEVER}
    if not_closed.keys() - excused:
        raise ConfigError(f"{month} is not closed for all that were asked for: see above")


def _why_not(
    pipeline: Pipeline,
    name: str,
    status: MonthStatus | None,
    month: Month,
    reason: str,
    doubts: Mapping[str, str],
) -> str:
    """Why an institution's month is not closed now; empty if it can be. `doubts`: of open months,
    why what stands is not to be signed."""
    if status is None:
        return NEVER
    timezone = pipeline.registry.institution_by_id[name].timezone
    if month.interval(timezone)[1] > datetime.now(UTC):
        return RUNNING
    if status.state == "restatement_pending" and not reason:
        return UNEXPLAINED
    if status.state == "closed":
        return UNCHANGED
    return doubts.get(name, "") if status.state == "open" else ""


def _doubts(pipeline: Pipeline, month: Month) -> dict[str, str]:
    """By institution, why what stands for the month is not what its readings say."""
    found = {}
    for result in pipeline.ledger.results(None, month, month.plus(1), names=(), days=False):
        error = failure_of(result)
        if error:
            found[result.institution] = FAILED.replace("{error}", error)
        elif is_running(result):
            found[result.institution] = STALE
    return found


def _checks(pipeline: Pipeline, month: Month, names: list[str]) -> dict[str, list[Check]]:
    """By institution, what of a month that is about to be closed keeps it open."""
    if not names:
        return {}
    ledger, end = pipeline.ledger, month.plus(1)
    rules = check_rules_on(month.first_day)
    standing = {r.institution: r for r in ledger.results(None, month, end, days=False)}
    waived: dict[str, set[str]] = {}
    for waiver in ledger.waivers(month=month):
        waived.setdefault(waiver.institution, set()).add(waiver.code)
    found = {}
    for name in names:
        result: MonthResult = ledger.pending(name, month) or standing[name]
        checks = checks_of(result, rules, ledger.adjustments(name))
        found[name] = blocking(checks, dict.fromkeys(waived.get(name, ()), True))
    return found


def _authors(pipeline: Pipeline, month: Month, names: list[str]) -> dict[str, set[str]]:
    """By institution, who entered corrections of the month's readings, or adjustments of it."""
    if not names:
        return {}
    ledger, places = pipeline.ledger, pipeline.registry.institution_by_id
    found = {
        name: {a.author for a in ledger.adjustments(name) if is_within(a, month)} for name in names
    }
    owner = {d.id: d.institution for d in pipeline.registry.devices}
    spans = {name: month.interval(places[name].timezone) for name in names}
    for one in ledger.corrections():
        name = owner.get(one.device, "")
        if name in spans:
            start, end = spans[name]
            if to_ms(start) <= one.at_ms < to_ms(end):
                found[name].add(one.author)
    return found


def _not_passed(found: list[Check], waive: tuple[str, ...]) -> str:
    """Why a month stays open, of what was found; empty if all of it is waived now."""
    left = [check for check in found if check.code not in waive]
    told = dict.fromkeys(f"{check_sentence(c, 'en')}: {todo_sentence(c, 'en')}" for c in left)
    codes = " ".join(f"--waive {code}" for code in dict.fromkeys(c.code for c in left))
    return NOT_PASSED.format(found="; ".join(told), waive=codes) if left else ""


def _waive(
    pipeline: Pipeline,
    name: str,
    month: Month,
    found: list[Check],
    waive: tuple[str, ...],
    by: str,
    reason: str,
) -> None:
    """Keep who let go what was found."""
    codes = dict.fromkeys(c.code for c in found if c.code in waive)
    if not codes:
        return
    at = datetime.now(UTC)
    pipeline.ledger.waive(
        Waiver(institution=name, month=month, code=code, by=by, reason=reason, at=at)
        for code in codes
    )
    click.echo(f"{name} {month}: waived by {by}: {', '.join(codes)}")


def _grouped(reasons: Mapping[str, str]) -> dict[str, list[str]]:
    """The institutions of each reason, without those that have none."""
    found: dict[str, list[str]] = {}
    for name, why in reasons.items():
        if why:
            found.setdefault(why, []).append(name)
    return found


def _tell(month: Month, not_closed: Mapping[str, list[str]]) -> None:
    for why, names in not_closed.items():
        shown = ", ".join(names[:NAMED])
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        click.echo(f"not closed: {shown}{more}: {why.replace('{month}', str(month))}", err=True)


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
