"""The contract years of an agreement: twelve calendar months each, from that of its first day."""

from datetime import date

from domain.calendar import Month
from domain.places import Contract


def contract_year(contract: Contract, month: Month) -> int:
    """Which year of the contract a month is in, 1 for the first; below 1 before it begins."""
    return _months_in(contract, month) // 12 + 1


def year_start(contract: Contract, month: Month) -> date:
    """The first day of the contract year a month is in, within the reporting period."""
    first = month.plus(-(_months_in(contract, month) % 12))
    return max(first.first_day, contract.reporting_start)


def is_last_of_year(contract: Contract, month: Month) -> bool:
    """Whether a month ends its contract year: the twelfth, or the last of the contract."""
    return _months_in(contract, month) % 12 == 11 or is_last(contract, month)


def is_last(contract: Contract, month: Month) -> bool:
    """Whether the reporting period ends with the month, or in it."""
    return contract.reporting_end is not None and month.end_day >= contract.reporting_end


def _months_in(contract: Contract, month: Month) -> int:
    start = contract.reporting_start
    return (month.year - start.year) * 12 + month.month - start.month
