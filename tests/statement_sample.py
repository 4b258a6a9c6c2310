"""A statement as tests issue it: June's saving of a peak period, 1,000 kWh at 0.70 CNY, 60 % of it."""

from datetime import date
from decimal import Decimal

from domain.calendar import Month
from domain.contracts.issued import Draft
from domain.contracts.statement import Line, Statement

JUNE, JULY = Month(2025, 6), Month(2025, 7)
SAVING = Line(
    kind="saving",
    amount_cny=Decimal("420.00"),
    contract="retrofit",
    of="electricity",
    period="peak",
    start=date(2025, 6, 1),
    end=date(2025, 7, 1),
    quantity=Decimal("1000.000"),
    unit="kWh",
    price_cny=Decimal("0.70"),
    price_source="agreed",
    share=Decimal("0.6"),
)
STATEMENT = Statement(agreement="retrofit", month=JUNE, form="shared", year=1, lines=(SAVING,))
DRAFT = Draft(
    agreement="retrofit",
    month=JUNE,
    number=1,
    owners=("hall",),
    vendor="esco",
    form="shared",
    terms=(),
    statement=STATEMENT,
    restated=(),
    rests_on=(),
)
