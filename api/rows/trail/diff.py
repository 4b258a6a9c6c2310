"""Rows of what a waiting restatement would change: why, and how much money."""

from pydantic import Field

from api.rows.base import Row
from api.rows.months import ChangeRow
from domain.contracts.issued import AmountChange


class DiffRow(ChangeRow):
    """A figure that a waiting restatement would change, and why."""

    causes: str = Field(
        description="Why, by ', ': factor, adjustment, correction, registry, program, late_readings "
        "(what is left when nothing else explains it)."
    )
    why_text: str = Field(description="The same in words, by `lang`.")


class MoneyRow(Row):
    """A statement that rests on a month, or would, and what the restatement would make of it."""

    contract: str = Field(description="The contract or bundle.")
    month: str = Field(description="The statement's month, YYYY-MM.")
    number: int = Field(description="Its number in the month; 0: none is issued yet.")
    was_cny: float = Field(description="What the month is settled to, in CNY.")
    now_cny: float = Field(description="What it would come to, in CNY.")
    change_cny: float = Field(
        description="The difference, in CNY: of an issued one it is settled in the next statement."
    )


def money_row(one: AmountChange) -> MoneyRow:
    return MoneyRow(
        contract=one.agreement,
        month=str(one.month),
        number=one.number,
        was_cny=float(one.was_cny),
        now_cny=float(one.now_cny),
        change_cny=float(one.now_cny - one.was_cny),
    )
