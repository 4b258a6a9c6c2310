"""How contracts that pay fit together: one saving is paid once, one bundle has one set of terms."""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import combinations

from domain.places import Contract
from domain.registry.records import Misfit


def agreements_that_clash(contracts: Sequence[Contract]) -> Iterator[Misfit]:
    """Contracts with terms of payment that would pay for the same saving twice, or contradict
    another of their bundle."""
    paying = [c for c in contracts if c.payment_terms]
    by_place: dict[str, list[Contract]] = {}
    by_bundle: dict[str, list[Contract]] = {}
    for contract in paying:
        by_place.setdefault(contract.institution, []).append(contract)
    for contract in contracts:
        by_bundle.setdefault(contract.bundle, []).append(contract)
    for here in by_place.values():
        for first, second in combinations(here, 2):
            if what := _both_pay_for(first, second):
                reason = (
                    f"pays for {what} that contract {first.id!r} pays for as well: end one before "
                    "the other begins, or narrow one by its carriers or meters"
                )
                yield Misfit(second, "reporting_start", reason)
    for together in by_bundle.values():
        for other in together[1:]:
            if (other.form, set(other.payment_terms)) != (
                together[0].form,
                set(together[0].payment_terms),
            ):
                reason = (
                    f"has other terms of payment than {together[0].id!r} of the same bundle: one "
                    "agreement has one set of terms, give the same at all its contracts"
                )
                yield Misfit(other, "payment_terms", reason)


def _both_pay_for(first: Contract, second: Contract) -> str:
    """The carriers whose saving both count, over the same meters and days; empty: none."""
    start = max(first.reporting_start, second.reporting_start)
    end = min(first.reporting_end or date.max, second.reporting_end or date.max)
    shared = [c.value for c in first.carriers if c in second.carriers]
    apart = first.meters and second.meters and not set(first.meters) & set(second.meters)
    return "" if start >= end or apart else ", ".join(shared)
