"""自发自用、余电上网: what the owner used of the roof, and the income of what it fed in."""

from typing import Literal

from domain.contracts.money import fen, quantity
from domain.contracts.statement import Line
from domain.contracts.terms import PvClause
from domain.contracts.written import PV_SELF_USE
from domain.findings import Finding
from processing.settlement.inputs import MonthInputs
from processing.settlement.prices import PriceBook


def pv_lines(
    clause: PvClause, month: MonthInputs, book: PriceBook
) -> tuple[list[Line], list[Finding]]:
    """What the owner pays for its self-use, and the vendor's part of the export's income.

    Where the grid company pays the vendor for the export, the owner's part of it is taken off.
    """
    lines: list[Line] = []
    findings = []
    for roof in month.pv:
        exported = clause.vendor_share
        if clause.export_paid_to == "vendor":
            exported -= 1
        parts: tuple[tuple[Literal["pv_self_use", "pv_export"], float | None], ...] = (
            ("pv_self_use", roof.self_use_kwh),
            ("pv_export", roof.export_kwh),
        )
        for kind, energy_kwh in parts:
            if energy_kwh is None:
                numbers = {"contract": roof.contract, "what": kind}
                findings.append(
                    Finding("settlement_pv_unknown", subject=roof.contract, numbers=numbers)
                )
                continue
            share = clause.vendor_share if kind == PV_SELF_USE else exported
            days = (month.end - month.start).days
            for start, end in book.spans(kind, month.start, month.end):
                energy = quantity(energy_kwh * (end - start).days / days)
                price, source = book.price(kind, "", start)
                lines.append(
                    Line(
                        kind=kind,
                        amount_cny=fen(energy * price * share),
                        contract=roof.contract,
                        of=kind,
                        start=start,
                        end=end,
                        quantity=energy,
                        unit="kWh",
                        price_cny=price,
                        price_source=source,
                        share=share,
                        rests_on=roof.rests_on,
                    )
                )
    return lines, findings
