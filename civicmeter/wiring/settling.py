"""An agreement settled from what the ledger has of its institutions."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from civicmeter.wiring.pipeline import Pipeline
from config.factors_tariffs import tariff_on
from config.uses import use_rules
from domain.calendar import Month
from domain.contracts.statement import SettlementError, Statement
from domain.contracts.terms import Terms
from domain.contracts.written import read_terms
from domain.errors import ConfigError
from domain.figures.uses import UseRule
from domain.places import Contract, Term
from processing.settlement.course import settle
from processing.settlement.gathering import NAMES, Standing, months_of
from processing.settlement.inputs import CarrierSaving, MonthInputs
from processing.settlement.prices import PriceBook


@dataclass(frozen=True, slots=True)
class Settled:
    """An agreement's months and what they settle to, from its first month on."""

    agreement: str
    members: Sequence[Contract]
    rows: Sequence[Term]
    terms: Terms
    uses: Sequence[UseRule]
    book: PriceBook
    standing: Mapping[tuple[str, Month], Standing]
    months: Sequence[MonthInputs]
    statements: Sequence[Statement]

    @property
    def open(self) -> set[Month]:
        """The months of which something is not closed."""
        return {month for (_, month), s in self.standing.items() if not s.revision}


def settled(
    pipeline: Pipeline,
    name: str,
    last: Month,
    form: str = "",
    proposed: Sequence[Term] = (),
) -> Settled:
    """An agreement, by the id of a contract or a bundle, up to a month; under its own terms or
    those that are proposed. Raises ConfigError where it cannot be settled, with what to do."""
    members = members_of(pipeline, name)
    one = members[0]
    if last < Month.of(one.reporting_start):
        raise ConfigError(f"{one.bundle} begins on {one.reporting_start}: ask for a later month")
    standing = _standing(pipeline, [c.institution for c in members], one, last)
    rows = proposed or one.payment_terms
    uses = [rule for rule in use_rules() if rule.use == "settlement"]
    return reckoned(pipeline, members, standing, last, form or one.form, rows, uses)


def reckoned(
    pipeline: Pipeline,
    members: Sequence[Contract],
    standing: Mapping[tuple[str, Month], Standing],
    last: Month,
    form: str,
    rows: Sequence[Term],
    uses: Sequence[UseRule],
) -> Settled:
    """An agreement's months up to `last` by what stands for them, and by the rules of what may be
    settled by (none: anything may). Raises ConfigError."""
    agreement = members[0].bundle
    terms, faults = read_terms(form, rows)
    if terms is None:
        reasons = "; ".join(f.reason for f in faults)
        raise ConfigError(
            f"{agreement} has no terms of payment it can be settled by{': ' if reasons else ''}"
            f"{reasons}: fill the registry's sheet payment_terms"
        )
    places = pipeline.registry.institution_by_id
    months = months_of(members, places, standing, last, uses)
    districts = {places[c.institution].district_code[:2] for c in members}
    if terms.prices.by_tariff and len(districts) > 1:
        raise SettlementError(
            "many_tariffs",
            f"{agreement} lies in provinces of different tariffs: agree on prices",
            agreement=agreement,
        )
    district = districts.pop()
    book = PriceBook(terms.prices, lambda day: tariff_on(district, day))
    statements = settle(agreement, terms, months, book)
    return Settled(agreement, members, rows, terms, uses, book, standing, months, statements)


def spread(found: Settled, months: int) -> tuple[Decimal, Decimal]:
    """The sum of the last months' amounts if every saving were at the lower bound of its interval,
    and at the upper one: the widest that the intervals leave, for months do not err all alike."""

    def sum_at(end: str) -> Decimal:
        moved = [replace(m, savings=tuple(_moved(s, end) for s in m.savings)) for m in found.months]
        last = settle(found.agreement, found.terms, moved, found.book)[-months:]
        return sum((s.amount_cny for s in last), Decimal(0))

    return sum_at("low"), sum_at("high")


def _moved(saving: CarrierSaving, end: str) -> CarrierSaving:
    month, year = getattr(saving, f"{end}_kwh"), getattr(saving, f"year_{end}_kwh")
    return replace(saving, saved_kwh=month, year_saved_kwh=year)


def proposed_terms(written: str) -> tuple[str, list[Term]]:
    """The form and terms that are written as TOML. Raises ConfigError for what is none."""
    try:
        data = tomllib.loads(written)
        rows = [_term(row) for row in data.get("term", ())]
    except (tomllib.TOMLDecodeError, TypeError, KeyError, AttributeError) as error:
        raise ConfigError(f"these are no terms ({error}): see docs/settlement.md") from error
    form = data.get("form", "")
    if form not in ("", "shared", "guaranteed", "entrusted", "none"):
        raise ConfigError(f"form {form!r}: it is one of shared, guaranteed, entrusted, none")
    if not rows:
        raise ConfigError("there are no terms: write a [[term]] for each, see docs/settlement.md")
    return form, rows


def _term(row: dict[str, Any]) -> Term:
    known = {"name", "value", "of", "valid_from"}
    if strange := set(row) - known:
        raise KeyError(f"no such key {sorted(strange)[0]!r}; a term has {', '.join(sorted(known))}")
    day = row.get("valid_from")
    if day is not None and (not isinstance(day, date)):
        raise TypeError(f"valid_from {day!r} is no day: write it as 2026-01-01, without quotes")
    return Term(str(row["name"]), str(row["value"]), str(row.get("of", "")), day)


def members_of(pipeline: Pipeline, name: str) -> list[Contract]:
    """The contracts of an agreement, by its id or that of one of them. Raises ConfigError."""
    contracts = pipeline.registry.contracts
    found = [c for c in contracts if c.bundle == name or c.id == name]
    found = [c for c in contracts if found and c.bundle == found[0].bundle]
    if not found:
        known = ", ".join(sorted({c.bundle for c in contracts})) or "none"
        raise ConfigError(f"no contract {name!r}: there are {known}")
    spans = {(c.reporting_start, c.reporting_end) for c in found}
    if len(spans) > 1:
        raise ConfigError(
            f"the contracts of bundle {name!r} are not in force over the same days: one agreement "
            "begins and ends once, mend their reporting_start and reporting_end"
        )
    return found


def _standing(
    pipeline: Pipeline, institutions: Sequence[str], one: Contract, last: Month
) -> dict[tuple[str, Month], Standing]:
    start, end = Month.of(one.reporting_start), last.plus(1)
    found = {}
    for institution in institutions:
        stands = {s.month: s for s in pipeline.ledger.statuses(institution, start, end)}
        for result in pipeline.ledger.results(institution, start, end, names=NAMES):
            status = stands[result.month]
            found[institution, result.month] = Standing(result, status.revision, status.digest)
    return found
