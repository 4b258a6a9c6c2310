"""Rows of issued statements: one a statement, and one a line."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

from pydantic import Field

from api.rows.base import Row, number_field
from domain.contracts.issued import Issued
from reports.words.settlement import kind_words, lines_of

_CNY = "CNY"


class SettlementRow(Row):
    """A statement as it was issued; nothing of it ever changes but who signed."""

    agreement: str = Field(description="Contract id, or that of a bundle.")
    month: str = Field(description="Local calendar month.", examples=["2026-10"])
    number: int = Field(
        description="1 for the month's own; later ones restate earlier months only."
    )
    institutions: str = Field(description="Institutions of the agreement, by ', '.")
    vendor: str = Field(description="Contract-energy vendor.")
    form: str = Field(description="shared, guaranteed, entrusted (GB/T 24915-2020) or none.")
    contract_year: int | None = Field(None, description="1 for the first; null: restates only.")
    amount_cny: float | None = number_field("What the month itself comes to", _CNY)
    restated_cny: float = number_field("Differences of earlier months", _CNY, ...)
    payable_cny: float = number_field("To pay to the vendor; negative: to the owner", _CNY, ...)
    carried_cny: float = number_field("Left to be made up by later months, 0 or less", _CNY, ...)
    waiting_cny: float = number_field("Waits until its contract year is proven", _CNY, ...)
    issued_by: str = Field(description="Who issued it.")
    issued_at: datetime = Field(description="When, UTC.")
    signed_by_owner: str = Field("", description="Who signed for the owner; empty: nobody yet.")
    signed_by_vendor: str = Field("", description="Who signed for the vendor; empty: nobody yet.")
    signed_by_verifier: str = Field("", description="Who signed as a third party.")
    findings: str = Field("", description="Codes of what to know, by ', '; texts: /v1/findings.")
    digest: str = Field(description="SHA-256 of what was signed.")


class SettlementLineRow(Row):
    """A line of a statement: amount = quantity × price × share, to the fen, where it has a price."""

    agreement: str = Field(description="Contract id, or that of a bundle.")
    month: str = Field(description="Month of the statement.", examples=["2026-10"])
    number: int = Field(description="Number of the statement.")
    position: int = Field(description="Place in the statement, from 1.")
    kind: str = Field(description="What the line is, as a code.", examples=["saving"])
    kind_text: str = Field(description="The same in words, by `lang`.")
    of_month: str = Field("", description="The month it is about, where another than `month`.")
    contract: str = Field("", description="Contract id.")
    of: str = Field("", description="Carrier, service or other thing it is about.")
    period: str = Field("", description="Tariff period; empty: all hours.")
    start: date | None = Field(None, description="First local day.")
    end: date | None = Field(None, description="End, excluded.")
    quantity: float | None = number_field("Quantity, in `unit`", "1")
    unit: str = Field("", description="Unit of the quantity.")
    price_cny: float | None = number_field("Price of a unit", _CNY)
    price_source: str = Field("", description="`agreed`, or the dated tariff.")
    share: float | None = number_field("Share that is paid", "1")
    amount_cny: float = number_field("Amount", _CNY, ...)
    rests_on: str = Field(
        "",
        description="The figures it rests on, by '; ': institution, month, revision, name, subject.",
    )


def settlement_row(one: Issued) -> SettlementRow:
    content = one.content
    own = content["statement"]
    amount = None if own is None else Decimal(own["amount_cny"])
    payable = Decimal(content["payable_cny"])
    waiting = [] if own is None else own["waiting"]
    return SettlementRow(
        agreement=one.agreement,
        month=str(one.month),
        number=one.number,
        institutions=", ".join(content["owners"]),
        vendor=content["vendor"],
        form=content["form"],
        contract_year=None if own is None else own["year"],
        amount_cny=None if amount is None else float(amount),
        restated_cny=float(payable - (amount or Decimal(0))),
        payable_cny=float(payable),
        carried_cny=0.0 if own is None else float(own["carried_cny"]),
        waiting_cny=float(sum((Decimal(w["amount_cny"]) for w in waiting), Decimal(0))),
        issued_by=one.issued_by,
        issued_at=one.issued_at,
        **{f"signed_by_{s.side}": s.by for s in one.signatures},
        findings=", ".join(dict.fromkeys(f["code"] for f in (own or {}).get("findings", ()))),
        digest=one.digest,
    )


def line_rows(one: Issued, lang: str) -> Iterator[SettlementLineRow]:
    """A row a line; they sum to what is payable."""
    for position, line in enumerate(lines_of(one), 1):
        yield SettlementLineRow(
            agreement=one.agreement,
            month=str(one.month),
            number=one.number,
            position=position,
            kind=line.kind,
            kind_text=kind_words(line.kind, lang),
            of_month=line.month,
            contract=line.contract,
            of=line.of,
            period=line.period,
            start=date.fromisoformat(line.start) if line.start else None,
            end=date.fromisoformat(line.end) if line.end else None,
            quantity=None if line.quantity is None else float(line.quantity),
            unit=line.unit,
            price_cny=None if line.price_cny is None else float(line.price_cny),
            price_source=line.price_source,
            share=None if line.share is None else float(line.share),
            amount_cny=float(line.amount_cny),
            rests_on=line.rests_on,
        )
