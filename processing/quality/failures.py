"""An institution that cannot be computed: told with the error, and no other one pays for it."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from domain.calendar import Month, zone_or_none
from domain.errors import CivicmeterError, ConfigError
from domain.figures import MonthResult
from domain.figures.failing import FAILED
from domain.findings import Finding
from domain.places import Institution
from domain.registry import Registry
from domain.registry.records import Record, misfits_of

log = logging.getLogger("civicmeter.processing")

_LONGEST_ERROR = 300


def require_zone(institution: Institution) -> None:
    """Raises ConfigError for an institution whose days nobody can tell."""
    if zone_or_none(institution.timezone) is None:
        raise ConfigError(f"{institution.timezone!r} is no time zone")


def told(error: Exception, registry: Registry, institution: Institution) -> str:
    """An error as a person may see it, with what the registry has wrong of the institution: that
    is the likeliest reason. Programming errors are logged with where they happened."""
    log.error("%s cannot be computed", institution.id, exc_info=error)
    text = str(error)
    if not isinstance(error, CivicmeterError):
        text = f"{type(error).__name__}: {text}" if text else type(error).__name__
    wrong = ""
    with suppress(Exception):  # what broke the computing may break this too
        wrong = next((str(m) for r in _records(registry, institution) for m in misfits_of(r)), "")
    text = f"{wrong} ({text})" if wrong else text
    return text if len(text) <= _LONGEST_ERROR else text[: _LONGEST_ERROR - 1] + "…"


def _records(registry: Registry, institution: Institution) -> Iterator[Record]:
    yield institution
    yield from registry.of_institution(institution.id)
    yield from registry.contracts_of(institution.id)


def failed(
    standing: Sequence[MonthResult], institution: Institution, month: Month, error: str
) -> MonthResult:
    """An open month that could not be computed: what stood for it (nothing, or one result), with
    the finding that says so."""
    finding = Finding(FAILED, "serious", institution.id, {"error": error})
    empty = MonthResult(institution=institution.id, month=month, figures=())
    before = standing[0] if standing else empty
    others = tuple(f for f in before.findings if f.code != FAILED)
    return replace(before, findings=(finding, *others))


def months_to_tell(
    closed: Mapping[Month, bool], months: Sequence[Month] | None, this_month: Month
) -> list[Month]:
    """Where it is told that an institution cannot be computed: in the asked months that have begun
    and are open, without such in this month, if that is not closed. `closed`: of each month
    computed before, whether it is."""
    wanted = closed if months is None else [m for m in months if m <= this_month]
    return [m for m in wanted if not closed.get(m)] or (
        [] if closed.get(this_month) else [this_month]
    )
